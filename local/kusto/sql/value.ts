import type { KustoType } from '../types.ts';

/** Element type of a dynamic array that lies as a DuckDB LIST instead of JSON text. */
export type ListElement = 'real' | 'long' | 'bool' | 'datetime' | 'timespan' | 'string';

/** How values of a type lie as elements of a list; types that are not here go as JSON text. */
export const ELEMENT_OF: Readonly<Partial<Record<KustoType, ListElement>>> = {
  int: 'long',
  long: 'long',
  real: 'real',
  bool: 'bool',
  datetime: 'datetime',
  timespan: 'timespan',
  string: 'string',
};

/** What a constant expression is worth; datetime and timespan as ticks of 100 ns, dynamic as JSON text. */
export type Constant = string | number | bigint | boolean | null;

/** A scalar expression, translated. */
export interface Value {
  readonly sql: string;
  readonly type: KustoType;
  /** Set when a dynamic lies as `LIST(element)`; otherwise a dynamic is JSON text. */
  readonly list?: ListElement;
  /** Set when a dynamic lies as one plain value of this type (an element of a list). */
  readonly scalar?: ListElement;
  /** Set when a dynamic is a path below another: functions may read it without the step over JSON text. */
  readonly path?: { readonly base: string; readonly path: string };
  /** Several values at once, as a STRUCT with the fields `f0`, `f1`, …: series_decompose_anomalies and its like. */
  readonly tuple?: readonly Value[];
  /** True when it can't be null. Strings never are. */
  readonly notNull?: boolean;
  /** Present when the value is known now. */
  readonly constant?: Constant;
}

/** Gives a name to a piece of SQL that is going to be used more than once, so that the text does not explode. */
export interface Atoms {
  atom(sql: string): string;
}

/** SQL text literal. */
export const quote = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** DuckDB type of one list element. */
export const LIST_ELEMENT_SQL: Readonly<Record<ListElement, string>> = {
  real: 'DOUBLE',
  long: 'BIGINT',
  bool: 'BOOLEAN',
  datetime: 'BIGINT',
  timespan: 'BIGINT',
  string: 'VARCHAR',
};
