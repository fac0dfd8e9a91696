import { analyze } from './analyze.ts';

/**
 * Builds the grammar, which is made lazily and costs about two seconds of CPU at the first query.
 * Call it at start, before the first client asks.
 */
export function warmUp(): void {
  analyze('range x from 1 to 3 step 1 | where x > 1 | summarize count() by bin(x, 2)', {
    database: 'warm',
    version: 0,
    tables: [],
    functions: [],
  });
}
