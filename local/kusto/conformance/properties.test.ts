import type { DuckDBConnection } from '@duckdb/node-api';
import * as fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { answer, openEngine } from './engine.ts';

let connection: DuckDBConnection;

beforeAll(async () => {
  connection = await openEngine();
}, 60_000);

const rowsOf = async (query: string): Promise<unknown[][]> =>
  (await answer(connection, query)).rows.map((row) => JSON.parse(row) as unknown[]);

type Truth = boolean | null;
const TRUTHS: readonly Truth[] = [true, false, null];
const literal = (value: Truth): string => (value === null ? 'bool(null)' : String(value));
const and = (a: Truth, b: Truth): Truth =>
  a === false || b === false ? false : a === null || b === null ? null : true;
const or = (a: Truth, b: Truth): Truth => (a === true || b === true ? true : a === null || b === null ? null : false);

describe('null logic', () => {
  test(
    'and, or, not follow the three-valued truth table, for constants and for columns',
    { timeout: 30_000 },
    async () => {
      const pairs = TRUTHS.flatMap((a) => TRUTHS.map((b) => [a, b] as const));
      const values = pairs.map(([a, b]) => `${literal(a)}, ${literal(b)}`).join(', ');
      const rows = await rowsOf(`datatable(a:bool, b:bool)[${values}] | extend x = a and b, y = a or b, z = not(a)`);
      expect(rows).toEqual(pairs.map(([a, b]) => [a, b, and(a, b), or(a, b), a === null ? null : !a]));
    },
  );

  test('comparison: == and != are null only when both sides are, the others when one is; where takes null for false', async () => {
    const values = [1, 2, null];
    const pairs = values.flatMap((a) => values.map((b) => [a, b] as const));
    const text = (value: number | null): string => (value === null ? 'long(null)' : String(value));
    const table = `datatable(a:long, b:long)[${pairs.map(([a, b]) => `${text(a)}, ${text(b)}`).join(', ')}]`;
    const rows = await rowsOf(`${table} | project e = a == b, n = a != b, l = a < b`);
    const equal = (a: number | null, b: number | null): Truth => (a === null && b === null ? null : a === b);
    const expected = pairs.map(([a, b]) => {
      const e = equal(a, b);
      return [e, e === null ? null : !e, a === null || b === null ? null : a < b];
    });
    expect(rows).toEqual(expected);
    for (const [condition, index] of [
      ['a == b', 0],
      ['a != b', 1],
      ['a < b', 2],
      ['not(a == b)', 1],
    ] as const) {
      const kept = await rowsOf(`${table} | where ${condition} | count`);
      expect(kept, condition).toEqual([[expected.filter((row) => row[index] === true).length]]);
    }
  });
});

describe('bin', () => {
  test('is the largest multiple that is not above, also for negative numbers and datetimes', async () => {
    const pair = fc.tuple(fc.integer({ min: -1_000_000, max: 1_000_000 }), fc.integer({ min: 1, max: 5000 }));
    await fc.assert(
      fc.asyncProperty(fc.array(pair, { minLength: 1, maxLength: 30 }), async (pairs) => {
        const cells = pairs.map(([x, step]) => `${x}, ${step}`).join(', ');
        const rows = await rowsOf(
          `datatable(x:long, s:long)[${cells}] | project bin(x, s), bin(x * 1.0, s * 1.0), bin(x, 7)`,
        );
        expect(rows).toEqual(
          pairs.map(([x, step]) => {
            const expected = Math.floor(x / step) * step + 0;
            return [expected, expected, Math.floor(x / 7) * 7 + 0];
          }),
        );
      }),
      { numRuns: 25 },
    );
  });
});

describe('make-series', () => {
  const point = fc.record({
    at: fc.integer({ min: -5, max: 45 }),
    group: fc.constantFrom('a', 'b', 'c'),
    value: fc.integer({ min: -9, max: 9 }),
  });

  test('equals a naive reference: bins from the start, end exclusive, defaults in the gaps', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(point, { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 9 }),
        async (points, step) => {
          const cells = points.map((p) => `datetime(2024-01-02) + ${p.at}m, "${p.group}", ${p.value}`).join(', ');
          const rows = await rowsOf(
            `datatable(m:timespan, g:string, v:long)[${points.map((p) => `${p.at}m, "${p.group}", ${p.value}`).join(', ')}]
           | extend t = datetime(2024-01-02) + m
           | make-series s=sum(v) default=-1, n=count() on t from datetime(2024-01-02) to datetime(2024-01-02) + 40m step ${step}m by g
           | project g, s, n, bins=array_length(t) | sort by g asc`,
          );
          const bins = Math.ceil(40 / step);
          const expected = ['a', 'b', 'c'].flatMap((group) => {
            const own = points.filter((p) => p.group === group && p.at >= 0 && p.at < 40);
            if (own.length === 0) return [];
            const inBin = (bin: number): number[] =>
              own.filter((p) => Math.floor(p.at / step) === bin).map((p) => p.value);
            const all = Array.from({ length: bins }, (_, bin) => inBin(bin));
            return [
              [
                group,
                all.map((v) => (v.length === 0 ? -1 : v.reduce((x, y) => x + y, 0))),
                all.map((v) => v.length),
                bins,
              ],
            ];
          });
          expect(rows, cells).toEqual(expected);
        },
      ),
      { numRuns: 25 },
    );
  });
});

describe('series_decompose_anomalies', () => {
  const base = Array.from(
    { length: 96 },
    (_, i) => 50 + 10 * Math.sin((2 * Math.PI * i) / 24) + ((i * 7919) % 13) / 13,
  );
  const flags = async (values: readonly number[]): Promise<unknown> =>
    (
      await rowsOf(
        `print x = dynamic([${values.map((v) => v.toFixed(9)).join(',')}]) | extend (f, s, b) = series_decompose_anomalies(x, 2.5, 24) | project f`,
      )
    )[0]?.[0];

  test('flags do not change when the series is scaled or shifted, and an injected spike is found', async () => {
    const plain = await flags(base);
    expect(await flags(base.map((v) => v * 8))).toEqual(plain);
    expect(await flags(base.map((v) => v + 1000))).toEqual(plain);
    const spiked = (await flags(base.map((v, i) => (i === 60 ? v + 100 : v)))) as number[];
    expect(spiked[60]).toBe(1);
  });
});
