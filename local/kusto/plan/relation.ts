import type { Column, KustoType } from '../types.ts';
import type { Syntax } from '../parser/language.ts';
import type { Value } from '../sql/value.ts';

export interface RelationColumn {
  readonly name: string;
  readonly value: Value;
}

/** One sort key: SQL over the relation's physical columns. */
export interface OrderKey {
  readonly sql: string;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
}

/**
 * A tabular expression, translated: `from` goes after FROM, `columns` maps KQL names to its physical columns
 * (k1, k2, … unique in the whole statement, because DuckDB folds case and KQL doesn't).
 * Sorting is lazy: `order` says how the rows are to be ordered, and is put to SQL only where it matters.
 */
export interface Relation {
  readonly from: string;
  readonly columns: readonly RelationColumn[];
  readonly order?: readonly OrderKey[];
  /** Window functions may be used: after sort, serialize, range, print. */
  readonly serialized?: boolean;
  /** What `union withsource` calls it. */
  readonly source?: string;
  /** Operators came after it, so that it is not certain what Kusto calls it. */
  readonly sourceUnsure?: boolean;
  /** Physical column with the time at which a row came into its table. */
  readonly ingested?: string;
  readonly visualization?: Readonly<Record<string, unknown>>;
  /** Inside mv-apply and partition: physical columns that keep the parts apart. Every operator works on each part alone. */
  readonly parts?: readonly string[];
  /** Of an innerunique join: the same with a condition on its left columns applied before. */
  readonly refilter?: (condition: Syntax) => Relation | undefined;
}

export const orderSql = (keys: readonly OrderKey[]): string =>
  keys
    .map((key) => `${key.sql}${key.descending ? ' DESC' : ' ASC'} NULLS ${key.nullsFirst ? 'FIRST' : 'LAST'}`)
    .join(', ');

/** Keys that order by a value as KQL does: with reals, NaN stands between null and the numbers. */
export function keysOf(value: Value, descending: boolean, nullsFirst: boolean): OrderKey[] {
  const key = { sql: value.sql, descending, nullsFirst };
  if (value.type !== 'real' && value.scalar !== 'real') return [key];
  // Null before NaN before numbers when nulls come first, the other way round when they come last.
  const rank = `CASE WHEN ${value.sql} IS NULL THEN 0 WHEN isnan(${value.sql}) THEN 1 ELSE 2 END`;
  return [{ sql: rank, descending: !nullsFirst, nullsFirst }, key];
}

export const findColumn = (relation: Relation, name: string): RelationColumn | undefined =>
  relation.columns.find((column) => column.name === name);

export const schemaOf = (relation: Relation): Column[] =>
  relation.columns.map((column) => ({ name: column.name, type: column.value.type }));

/** A reference to a physical column that holds `value`. */
export function reference(id: string, value: Value): Value {
  const { list, scalar, notNull } = value;
  return {
    sql: id,
    type: value.type,
    ...(list ? { list } : {}),
    ...(scalar ? { scalar } : {}),
    ...(notNull ? { notNull } : {}),
  };
}

/** Could be null from here on: the other side of an outer join. */
export function nullable(value: Value): Value {
  const { notNull: _, ...rest } = value;
  return value.type === 'string' ? value : rest;
}

export const isNumeric = (type: KustoType): boolean =>
  type === 'int' || type === 'long' || type === 'real' || type === 'decimal';
