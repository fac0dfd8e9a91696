// Random tables against plain TypeScript that says the same in the naive way.
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

type Cell = number | string | null;
const written = (value: Cell): string => (value === null ? 'long(null)' : JSON.stringify(value));
const table = (schema: string, rows: readonly (readonly Cell[])[]): string =>
  `datatable(${schema})[${rows.map((row) => row.map(written).join(', ')).join(', ')}]`;

const RUNS = { numRuns: process.env['FRAMEWATCH_HEAVY'] === '1' ? 300 : 10 };
/** Mostly the compiler's first sight of each query; a heavy run takes minutes. */
const TIMEOUT = { timeout: process.env['FRAMEWATCH_HEAVY'] === '1' ? 600_000 : 60_000 };
const number = fc.option(fc.integer({ min: -50, max: 50 }), { nil: null, freq: 4 });
const group = fc.constantFrom('a', 'b', 'B', '');
const asText = (rows: readonly unknown[]): string[] => rows.map((row) => JSON.stringify(row)).sort();

describe('summarize', () => {
  const present = (values: readonly (number | null)[]): number[] =>
    values.filter((v) => v !== null).sort((x, y) => x - y);
  const sumOf = (values: readonly number[]): number => values.reduce((x, y) => x + y, 0);
  /** The smallest value that at least so many percent of all do not exceed. */
  const nearestRank = (sorted: readonly number[], percent: number): number | null =>
    sorted[Math.max(Math.ceil((percent / 100) * sorted.length), 1) - 1] ?? null;

  function expected(values: readonly (number | null)[]): unknown[] {
    const known = present(values);
    const mean = sumOf(known) / known.length;
    const squares = sumOf(known.map((v) => (v - mean) ** 2));
    return [
      values.length,
      values.filter((v) => v !== null && v > 0).length,
      sumOf(known),
      known.length === 0 ? 'NaN' : mean,
      known[0] ?? null,
      known.at(-1) ?? null,
      new Set(known).size,
      known,
      known.length < 2 ? 0 : squares / (known.length - 1),
      nearestRank(known, 50),
      nearestRank(known, 95),
      nearestRank(known, 0),
    ];
  }
  const AGGREGATES =
    'count(), countif(v > 0), sum(v), avg(v), min(v), max(v), dcount(v), array_sort_asc(make_list(v)), variance(v), percentile(v, 50), percentile(v, 95), percentile(v, 0)';

  const close = (rows: readonly unknown[]): unknown[] =>
    rows.map((row) =>
      (row as unknown[]).map((cell) => (typeof cell === 'number' ? Number(cell.toFixed(6)) + 0 : cell)),
    );

  test(
    'counts, sums, extremes, percentiles and lists with nulls, by groups and over all, of no rows too',
    TIMEOUT,
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(fc.tuple(group, number), { maxLength: 25 }), async (rows) => {
          const source = table('g:string, v:long', rows);
          const all = await rowsOf(`${source} | summarize ${AGGREGATES}`);
          expect(close(all)).toEqual(close([expected(rows.map(([, v]) => v))]));
          const groups = [...new Set(rows.map(([g]) => g))].sort((x, y) => (x < y ? -1 : 1));
          const by = await rowsOf(`${source} | summarize ${AGGREGATES} by g | sort by g asc | project-reorder g`);
          expect(close(by)).toEqual(
            close(groups.map((g) => [g, ...expected(rows.filter((row) => row[0] === g).map(([, v]) => v))])),
          );
        }),
        RUNS,
      );
    },
  );

  test('arg_max and arg_min give a row that has the extreme, of rows with one at all', TIMEOUT, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(group, number), { minLength: 1, maxLength: 15 }), async (rows) => {
        const [row] = await rowsOf(`${table('g:string, v:long', rows)} | summarize arg_max(v, g), arg_min(v, g)`);
        const known = present(rows.map(([, v]) => v));
        const [top, topGroup, low, lowGroup] = row as [number | null, string, number | null, string];
        expect([top, low]).toEqual([known.at(-1) ?? null, known[0] ?? null]);
        expect(rows.some(([g, v]) => g === topGroup && v === top)).toBe(true);
        expect(rows.some(([g, v]) => g === lowGroup && v === low)).toBe(true);
      }),
      RUNS,
    );
  });
});

