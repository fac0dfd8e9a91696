// How a table is described. One line a field; types, KQL, JSON Schema, validator and dictionary all come from it.

/** Kusto scalar types a field can have. `datetime` travels as RFC 3339 UTC with milliseconds, `dynamic` as a JSON object or array. */
export type Kind = 'string' | 'bool' | 'int' | 'long' | 'real' | 'datetime' | 'dynamic';

export interface Field {
  readonly kind: Kind;
  /** One sentence; becomes the column docstring. */
  readonly doc: string;
  readonly unit?: 'ms' | 'kbps' | 'px' | 'bytes' | 'bits' | 'frames' | 'count' | 'ratio' | 'percent';
  readonly required?: true;
  readonly oneOf?: readonly string[];
  readonly min?: number;
  readonly max?: number;
  /** In Unicode code points, as JSON Schema counts. */
  readonly maxLength?: number;
  /** `pseudonym`: salted daily; `coarse`: cannot single out a person by itself. Absent: no personal data. */
  readonly pii?: 'pseudonym' | 'coarse';
  /** CTA-2066 or CMCD name of the same fact, for the data dictionary. */
  readonly standard?: string;
}

export type Fields = Readonly<Record<string, Field>>;

export interface Table<F extends Fields = Fields> {
  readonly name: string;
  readonly doc: string;
  readonly fields: F;
}

type ValueOf<F extends Field> = F['oneOf'] extends readonly string[]
  ? F['oneOf'][number]
  : {
      string: string;
      bool: boolean;
      int: number;
      long: number;
      real: number;
      datetime: string;
      dynamic: object;
    }[F['kind']];

type RequiredKeys<F extends Fields> = { [K in keyof F]: F[K]['required'] extends true ? K : never }[keyof F];

/** The TypeScript type of one row of a table, camelCase as it travels in JSON. */
export type RowOf<F extends Fields> = { [K in RequiredKeys<F>]: ValueOf<F[K]> } & {
  [K in Exclude<keyof F, RequiredKeys<F>>]?: ValueOf<F[K]> | undefined;
};

/** Keeps the literal types of `fields`, so that {@link RowOf} can infer from them. */
export const defineTable = <const F extends Fields>(table: Table<F>): Table<F> => table;

/** The Kusto column of a field: the same name with an upper-case first letter. */
export const columnOf = (field: string): string => field.charAt(0).toUpperCase() + field.slice(1);
