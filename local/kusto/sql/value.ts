import type { KustoType } from '../types.ts';

/** Element type of a dynamic array that lies as a DuckDB LIST instead of JSON text. */
export type ListElement = 'real' | 'long' | 'bool' | 'datetime' | 'timespan' | 'string';

/** What a constant expression is worth; datetime and timespan as ticks of 100 ns, dynamic as JSON text. */
export type Constant = string | number | bigint | boolean | null;

/** A scalar expression, translated. */
export interface Value {
  readonly sql: string;
  readonly type: KustoType;
  /** Set when a dynamic lies as `LIST(element)`; otherwise a dynamic is JSON text. */
  readonly list?: ListElement;
  /** Several values at once, as a STRUCT with the fields `f0`, `f1`, …: series_decompose_anomalies and its like. */
  readonly tuple?: readonly Value[];
  /** True when it can't be null. Strings never are. */
  readonly notNull?: boolean;
  /** Present when the value is known now. */
  readonly constant?: Constant;
  /** Names of columns to take for an unnamed expression of this one (set by the caller). */
  readonly name?: string;
}

/** DuckDB type of one list element. */
export const LIST_ELEMENT_SQL: Readonly<Record<ListElement, string>> = {
  real: 'DOUBLE',
  long: 'BIGINT',
  bool: 'BOOLEAN',
  datetime: 'BIGINT',
  timespan: 'BIGINT',
  string: 'VARCHAR',
};
