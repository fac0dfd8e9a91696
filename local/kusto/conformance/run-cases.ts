// Runs recorded cases in this process and prints what passed, what was refused and what is wrong.
// node local/kusto/conformance/run-cases.ts [--cases FILE] [--topic T] [--id ID] [--show]

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { parseExact, type RecordedCase } from './compare.ts';
import { judge, openEngine, type Verdict } from './engine.ts';
import { compileQuery } from '../plan/compile.ts';
import { EMPTY_CATALOG } from './engine.ts';

/** Where the recordings lie when they are beside the repository. */
export const SHARED_CASES = join(import.meta.dirname, '../../../../shared/kusto-cases/cases.json');

/** Cases of a file of recordings. */
export function readCases(file: string): RecordedCase[] {
  return (parseExact(readFileSync(file, 'utf8')) as { cases: RecordedCase[] }).cases;
}

function sqlOf(query: string): string {
  try {
    return compileQuery(query, EMPTY_CATALOG, { now: new Date() }).sql;
  } catch {
    return '';
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      cases: { type: 'string' },
      topic: { type: 'string' },
      id: { type: 'string' },
      show: { type: 'boolean' },
    },
  });
  const file = values.cases ?? SHARED_CASES;
  if (!existsSync(file)) throw new Error(`no cases at ${file}`);
  const cases = readCases(file).filter(
    (item) => (!values.topic || item.topic === values.topic) && (!values.id || item.id === values.id),
  );
  const connection = await openEngine();
  const counts: Record<Verdict['status'], number> = { passed: 0, wrong: 0, refused: 0 };
  for (const recorded of cases) {
    const verdict = await judge(connection, recorded);
    counts[verdict.status] += 1;
    if (verdict.status === 'passed') continue;
    console.log(`${verdict.status.padEnd(8)} ${recorded.id}: ${verdict.reason}`);
    if (values.show) console.log(`${recorded.query}\n${sqlOf(recorded.query)}\n`);
  }
  console.log(`${cases.length} cases: ${counts.passed} passed, ${counts.wrong} wrong, ${counts.refused} refused`);
  if (counts.wrong > 0) process.exitCode = 1;
}

if (process.argv[1] === import.meta.filename) await main();
