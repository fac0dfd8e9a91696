import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TableEntity } from '../catalog/entities.ts';
import { ticksOfMs } from '../store/clock.ts';
import type { KustoType } from '../types.ts';
import { CONVERT, parseDatetime, parseTimespan } from './convert.ts';
import { parseCsvRows } from './csv-rows.ts';
import { getter, parsePath } from './json-path.ts';
import { parseJsonRows } from './json-rows.ts';
import { checkMapping, toBlock } from './mapping.ts';

const tableOf = (columns: Record<string, KustoType>): TableEntity => ({
  id: 1,
  name: 'T',
  folder: '',
  docstring: '',
  nextColumnId: 99,
  columns: Object.entries(columns).map(([name, type], id) => ({ id, name, type })),
});

describe('bodies', () => {
  it('JSON lines, arrays and objects one after another give the same rows', () => {
    const rows = [{ a: 1 }, { a: '}{"' }, { a: [1, { b: null }] }];
    const texts = rows.map((row) => JSON.stringify(row));
    expect(parseJsonRows(`\ufeff${texts.join('\r\n')}\n`, 'json')).toEqual(rows);
    expect(parseJsonRows(JSON.stringify(rows, null, 2), 'multijson')).toEqual(rows);
    expect(parseJsonRows(rows.map((row) => JSON.stringify(row, null, 2)).join('\n'), 'multijson')).toEqual(rows);
    expect(parseJsonRows(texts.join(''), 'multijson')).toEqual(rows);
  });

  it('a body that is cut off is refused, never shortened', () => {
    fc.assert(
      fc.property(
        fc.array(fc.dictionary(fc.string(), fc.jsonValue()), { minLength: 1, maxLength: 4 }),
        fc.nat(),
        (rows, at) => {
          const text = JSON.stringify(rows);
          const cut = text.slice(0, 1 + (at % (text.length - 1)));
          expect(() => parseJsonRows(cut, 'multijson')).toThrow(/Stream_MalformedJson/);
        },
      ),
    );
  });

  it('CSV gives back what was written', () => {
    const field = fc.string({ unit: fc.constantFrom('a', 'ä', ',', '"', '\n', '\r', ' ', ';') });
    fc.assert(
      fc.property(fc.array(fc.array(field, { minLength: 2, maxLength: 4 }), { minLength: 1 }), (rows) => {
        const text = rows.map((row) => row.map((value) => `"${value.replaceAll('"', '""')}"`).join(',')).join('\r\n');
        expect(parseCsvRows(text)).toEqual(rows);
      }),
    );
  });
});

describe('values', () => {
  it('longs keep every digit, and what is no long is null', () => {
    const [row] = parseJsonRows(
      '{"a":9223372036854775807,"b":-9223372036854775808,"c":9223372036854775808,"d":1.5,"e":" 7 "}',
      'json',
    ) as Record<string, unknown>[];
    expect(['a', 'b', 'c', 'd', 'e'].map((key) => CONVERT.long(row?.[key]))).toEqual([
      9223372036854775807n,
      -9223372036854775808n,
      null,
      null,
      7n,
    ]);
    expect(CONVERT.string(row?.['a'])).toBe('9223372036854775807');
    expect(CONVERT.dynamic({ x: row?.['a'] })).toBe('{"x":9223372036854775807}');
  });

  it('datetimes are read to 100 ns, with zones, and impossible ones are null', () => {
    expect(parseDatetime('2026-01-01T00:00:00.1234567Z')).toBe(ticksOfMs(Date.parse('2026-01-01')) + 1_234_567n);
    expect(parseDatetime('2026-01-01 02:00+02:00')).toBe(ticksOfMs(Date.parse('2026-01-01')));
    expect(parseDatetime('2026-02-30')).toBeNull();
    expect(parseDatetime('yesterday')).toBeNull();
    expect(parseTimespan('-1.02:03:04.5')).toBe(-937_845_000_000n);
  });

  it('a real is never read from hexadecimal or empty text, and infinities pass', () => {
    expect(['', '0x10', 'abc', 'NaN', '-Infinity', '1e3'].map((text) => CONVERT.real(text))).toEqual([
      null,
      null,
      null,
      Number.NaN,
      -Infinity,
      1000,
    ]);
  });
});