describe('join', () => {
  const row = fc.tuple(fc.option(fc.integer({ min: 1, max: 4 }), { nil: null, freq: 3 }), fc.integer({ max: 99 }));
  type Row = readonly [number | null, number];

  /** Null keys meet null keys. */
  function reference(kind: string, left: readonly Row[], right: readonly Row[]): unknown[][] {
    const meets = (a: Row, b: Row): boolean => a[0] === b[0];
    const pairs = left.flatMap((a) => right.filter((b) => meets(a, b)).map((b) => [...a, ...b]));
    const leftOnly = left.filter((a) => !right.some((b) => meets(a, b)));
    const rightOnly = right.filter((b) => !left.some((a) => meets(a, b)));
    switch (kind) {
      case 'inner':
        return pairs;
      case 'leftouter':
        return [...pairs, ...leftOnly.map((a) => [...a, null, null])];
      case 'rightouter':
        return [...pairs, ...rightOnly.map((b) => [null, null, ...b])];
      case 'fullouter':
        return [...pairs, ...leftOnly.map((a) => [...a, null, null]), ...rightOnly.map((b) => [null, null, ...b])];
      case 'leftsemi':
        return left.filter((a) => right.some((b) => meets(a, b))).map((a) => [...a]);
      case 'leftanti':
        return leftOnly.map((a) => [...a]);
      case 'rightsemi':
        return right.filter((b) => left.some((a) => meets(a, b))).map((b) => [...b]);
      default:
        return rightOnly.map((b) => [...b]);
    }
  }

  test('every kind equals two nested loops', TIMEOUT, async () => {
    const kinds = ['inner', 'leftouter', 'rightouter', 'fullouter', 'leftsemi', 'leftanti', 'rightsemi', 'rightanti'];
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 8 }), fc.array(row, { maxLength: 8 }), async (left, right) => {
        for (const kind of kinds) {
          const rows = await rowsOf(
            `${table('k:long, l:long', left)} | join kind=${kind} (${table('k:long, r:long', right)}) on k`,
          );
          expect(asText(rows), kind).toEqual(asText(reference(kind, left, right)));
        }
        const unique = await rowsOf(`${table('k:long, l:long', left)} | join (${table('k:long, r:long', right)}) on k`);
        const keys = new Set(left.map(([k]) => k));
        expect(unique).toHaveLength(right.filter(([k]) => keys.has(k)).length);
        for (const [k, l] of unique) expect(left).toContainEqual([k, l]);
      }),
      RUNS,
    );
  });
});

describe('sort and window functions', () => {
  test(
    'sort puts nulls last in falling and first in rising order, top takes the first rows of it',
    TIMEOUT,
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(number, { maxLength: 15 }), fc.integer({ max: 9, min: 1 }), async (values, n) => {
          const source = table(
            'v:long',
            values.map((v) => [v]),
          );
          const known = values.filter((v) => v !== null).sort((x, y) => x - y);
          const nulls = values.filter((v) => v === null);
          const orders: readonly [string, (number | null)[]][] = [
            ['v', [...known.toReversed(), ...nulls]],
            ['v asc', [...nulls, ...known]],
            ['v asc nulls last', [...known, ...nulls]],
            ['v desc nulls first', [...nulls, ...known.toReversed()]],
          ];
          for (const [by, expected] of orders) {
            expect(await rowsOf(`${source} | sort by ${by}`), by).toEqual(expected.map((v) => [v]));
            expect(await rowsOf(`${source} | top ${n} by ${by}`), by).toEqual(expected.slice(0, n).map((v) => [v]));
          }
        }),
        RUNS,
      );
    },
  );

  test('prev, next, row_number, row_cumsum and the ranks equal a walk over the rows', TIMEOUT, async () => {
    const row = fc.tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: -3, max: 3 }));
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 12 }), fc.integer({ min: 1, max: 3 }), async (rows, offset) => {
        const numbered = rows.map(([g, v], i) => [i, g, v] as const).sort((a, b) => a[1] - b[1] || a[0] - b[0]);
        const result = await rowsOf(
          `${table('i:long, g:long, v:long', numbered)} | sort by g asc, i asc
          | project p = prev(v, ${offset}), q = next(v, ${offset}, -99), r = row_number(5), s = row_number(1, g != prev(g)), c = row_cumsum(v), d = row_cumsum(v, g != prev(g)), k = row_rank_dense(g), m = row_rank_min(g)`,
        );
        const walked = numbered.map(([, g, v], i) => {
          const start = numbered.findIndex((other) => other[1] === g);
          const sum = (from: number): number => numbered.slice(from, i + 1).reduce((x, other) => x + other[2], 0);
          return [
            numbered[i - offset]?.[2] ?? null,
            numbered[i + offset]?.[2] ?? -99,
            5 + i,
            i - start + 1,
            sum(0),
            sum(start),
            new Set(numbered.slice(0, i + 1).map((other) => other[1])).size,
            start + 1,
            v,
          ].slice(0, 8);
        });
        expect(result).toEqual(walked);
      }),
      RUNS,
    );
  });
});

