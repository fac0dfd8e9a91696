import { beforeAll, expect, test } from 'vitest';
import { EMPTY_CATALOG } from '../conformance/engine.ts';
import { KustoError } from '../types.ts';
import { compileQuery } from './compile.ts';
import { nearestTo } from './nearest.ts';

// The parser's first query takes seconds.
beforeAll(() => void compileQuery('print 1', EMPTY_CATALOG, { now: new Date(0) }), 60_000);

const refusal = (query: string): { code: string; message: string } => {
  try {
    compileQuery(query, EMPTY_CATALOG, { now: new Date(0) });
  } catch (error) {
    if (error instanceof KustoError) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error(`${query} was not refused`);
};

test.each([
  ['print a = 1 | make-graph a --> a', 'nearest supported: join'],
  ['print 1 | evaluate autocluster()', 'nearest supported: summarize'],
  ['print a = 1 | fork (count)', 'nearest supported: one query for each part'],
  ['print geo_point_to_h3cell(1.0, 2.0)', 'nearest supported: the mathematical functions'],
  ['print a = 1 | summarize percentile(a, -5)', 'a percentile is 0 to 100, not -5'],
  ['print a = 1 | summarize percentilew(a, a, 101)', 'a percentile is 0 to 100, not 101'],
  ['print a = 1 | summarize dcount(a, 9)', 'the accuracy is a constant 0 to 4'],
  ['print a = 1 | summarize make_list(a, -1)', 'a constant size of 1 or more'],
  ['print d = dynamic([1]) | mv-expand d limit -1', 'a limit that is no constant of 0 or more'],
  ['print a = 1 | make-series count() default="x" on a step 1', 'nearest supported: a number'],
  ['print a = 1 | make-series max(1h) on a step 1', 'nearest supported: make-series of a number'],
  ['print a = 1 | project-rename b = a, c = a', 'renaming a twice'],
  ['print round(1.5, 99)', 'more than 15 digits'],
])('%s is refused with what to use instead, and with its place', (query, hint) => {
  expect(refusal(query)).toMatchObject({ code: 'UNSUPPORTED', message: expect.stringContaining(hint) as string });
  expect(refusal(query).message).toMatch(/\[line:position=1:\d+\]$/);
});

test('a function without a substitute of its own gets the most alike name, or none', () => {
  expect(nearestTo('function series_fit_liner()')).toContain('series_fit_line()');
  expect(nearestTo('function zzzzzzzzzzzz()')).toBe('');
});

test.each([
  ['print 1 +', 'SYN', 'SYN0002', '1:10'],
  ['Nope | whre x', 'SYN', 'SYN0002', '1:8'],
  ['Nope | count', 'SEM', 'SEM0100', '1:1'],
  ['print 1\n| where b > 1', 'SEM', 'SEM0100', '2:9'],
  ['print frobnicate(1)', 'SEM', 'SEM0260', '1:7'],
])(
  '%j: %s with Kusto’s number %s at %s; what cannot be read comes before what is not known',
  (query, code, number, place) => {
    const { message, code: given } = refusal(query);
    expect(given).toBe(code);
    expect(message).toMatch(new RegExp(`^(?:Syntax|Semantic) error: ${number}: .*\\[line:position=${place}\\]$`));
  },
);
