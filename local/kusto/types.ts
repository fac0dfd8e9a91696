// Words that every room of the engine shares.

export type KustoType =
  | 'bool'
  | 'int'
  | 'long'
  | 'real'
  | 'decimal'
  | 'string'
  | 'datetime'
  | 'timespan'
  | 'dynamic'
  | 'guid';

/**
 * How a value lies in DuckDB.
 * bool BOOLEAN · int INTEGER · long BIGINT · real, decimal DOUBLE · string VARCHAR, never NULL (missing = '') ·
 * datetime BIGINT, ticks of 100 ns since 0001-01-01 · timespan BIGINT, ticks of 100 ns · dynamic VARCHAR holding JSON text · guid VARCHAR.
 */
export const PHYSICAL: Readonly<Record<KustoType, string>> = {
  bool: 'BOOLEAN',
  int: 'INTEGER',
  long: 'BIGINT',
  real: 'DOUBLE',
  decimal: 'DOUBLE',
  string: 'VARCHAR',
  datetime: 'BIGINT',
  timespan: 'BIGINT',
  dynamic: 'VARCHAR',
  guid: 'VARCHAR',
};

/** Other names of the types, in KQL and in management commands. */
const TYPE_WORDS: Readonly<Record<string, KustoType>> = {
  boolean: 'bool',
  int32: 'int',
  int64: 'long',
  double: 'real',
  date: 'datetime',
  time: 'timespan',
  object: 'dynamic',
  uuid: 'guid',
  uniqueid: 'guid',
};

/** The type that a word stands for; undefined when it is none. */
export function typeNamed(word: string): KustoType | undefined {
  const type = TYPE_WORDS[word] ?? word;
  return Object.hasOwn(PHYSICAL, type) ? (type as KustoType) : undefined;
}

/** .NET names of the types, as schemas give them. */
export const DOTNET: Readonly<Record<KustoType, string>> = {
  bool: 'System.SByte',
  int: 'System.Int32',
  long: 'System.Int64',
  real: 'System.Double',
  decimal: 'System.Data.SqlTypes.SqlDecimal',
  string: 'System.String',
  datetime: 'System.DateTime',
  timespan: 'System.TimeSpan',
  dynamic: 'System.Object',
  guid: 'System.Guid',
};

/** Ticks of 100 ns between 0001-01-01 and 1970-01-01. */
export const UNIX_EPOCH_TICKS = 621_355_968_000_000_000n;

export interface Column {
  readonly name: string;
  readonly type: KustoType;
}

/** A table or materialized view as the query compiler sees it. */
export interface TableInfo {
  readonly name: string;
  readonly columns: readonly Column[];
  /** What to write after FROM. */
  readonly relation: string;
  /** Physical names of `columns` in the relation (DuckDB folds case, KQL does not); `c0`, `c1`, … when they are not given. */
  readonly physical?: readonly string[];
  /** Physical column of the time at which a row came in, in ticks. */
  readonly ingestedAt?: string;
  readonly isView?: boolean;
}

export interface FunctionInfo {
  readonly name: string;
  /** As in KQL, with parentheses: `(asof:datetime, step:timespan=5m)`. */
  readonly parameters: string;
  /** With braces. */
  readonly body: string;
}

/** What a query may refer to; `version` changes with every schema change and keys the plan cache. */
export interface Catalog {
  readonly database: string;
  readonly version: number;
  readonly tables: readonly TableInfo[];
  readonly functions: readonly FunctionInfo[];
}

/** Limits of the answer that a query sets itself. */
export interface QuerySettings {
  readonly notruncation?: boolean;
  readonly truncationmaxrecords?: number;
  readonly truncationmaxsize?: number;
  readonly query_take_max_records?: number;
}

/** One statement for DuckDB. Result columns come in the order of `columns`, encoded as PHYSICAL says. */
export interface CompiledQuery {
  readonly sql: string;
  readonly columns: readonly Column[];
  /** The answer is ordered by the outermost sort. */
  readonly ordered: boolean;
  /** From `render`: kind and properties, passed on as metadata. */
  readonly visualization?: Readonly<Record<string, unknown>>;
  /** Names of the materialized views and tables it reads, so that the caller can bring views up to date first. */
  readonly reads: readonly string[];
  /** Holds the time of its compilation: now(), ago(). Such a plan serves one execution. */
  readonly readsClock?: boolean;
  /** Its columns come from the data of the moment: such a plan is not kept. */
  readonly readsData?: boolean;
  readonly settings?: QuerySettings;
}

/** Where in a query a schema is missing that only the data can tell: offset in the text, or in the body of a stored function. */
export interface SchemaSite {
  readonly body?: string;
  readonly offset: number;
}

/** What an output schema is made of, besides the names that the data hold. */
export type SchemaShape =
  | {
      readonly plugin: 'bag_unpack';
      /** Columns of the input, the bag left out. */
      readonly source: readonly Column[];
      readonly prefix: string;
      readonly conflict: 'error' | 'replace_source' | 'keep_source';
    }
  | {
      readonly plugin: 'pivot';
      /** Columns that are grouped by. */
      readonly source: readonly Column[];
      /** Of the cells. */
      readonly type: KustoType;
    };

/** A statement that has to run before a query can be compiled: it gives pairs of texts, a column's name and what is known of its type. */
export interface SchemaNeed {
  readonly site: SchemaSite;
  readonly shape: SchemaShape;
  readonly sql: string;
  /** As in {@link CompiledQuery}. */
  readonly reads: readonly string[];
}

/** What the statement of a need gave. */
export interface SchemaAnswer {
  readonly need: SchemaNeed;
  readonly rows: readonly (readonly [name: string, type: string])[];
}

export type KustoErrorCode =
  | 'SYN'
  | 'SEM'
  | 'UNSUPPORTED'
  | 'LIMIT'
  | 'TIMEOUT'
  | 'BADREQUEST'
  | 'NOTFOUND'
  | 'INTERNAL';

/** Everything a client may be told. `line` and `column` count from 1. */
export class KustoError extends Error {
  readonly code: KustoErrorCode;
  readonly line: number | undefined;
  readonly column: number | undefined;
  /** Kusto's `@permanent`: sending the same again cannot help. */
  readonly permanent: boolean;
  constructor(code: KustoErrorCode, message: string, at?: { line: number; column: number }, permanent = true) {
    super(message);
    this.name = 'KustoError';
    this.code = code;
    this.line = at?.line;
    this.column = at?.column;
    this.permanent = permanent;
  }
}

/** Not an end: the compiler goes on when it is called again with the answer. Where nobody can run the statement it is a refusal. */
export class SchemaNeeded extends KustoError {
  readonly need: SchemaNeed;
  constructor(need: SchemaNeed, message: string, at?: { line: number; column: number }) {
    super('UNSUPPORTED', message, at);
    this.need = need;
  }
}