describe('text', () => {
  const words = fc.array(fc.constantFrom('ab', 'AB', 'a', 'abc', 'x1', 'ü', '_', '-', ' ', '.', '/', 'Ab_c'), {
    maxLength: 6,
  });
  const text = words.map((parts) => parts.join(''));
  const needle = fc.constantFrom('ab', 'AB', 'abc', 'x1', 'a', 'b_c');

  /** Letters, digits and signs beyond ASCII hold together; everything else, `_` too, parts terms. */
  const terms = (value: string): string[] => value.split(/[^\p{L}\p{N}]+/u).filter((term) => term !== '');

  test('has, hasprefix, hassuffix, contains, startswith and endswith with and without case', TIMEOUT, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(text, { minLength: 1, maxLength: 10 }), needle, async (texts, sought) => {
        const simple = terms(sought).length === 1 && terms(sought)[0] === sought;
        const columns = ['contains', 'startswith', 'endswith', ...(simple ? ['has', 'hasprefix', 'hassuffix'] : [])];
        const rows = await rowsOf(
          `${table(
            's:string',
            texts.map((value) => [value]),
          )} | project ${columns.flatMap((o) => [`s ${o} "${sought}"`, `s ${o}_cs "${sought}"`]).join(', ')}`,
        );
        const tests: Record<string, (a: string, b: string) => boolean> = {
          contains: (a, b) => a.includes(b),
          startswith: (a, b) => a.startsWith(b),
          endswith: (a, b) => a.endsWith(b),
          has: (a, b) => terms(a).includes(b),
          hasprefix: (a, b) => terms(a).some((term) => term.startsWith(b)),
          hassuffix: (a, b) => terms(a).some((term) => term.endsWith(b)),
        };
        expect(rows, JSON.stringify(texts)).toEqual(
          texts.map((value) =>
            columns.flatMap((o) => [tests[o]?.(value.toLowerCase(), sought.toLowerCase()), tests[o]?.(value, sought)]),
          ),
        );
      }),
      RUNS,
    );
  });

  test('substring, indexof, split, replace_string and strcat_array equal their JavaScript words', TIMEOUT, async () => {
    await fc.assert(
      fc.asyncProperty(text, fc.nat(8), fc.nat(5), async (value, start, length) => {
        const [row] = await rowsOf(
          `${table('s:string', [[value]])} | project substring(s, ${start}, ${length}), indexof(s, "b"), split(s, "a"), replace_string(s, "ab", "<>"), strcat_array(split(s, "b"), "b"), strlen(s), reverse(s), countof(s, "a")`,
        );
        const signs = Array.from(value);
        expect(row).toEqual([
          signs.slice(start, start + length).join(''),
          value.indexOf('b'),
          value.split('a'),
          value.replaceAll('ab', '<>'),
          value,
          signs.length,
          signs.toReversed().join(''),
          value.split('a').length - 1,
        ]);
      }),
      RUNS,
    );
  });
});