describe('mappings', () => {
  it('paths reach own properties only', () => {
    expect(getter(parsePath("$.a['b c'][1]"))({ a: { 'b c': [0, 'x'] } })).toBe('x');
    expect(getter(parsePath('$.constructor'))({})).toBeUndefined();
    expect(getter(parsePath('$'))(5)).toBe(5);
    expect(() => parsePath('$.a[*]')).toThrow(/offset 3/);
  });

  it('both spellings, constants and transforms fill their columns', () => {
    const table = tableOf({ A: 'string', B: 'datetime', C: 'string', D: 'dynamic', E: 'long' });
    const mapping = JSON.stringify([
      { column: 'A', path: '$.x', datatype: 'string' },
      { Column: 'B', Properties: { Path: '$.t', Transform: 'DateTimeFromUnixSeconds' } },
      { column: 'C', Properties: { ConstValue: 'k' } },
      { column: 'D', Properties: { Path: '$', Transform: 'DropMappedFields' } },
    ]);
    const block = toBlock(table, [{ x: 1, t: 1.5, rest: true }, null], 'json', mapping);
    expect([...block.columns.values()]).toEqual([
      ['1', ''],
      [ticksOfMs(1500), null],
      ['k', 'k'],
      ['{"rest":true}', null],
    ]);
  });

  it('mapped fields are dropped where they are, and only they', () => {
    const table = tableOf({ A: 'string', Rest: 'dynamic', Inner: 'dynamic' });
    const mapping = JSON.stringify([
      { column: 'A', Properties: { Path: '$.o.a' } },
      { column: 'Rest', Properties: { Path: '$', Transform: 'DropMappedFields' } },
      { column: 'Inner', Properties: { Path: '$.o', Transform: 'DropMappedFields' } },
    ]);
    const block = toBlock(table, [{ o: { a: 'x', b: 1 }, c: [2] }], 'json', mapping);
    expect([...block.columns.values()]).toEqual([['x'], ['{"o":{"b":1},"c":[2]}'], ['{"b":1}']]);
  });

  it('transforms fill columns of delimited text too', () => {
    const table = tableOf({ At: 'datetime', Line: 'long', From: 'string' });
    const mapping = JSON.stringify([
      { Column: 'At', Properties: { Ordinal: '1', Transform: 'DateTimeFromUnixMilliseconds' } },
      { Column: 'Line', Properties: { Transform: 'SourceLineNumber' } },
      { Column: 'From', Properties: { Transform: 'SourceLocation' } },
    ]);
    const block = toBlock(
      table,
      [
        ['', '1500'],
        ['', 'x'],
      ],
      'csv',
      mapping,
      'https://a/b.csv',
    );
    expect([...block.columns.values()]).toEqual([
      [ticksOfMs(1500), null],
      [1n, 2n],
      ['https://a/b.csv', 'https://a/b.csv'],
    ]);
    expect(() => checkMapping(table, 'csv', '[{"column":"At","Properties":{"Transform":"BytesAsBase64"}}]')).toThrow(
      /delimited/,
    );
  });

  it('a mapping that names a column the table lacks, or an unknown transform, is refused when it is made', () => {
    const table = tableOf({ A: 'string' });
    expect(() => checkMapping(table, 'json', '[{"column":"Z"}]')).toThrow(/'Z'/);
    expect(() =>
      checkMapping(table, 'json', '[{"column":"A","Properties":{"Path":"$.a","Transform":"Upper"}}]'),
    ).toThrow(/Upper/);
    expect(() => checkMapping(table, 'json', '{')).toThrow(/not JSON/);
  });
});
