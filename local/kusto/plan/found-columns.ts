// The columns that bag_unpack and pivot get from the data.

import { positionOf } from '../parser/analyze.ts';
import { KustoError, type Column, type KustoType, type SchemaAnswer, type SchemaNeed } from '../types.ts';
import type { FoundSchema } from './data-schema.ts';

/** A table of Kusto may be wider, but nobody reads that, and every column costs time in the parser. */
export const MOST_COLUMNS = 2000;

/** What the statement of bag_unpack says of a slot: a type, or one of these. */
export const SLOT = { mixed: 'dynamic', onlyNull: 'null', maybeTime: 'datetime?' } as const;

/** Refuses: what Kusto would refuse as well, or what is not known of Kusto. */
interface Fail {
  (message: string, isUnknown?: boolean): never;
}

function slotType(name: string, type: string, fail: Fail): KustoType {
  if (type === SLOT.onlyNull)
    return fail(
      `bag_unpack: the property '${name}' is null in all rows, so its type is not known; add an output schema`,
      true,
    );
  if (type === SLOT.maybeTime)
    return fail(
      `bag_unpack: the property '${name}' holds texts that may be dates, whose type depends on how the bag was made; add an output schema`,
      true,
    );
  return type as KustoType;
}

/** Columns of the input, then those of the data by name. */
function columnsOf({ shape }: SchemaNeed, rows: SchemaAnswer['rows'], fail: Fail): Column[] {
  if (shape.plugin === 'pivot') {
    const made = rows.map(([name]): Column => ({ name, type: shape.type }));
    const twice = made.find(({ name }) => shape.source.some((column) => column.name === name));
    if (twice) return fail(`pivot: the value '${twice.name}' is the name of a column that is grouped by`);
    if (made.some(({ name }) => name === '')) return fail('pivot: an empty value cannot name a column');
    return [...shape.source, ...made];
  }
  const slots = rows.map(([name, type]): Column => ({ name: shape.prefix + name, type: slotType(name, type, fail) }));
  if (slots.some(({ name }) => name === '')) return fail('bag_unpack: a property without a name');
  const sourceOf = (name: string): Column | undefined => shape.source.find((column) => column.name === name);
  const conflict = slots.find(({ name }) => sourceOf(name));
  if (conflict && shape.conflict === 'error')
    return fail(`bag_unpack: the column '${conflict.name}' is in the input already (see columnsConflict)`);
  return [
    ...shape.source.filter(({ name }) => !slots.some((slot) => slot.name === name)),
    ...slots.map((slot) => (shape.conflict === 'keep_source' ? (sourceOf(slot.name) ?? slot) : slot)),
  ];
}

/** The schema that an answer gives; refuses what Kusto would or what is not documented. */
export function foundSchema(answer: SchemaAnswer, text: string): FoundSchema {
  const { site } = answer.need;
  const at = site.body === undefined ? positionOf(text, site.offset) : { line: 1, column: 1 };
  const fail: Fail = (message, isUnknown = false) => {
    const [code, prefix] = isUnknown
      ? (['UNSUPPORTED', 'Not supported'] as const)
      : (['SEM', 'Semantic error'] as const);
    throw new KustoError(code, `${prefix}: ${message} [line:position=${at.line}:${at.column}]`, at);
  };
  const columns = columnsOf(answer.need, answer.rows, fail);
  if (columns.length === 0) fail(`${answer.need.shape.plugin}: no columns are left`);
  if (columns.length > MOST_COLUMNS)
    fail(`${answer.need.shape.plugin}: at most ${MOST_COLUMNS} columns are possible`, true);
  return { answer, columns };
}
