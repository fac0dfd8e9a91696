import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TableEntity } from '../catalog/entities.ts';
import type { Block, BlockColumn, Value } from '../store/block.ts';
import { PHYSICAL, type KustoType } from '../types.ts';
import { parseJsonRows } from './json-rows.ts';
import { readJsonLines } from './json-lines.ts';
import { propertyColumns, toBlock } from './mapping.ts';

const COLUMNS: Record<string, KustoType> = {
  text: 'string',
  ключ: 'string',
  long: 'long',
  int: 'int',
  real: 'real',
  decimal: 'decimal',
  bool: 'bool',
  at: 'datetime',
  span: 'timespan',
  bag: 'dynamic',
  guid: 'guid',
};
const table: TableEntity = {
  id: 1,
  name: 'T',
  folder: '',
  docstring: '',
  nextColumnId: 99,
  columns: Object.entries(COLUMNS).map(([name, type], id) => ({ id, name, type })),
};

/** The values of a column of either form, as the parse path gives them. */
function valuesOf(column: BlockColumn, { rowCount, heap }: Block, type: KustoType): Value[] {
  // DuckDB stores half a surrogate pair as U+FFFD.
  if (!('nulls' in column)) return column.map((value) => (typeof value === 'string' ? value.toWellFormed() : value));
  const bytes = Buffer.concat(heap ?? []);
  return Array.from({ length: rowCount }, (_none, row): Value => {
    if (column.nulls[row] === 1) return type === 'string' ? '' : null;
    if ('starts' in column) {
      const start = column.starts[row] ?? 0;
      return bytes.toString('utf8', start, start + (column.lengths[row] ?? 0));
    }
    const { buffer } = column.data;
    switch (PHYSICAL[type]) {
      case 'BIGINT':
        return new BigInt64Array(buffer)[row] ?? null;
      case 'DOUBLE':
        return new Float64Array(buffer)[row] ?? null;
      case 'INTEGER':
        return new Int32Array(buffer)[row] ?? null;
      default:
        return column.data[row] === 1;
    }
  });
}

const shortWay = (body: string | Buffer): Block | null =>
  readJsonLines(Buffer.from(body), propertyColumns(table, null) ?? []);

/** Both ways, columns by name. The short way may decline, but never differ. */
function bothWays(body: string): { short: object | null; long: object | 'refused' } {
  const columnsOf = (block: Block): object =>
    Object.fromEntries(
      table.columns.map(({ id, name, type }) => [name, valuesOf(block.columns.get(id) ?? [], block, type)]),
    );
  const short = shortWay(body);
  let long: object | 'refused';
  try {
    long = columnsOf(toBlock(table, parseJsonRows(body, 'json'), 'json', null));
  } catch {
    long = 'refused';
  }
  return { short: short === null ? null : columnsOf(short), long };
}

const key = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...Object.keys(COLUMNS)) },
  fc.constantFrom('other', '__proto__', 'a"b', 'te\\u0078t', ''),
);
const numberText = fc.oneof(
  fc.double().map((n) => JSON.stringify(n)),
  fc.integer().map(String),
  fc.bigInt().map(String),
  fc.stringMatching(/^-?(0|[1-9]\d{0,17})(\.\d{1,18})?([eE][+-]?\d{1,3})?$/),
  fc.stringMatching(/^[-+0-9.eE]{1,6}$/),
);
const timeText = fc.oneof(
  fc.date({ noInvalidDate: true }).map((date) => JSON.stringify(date)),
  fc.stringMatching(/^"20\d\d-(0\d|1[0-3])-[0-3]\dT[0-2]\d:[0-6]\d:[0-6]\d(\.\d{1,8})?(Z|\+01:00)?"$/),
  fc.stringMatching(/^"-?(\d\.)?[0-2]\d:[0-5]\d(:[0-5]\d(\.\d{1,7})?)?"$/),
);
const valueText = fc.oneof(
  numberText,
  timeText,
  fc.string({ unit: 'binary' }).map((text) => JSON.stringify(text)),
  fc.string().map((text) => `"${text}"`),
  fc.constantFrom('null', 'true', 'false', 'nul', 'nan', '"\\ud800"', '"\\u00e9\\n"', '"NaN"', '"7"', '', '{', '[}'),
  fc.uuid().map((text) => `"${text.toUpperCase()}"`),
  fc.jsonValue().map((value) => JSON.stringify(value)),
  fc.jsonValue().map((value) => JSON.stringify(value, null, 1)),
);
const blank = fc.constantFrom('', '', '', ' ', '\t', ' \r');
const line = fc.oneof(
  { weight: 12, arbitrary: fc.array(fc.tuple(key, valueText, blank), { maxLength: 9 }) },
  fc.constant(null),
);
const lineText = line.map((pairs) =>
  pairs === null
    ? ''
    : `{${pairs.map(([name, value, space]) => `${space}${JSON.stringify(name).replaceAll('\\\\', '\\')}${space}:${space}${value}${space}`).join(',')}}`,
);

describe('JSON lines read from their bytes', () => {
  it('are what the parse path makes of them, or are left to it', () => {
    fc.assert(
      fc.property(fc.array(lineText, { maxLength: 4 }), fc.constantFrom('\n', '\r\n'), (lines, end) => {
        const { short, long } = bothWays(lines.join(end));
        if (short !== null) expect(short).toEqual(long);
      }),
      { numRuns: 3000 },
    );
  });

  it('cut or with a byte changed they are what the parse path makes of them, or are left to it', () => {
    const row =
      '{"text":"abc","long":12,"real":-1.25e2,"bool":true,"at":"2026-01-01T00:00:00.123Z","bag":{"a":[1,"}"]}}';
    fc.assert(
      fc.property(fc.nat(row.length), fc.nat(row.length), fc.string({ maxLength: 2 }), (from, to, text) => {
        const { short, long } = bothWays(`${row}\n${row.slice(0, from)}${text}${row.slice(Math.max(from, to))}`);
        if (short !== null) expect(short).toEqual(long);
      }),
      { numRuns: 2000 },
    );
  });

  it('take the short way when they are plain', () => {
    const row = {
      text: 'a',
      ключ: 'ж',
      long: -5,
      int: 3,
      real: 0.1,
      bool: false,
      at: '2026-02-28T23:59:59.9999999Z',
      bag: { a: 1 },
      more: [1, { x: '\n' }],
    };
    const { short, long } = bothWays(
      `${JSON.stringify(row)}\n\n${JSON.stringify({ ...row, long: null, more: null })}\n`,
    );
    expect(short).not.toBeNull();
    expect(short).toEqual(long);
  });

  it('keep nested values as JSON writes them', () => {
    fc.assert(
      fc.property(
        fc.array(fc.jsonValue({ maxDepth: 4 }), { minLength: 1, maxLength: 4 }),
        fc.boolean(),
        (values, isSpaced) => {
          const text = JSON.stringify(values, null, isSpaced ? ' ' : undefined).replaceAll('\n', ' ');
          const { short, long } = bothWays(`{"bag":${text},"text":${text},"long":${text}}`);
          expect(short).toEqual(long);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('keep the last of two equal keys', () => {
    const { short, long } = bothWays('{"text":"a","long":1,"text":null,"long":"x"}');
    expect(short).toEqual(long);
    expect(short).toMatchObject({ text: [''], long: [null] });
  });

  it('are left to the parse path when they are no UTF-8', () => {
    expect(shortWay(Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xff, 0x22, 0x7d]))).toBeNull();
  });
});
