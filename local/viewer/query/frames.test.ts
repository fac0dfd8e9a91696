import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeFrame, encodeFrame } from './frames.ts';
import type { Frame } from './frames.ts';
import { toResultFormat } from './result-format.ts';

const table = (columns: readonly string[], rows: readonly unknown[]) => ({
  TableName: 'Table_0',
  Columns: columns.map((one) => ({ ColumnName: one.split(':')[0] as string, ColumnType: one.split(':')[1] as string })),
  Rows: rows,
});
const one = (format: string, columns: readonly string[], rows: readonly unknown[]): Frame =>
  toResultFormat(table(columns, rows), format, 'A', 'Q')[0] as Frame;
const T1 = '2026-01-01T00:00:00Z';
const T2 = '2026-01-01T00:01:00Z';

describe('table', () => {
  test('zero rows are no frame: Grafana says No data', () =>
    expect(toResultFormat(table(['a:long'], []), 'table', 'A', 'Q')).toEqual([]));
  test('each Kusto type becomes the type the plugin gives it', () => {
    const frame = one(
      'table',
      [
        's:string',
        'g:guid',
        't:timespan',
        'd:datetime',
        'i:int',
        'l:long',
        'r:real',
        'm:decimal',
        'b:bool',
        'y:dynamic',
      ],
      [
        ['x', 'g-1', '00:01:00', T1, 1, 2, 'NaN', '3.25', 1, { a: [1] }],
        [null, null, null, null, null, null, '-Infinity', null, false, null],
      ],
    );
    expect(frame.fields.map((field) => field.type)).toEqual([
      'string',
      'string',
      'string',
      'time',
      'number',
      'number',
      'number',
      'number',
      'boolean',
      'string',
    ]);
    expect(frame.fields.map((field) => field.values[0])).toEqual([
      'x',
      'g-1',
      '00:01:00',
      Date.parse(T1),
      1,
      2,
      Number.NaN,
      3.25,
      true,
      '{"a":[1]}',
    ]);
    expect(frame.fields.map((field) => field.values[1])).toEqual([
      null,
      null,
      null,
      null,
      null,
      null,
      -Infinity,
      null,
      false,
      'null',
    ]);
  });
  test.each([
    ['an unknown type', ['a:hll'], [[1]], "'hll'"],
    ['a text where a number should be', ['a:long'], [['7']], "column 'a'"],
    ['a half-finished answer', ['a:long'], [[1], { Exceptions: ['limit'] }], 'part-way'],
  ])('%s fails and names the culprit', (_, columns, rows, message) =>
    expect(() => one('table', columns, rows)).toThrow(message),
  );
  test('an unknown format is refused', () => expect(() => one('trace', ['a:long'], [[1]])).toThrow("'trace'"));
});

describe('time_series', () => {
  test('long becomes wide: a column a label set, gaps are null', () => {
    const frame = one(
      'time_series',
      ['At:datetime', 'Cdn:string', 'V:real'],
      [
        [T1, 'a', 1],
        [T1, 'b', 2],
        [T2, 'b', 3],
      ],
    );
    expect(frame.fields.map((field) => [field.name, field.labels, field.values])).toEqual([
      ['At', undefined, [Date.parse(T1), Date.parse(T2)]],
      ['V', { Cdn: 'a' }, [1, null]],
      ['V', { Cdn: 'b' }, [2, 3]],
    ]);
  });
  test('wide stays as it is', () =>
    expect(
      one(
        'time_series',
        ['At:datetime', 'V:real'],
        [
          [T2, 1],
          [T1, 2],
        ],
      ).notices,
    ).toEqual([]));
  test.each([
    [
      'descending time',
      ['At:datetime', 'Cdn:string', 'V:real'],
      [
        [T2, 'a', 1],
        [T1, 'a', 2],
      ],
      'sorted ascending',
    ],
    ['no time', ['Cdn:string', 'V:real'], [['a', 1]], 'not a time series'],
    ['two times', ['At:datetime', 'End:datetime', 'V:real'], [[T1, T2, 1]], 'not a time series'],
  ])('%s stays a table and says why', (_, columns, rows, notice) => {
    const frame = one('time_series', columns, rows);
    expect(frame.fields).toHaveLength(columns.length);
    expect(frame.notices[0]?.text).toContain(notice);
  });
  test('no value is lost or invented on the way', () => {
    const row = fc.tuple(
      fc.integer({ min: 0, max: 20 }),
      fc.constantFrom('a', 'b', 'c'),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
    );
    fc.assert(
      fc.property(fc.uniqueArray(row, { minLength: 1, selector: ([at, label]) => `${at} ${label}` }), (given) => {
        const rows = given.toSorted(([a], [b]) => a - b);
        const frame = one(
          'time_series',
          ['At:datetime', 'L:string', 'V:real'],
          rows.map(([at, label, value]) => [new Date(at * 1000).toISOString(), label, value]),
        );
        const times = frame.fields[0]?.values ?? [];
        const found = frame.fields
          .slice(1)
          .flatMap((field) =>
            field.values.flatMap((value, index) =>
              value === null ? [] : [`${Number(times[index]) / 1000} ${field.labels?.['L']} ${value}`],
            ),
          );
        expect(found.toSorted()).toEqual(rows.map(([at, label, value]) => `${at} ${label} ${value}`).toSorted());
      }),
    );
  });
});

describe('time_series_adx_series', () => {
  const columns = ['Timestamp:dynamic', 'Cdn:string', 'Big:long', 'V:dynamic'];
  test('a row is a series; only strings label; the first row tells the times', () => {
    const frame = one('time_series_adx_series', columns, [
      [[T1, T2], 'a', 7, [1, null]],
      [null, 'b', 8, null],
    ]);
    expect(frame.fields.map((field) => [field.name, field.labels, field.values])).toEqual([
      ['Timestamp', undefined, [Date.parse(T1), Date.parse(T2)]],
      ['V', { Cdn: 'a' }, [1, null]],
      ['V', { Cdn: 'b' }, [null, null]],
    ]);
  });
  test.each([
    ['no Timestamp', ['Time:dynamic', 'V:dynamic'], [[[T1], [1]]], "'Timestamp'"],
    ['no value', ['Timestamp:dynamic', 'C:string'], [[[T1], 'a']], 'value column'],
    ['arrays of other lengths', ['Timestamp:dynamic', 'V:dynamic'], [[[T1, T2], [1]]], '1 values for 2 times'],
    ['dynamic sent as a string', ['Timestamp:dynamic', 'V:dynamic'], [[`["${T1}"]`, [1]]], 'dynamic array'],
  ])('%s fails', (_, given, rows, message) =>
    expect(() => one('time_series_adx_series', given, rows)).toThrow(message),
  );
});

test('NaN and infinities survive the way to the browser', () => {
  const frame: Frame = {
    refId: 'A',
    notices: [],
    executedQuery: '',
    fields: [{ name: 'v', type: 'number', values: [1, Number.NaN, Infinity, -Infinity, null] }],
  };
  expect(decodeFrame(JSON.parse(JSON.stringify(encodeFrame(frame))) as Frame)).toEqual(frame);
});