describe('arrays', () => {
  const array = fc.array(fc.option(fc.integer({ min: 0, max: 9 }), { nil: null, freq: 6 }), { maxLength: 8 });
  const place = fc.integer({ min: -10, max: 10 });

  test('slices, shifts, turns, sorts, sets and mv-expand equal plain loops', TIMEOUT, async () => {
    const at = (n: number, size: number): number => (n < 0 ? n + size : n);
    await fc.assert(
      fc.asyncProperty(array, place, place, async (values, a, b) => {
        const size = values.length;
        const json = JSON.stringify(values);
        const [row] = await rowsOf(
          `print x = dynamic(${json}) | project array_slice(x, ${a}, ${b}), array_rotate_left(x, ${a}), array_rotate_right(x, ${a}), array_shift_left(x, ${a}), array_shift_right(x, ${a}, 7), array_length(x), array_reverse(x), array_index_of(x, 3), array_concat(x, dynamic([1])), array_sort_asc(x), array_sort_desc(x)`,
        );
        const turned = (by: number): unknown[] =>
          values.map((_, i) => values[(((i + by) % size) + size) % size] as number | null);
        const shifted = (by: number, fill: number | null): unknown[] =>
          values.map((_, i) => (i + by >= 0 && i + by < size ? (values[i + by] as number | null) : fill));
        const [from, to] = [Math.max(at(a, size), 0), Math.min(at(b, size), size - 1)];
        const known = values.filter((v) => v !== null).sort((x, y) => x - y);
        const nulls = values.filter((v) => v === null);
        expect(row, json).toEqual([
          values.slice(from, Math.max(to + 1, from)),
          turned(a),
          turned(-a),
          shifted(a, null),
          shifted(-a, 7),
          size,
          values.toReversed(),
          values.indexOf(3),
          [...values, 1],
          [...known, ...nulls],
          [...known.toReversed(), ...nulls],
        ]);
        const expanded = await rowsOf(
          `print x = dynamic(${json}), y = 1 | mv-expand with_itemindex=i x to typeof(long) | project i, x, y`,
        );
        expect(expanded).toEqual(size === 0 ? [] : values.map((v, i) => [i, v, 1]));
      }),
      RUNS,
    );
  });
});

describe('time', () => {
  const DAY = 86_400_000;
  const instant = fc.integer({ min: Date.UTC(1970, 0, 1), max: Date.UTC(2050, 0, 1) });

  test('starts of periods, parts and differences equal UTC dates', TIMEOUT, async () => {
    await fc.assert(
      fc.asyncProperty(instant, instant, async (a, b) => {
        const [row] = await rowsOf(
          `print a = datetime(${new Date(a).toISOString()}), b = datetime(${new Date(b).toISOString()}) | project
            tostring(startofday(a)), tostring(startofweek(a)), tostring(startofmonth(a)), tostring(startofyear(a)),
            tostring(endofmonth(a) + 1tick), getyear(a), monthofyear(a), dayofmonth(a), dayofyear(a), hourofday(a), tolong(dayofweek(a) / 1d),
            datetime_diff('year', a, b), datetime_diff('month', a, b), datetime_diff('day', a, b), datetime_diff('hour', a, b), (a - b) / 1ms, tostring(datetime_add('month', 1, startofmonth(a)))`,
        );
        const [x, y] = [new Date(a), new Date(b)];
        const [year, month] = [x.getUTCFullYear(), x.getUTCMonth()];
        const day = Math.floor(a / DAY) * DAY;
        const zeros = (ms: number): string => `${new Date(ms).toISOString().slice(0, -1)}0000Z`;
        expect(row, `${x.toISOString()} ${y.toISOString()}`).toEqual([
          zeros(day),
          zeros(day - x.getUTCDay() * DAY),
          zeros(Date.UTC(year, month, 1)),
          zeros(Date.UTC(year, 0, 1)),
          zeros(Date.UTC(year, month + 1, 1)),
          year,
          month + 1,
          x.getUTCDate(),
          (day - Date.UTC(year, 0, 1)) / DAY + 1,
          x.getUTCHours(),
          x.getUTCDay(),
          year - y.getUTCFullYear(),
          (year - y.getUTCFullYear()) * 12 + month - y.getUTCMonth(),
          Math.floor(a / DAY) - Math.floor(b / DAY),
          Math.floor(a / 3_600_000) - Math.floor(b / 3_600_000),
          a - b,
          zeros(Date.UTC(year, month + 1, 1)),
        ]);
      }),
      RUNS,
    );
  });
});
