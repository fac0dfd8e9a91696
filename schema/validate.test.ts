import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonSchema } from './emit/json-schema.ts';
import type { Field, Table } from './spec.ts';
import { tables } from './tables.ts';
import { checker } from './validate.ts';

const ajv = new Ajv2020({ strict: false, allErrors: false });
addFormats.default(ajv);
const all: readonly Table[] = Object.values(tables);

/** Values at and around every limit of a field, right and wrong ones mixed. */
function valueOf(field: Field): fc.Arbitrary<unknown> {
  const anything = fc.oneof(
    fc.string(),
    fc.double(),
    fc.boolean(),
    fc.constant(null),
    fc.array(fc.integer()),
    fc.object(),
  );
  const max = field.maxLength ?? 20;
  const string = field.oneOf
    ? fc.constantFrom(...field.oneOf, 'other', '')
    : fc.oneof(
        fc.string({ unit: 'binary', maxLength: 40 }),
        fc.constantFrom('x'.repeat(max), 'x'.repeat(max + 1), '😀'.repeat(max), '😀'.repeat(max + 1)),
      );
  const number = fc.oneof(
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.constantFrom(
      field.min ?? 0,
      (field.min ?? 0) - 1,
      field.max ?? 1,
      (field.max ?? 1) + 1,
      2_147_483_648,
      Number.MAX_SAFE_INTEGER,
      2 ** 60,
      -0,
      0.5,
    ),
  );
  const datetime = fc.oneof(
    fc
      .date({ noInvalidDate: true, min: new Date('0001-01-01'), max: new Date('9999-12-31') })
      .map((date) => date.toISOString()),
    fc.constantFrom(
      '2026-02-29T00:00:00Z',
      '2024-02-29T00:00:00.1234567Z',
      '2026-01-01T24:00:00Z',
      '2026-01-01T00:00:60Z',
      '2026-01-01',
      '2026-01-01T00:00:00+01:00',
      '0',
      '1900-02-29T00:00:00Z',
    ),
  );
  const fitting = {
    string,
    bool: fc.boolean(),
    int: number,
    long: number,
    real: number,
    datetime,
    dynamic: fc.oneof(fc.object(), fc.array(fc.integer())),
  };
  return fc.oneof({ weight: 6, arbitrary: fitting[field.kind] }, { weight: 1, arbitrary: anything });
}

/** One row that every rule accepts. */
const sample = (table: Table): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(table.fields).map(([name, field]) => [
      name,
      field.oneOf?.[0] ??
        {
          string: 'DE',
          bool: true,
          int: 1,
          long: 1,
          real: 0.5,
          datetime: '2026-11-22T10:00:00.000Z',
          dynamic: { a: 1 },
        }[field.kind],
    ]),
  );

/** The sample row with up to three fields given other values, and now and then one missing or one too many. */
function rowOf(table: Table): fc.Arbitrary<unknown> {
  const names = Object.keys(table.fields);
  const mutated = fc
    .tuple(
      fc.subarray(names, { maxLength: Math.min(3, names.length) }),
      fc.integer({ min: 0, max: 9 }),
      fc.constantFrom(...names),
    )
    .chain(([some, fate, gone]) =>
      fc.record(Object.fromEntries(some.map((name) => [name, valueOf(table.fields[name] as Field)]))).map((changes) => {
        const row: Record<string, unknown> = { ...sample(table), ...changes };
        if (fate === 0) row['surprise'] = 1;
        if (fate === 1) delete row[gone];
        return row;
      }),
    );
  return fc.oneof({ weight: 20, arbitrary: mutated }, { weight: 1, arbitrary: fc.anything() });
}

describe.each(all.map((table) => [table.name, table] as const))('validator of %s', (_name, table) => {
  const check = checker(table);
  const oracle = ajv.compile(jsonSchema(table));

  it('accepts a full row, as ajv does', () => {
    expect(check(sample(table))).toMatchObject({ ok: true });
    expect(oracle(sample(table))).toBe(true);
  });

  it('names each missing required field', () => {
    for (const [name, field] of Object.entries(table.fields)) {
      if (!field.required) continue;
      const { [name]: _gone, ...rest } = sample(table);
      expect(check(rest)).toMatchObject({ ok: false, field: name, code: 'missing-field' });
    }
  });

  it('gives ajv’s verdict on every row of a generated corpus', () => {
    let accepted = 0;
    let runs = 0;
    fc.assert(
      fc.property(rowOf(table), (row) => {
        // JSON has no undefined, NaN or Infinity: compare what can travel.
        const travelled: unknown = JSON.parse(JSON.stringify(row) ?? 'null');
        const verdict = check(travelled);
        runs++;
        if (verdict.ok) accepted++;
        expect(verdict.ok, JSON.stringify({ travelled, verdict, ajv: oracle.errors })).toBe(oracle(travelled));
      }),
      { numRuns: 600 },
    );
    // A corpus of one kind would prove little.
    expect(accepted / runs).toBeGreaterThan(0.2);
    expect(accepted / runs).toBeLessThan(0.8);
  });
});
