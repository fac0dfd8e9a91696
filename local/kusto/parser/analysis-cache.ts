// Binding a query through a chain of stored functions costs 100 ms to over a second, and dashboards ask the same query with
// other times again and again. So datetime literals are replaced by markers before parsing, the bound tree is kept, and
// the literals' values are put back while it is translated.

import type { Catalog } from '../types.ts';
import { parseDatetime } from '../sql/literals.ts';
import { analyze } from './analyze.ts';
import type { Code } from './language.ts';

/** Ends in a fraction that no written query has by accident; the number of the literal follows. */
const MARKER = /^0001-01-01T00:00:00\.9870(\d{3})Z$/;
const marker = (index: number): string => `datetime(0001-01-01T00:00:00.9870${String(index).padStart(3, '0')}Z)`;

const LITERAL =
  /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|\/\/[^\n]*|@"[^"]*"|@'[^']*'|\bdatetime\(\s*([0-9][0-9T:.Z+\- ]*?)\s*\)/g;

const MOST_TREES = 100;
const trees = new WeakMap<Catalog, Map<string, Code>>();

export interface Analysis {
  readonly code: Code;
  /** Texts of the datetime literals, by number of their marker. */
  readonly times: readonly string[];
}

/** The text with markers for its datetime literals. Text in quotes and comments stays as it is. */
export function withMarkers(text: string): { text: string; times: string[] } {
  const times: string[] = [];
  // Verbatim and multi-line texts have quoting rules of their own: such queries are left alone.
  if (text.includes('@') || text.includes('```') || text.includes('9870')) return { text, times };
  const marked = text.replace(LITERAL, (whole, time: string | undefined) => {
    if (time === undefined || times.length > 900 || parseDatetime(time) === undefined) return whole;
    times.push(time);
    return marker(times.length - 1);
  });
  return { text: marked, times };
}

/** What a datetime literal's text stands for: the value of its marker, or itself. */
export function timeOf(inner: string, times: readonly string[]): string {
  const index = MARKER.exec(inner)?.[1];
  return index === undefined ? inner : (times[Number(index)] ?? inner);
}

/** The bound tree, from the cache when only times differ; throws as `analyze` does, with places in the given text. */
export function analyzeCached(text: string, catalog: Catalog): Analysis {
  const marked = withMarkers(text);
  let known = trees.get(catalog);
  if (!known) trees.set(catalog, (known = new Map()));
  let code = known.get(marked.text);
  if (code) known.delete(marked.text);
  else {
    try {
      code = analyze(marked.text, catalog);
    } catch (error) {
      if (marked.times.length === 0) throw error;
      return { code: analyze(text, catalog), times: [] };
    }
  }
  known.set(marked.text, code);
  if (known.size > MOST_TREES) known.delete(known.keys().next().value as string);
  return { code, times: marked.times };
}
