import type { KustoType } from '../types.ts';
import type { Atoms, Value } from '../sql/value.ts';

/**
 * How a JavaScript function receives an argument. The compiler converts what the query gives.
 * string: text, '' for missing (other types as `tostring` writes them) · bool: boolean · int: number, a whole one ·
 * long, datetime, timespan: bigint (ticks of 100 ns for the latter two) · number: double, from any numeric type ·
 * dynamic: the parsed JSON value; any other type is accepted and arrives as its JSON value ·
 * json: the JSON text of it, not parsed · series: `(number | null)[]`, or null when it is no array of numbers and nulls.
 */
export type ArgumentKind =
  | 'string'
  | 'bool'
  | 'int'
  | 'long'
  | 'number'
  | 'datetime'
  | 'timespan'
  | 'dynamic'
  | 'json'
  | 'series';

/**
 * What a JavaScript function returns. `undefined` and `null` mean null ('' for string).
 * dynamic: any JSON value, it is stringified · json: JSON text, taken as it is ·
 * series: an array of numbers and nulls or a Float64Array, becomes an array of reals ·
 * longs: the same with whole numbers.
 */
export type ResultKind =
  | 'string'
  | 'bool'
  | 'int'
  | 'long'
  | 'real'
  | 'datetime'
  | 'timespan'
  | 'guid'
  | 'dynamic'
  | 'json'
  | 'series'
  | 'longs';

/** A scalar function in JavaScript; runs once a row, so nothing that is used on millions of rows should be one. */
export interface JsScalar {
  readonly kind: 'js';
  readonly name: string;
  /** Kinds of the arguments, required ones first. */
  readonly args: readonly ArgumentKind[];
  /** How many of `args` must be given; all when absent. */
  readonly required?: number;
  /** Kind of all further arguments; they come after `args`. */
  readonly rest?: ArgumentKind;
  /** An array: the function gives several values (a tuple), its call returns an array of them. */
  readonly result: ResultKind | readonly ResultKind[];
  /** `skip` (default): a null argument gives null without a call. `see`: the function is called with null. Missing optional arguments are undefined. */
  readonly nulls?: 'skip' | 'see';
  /** Throws to refuse: its message reaches the client. Must not change its arguments (they are shared between rows). */
  readonly call: (...args: never[]) => unknown;
  /** The same in SQL where these arguments allow it, else undefined. */
  readonly inSql?: (args: readonly Value[], site: CallSite) => Value | undefined;
}

/** What a native function may ask while it is translated. */
export interface CallSite extends Atoms {
  readonly name: string;
  /** Type that the parser gives the call. */
  readonly type: KustoType;
  /** Refuses the query at this place. */
  refuse(message: string): never;
  /** Ticks of now(). Asking for it makes the plan valid for this instant only. */
  now(): bigint;
  /** SQL that depends on the order of rows; refused when the input has none. `keys` is the ORDER BY of the window. */
  window(build: (orderBy: string) => string): string;
}

/** A scalar function in SQL. */
export interface NativeScalar {
  readonly kind: 'native';
  readonly name: string;
  /** Least and most arguments. */
  readonly arity: readonly [number, number];
  /** SQL text, or a whole Value when it is not of the type that the parser gives (e.g. a list). */
  readonly build: (args: readonly Value[], site: CallSite) => string | Value;
}

export type ScalarFunction = JsScalar | NativeScalar;

/** Where an aggregate stands. */
export interface AggregateSite extends CallSite {
  /** ` FILTER (WHERE …)`-less: condition that the caller wants applied, already as SQL, or undefined. */
  readonly filter?: string;
  /** ` ORDER BY …` of the input, or '' when it has no order. */
  readonly order: string;
}

/** An aggregate: SQL over the rows of a group. */
export interface Aggregate {
  readonly name: string;
  readonly arity: readonly [number, number];
  /** Number of the argument that is a condition (countif, sumif, …); it becomes a FILTER and isn't passed to `build`. */
  readonly condition?: number;
  /** SQL of the aggregate; it must already include FILTER when `site.filter` is set (use `filtered`). */
  readonly build: (args: readonly Value[], site: AggregateSite) => string | Value;
}
