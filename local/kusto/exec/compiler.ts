import type { DuckDBConnection } from '@duckdb/node-api';
import type { Catalog, CompiledQuery, SchemaAnswer, SchemaNeed } from '../types.ts';

export interface CompileOptions {
  /** What now() answers, the same for the whole query. */
  readonly now: Date;
  /** Values of `declare query_parameters`, as KQL literals. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Runs what must be known of the data before columns can be named; without it such queries are refused. */
  readonly lookUp?: (need: SchemaNeed) => Promise<SchemaAnswer['rows']>;
}

/** KQL text → one DuckDB statement. Throws KustoError. */
export interface Compiler {
  compile(text: string, catalog: Catalog, options: CompileOptions): Promise<CompiledQuery>;
  /** Makes the functions that compiled statements call known to the instance. */
  registerFunctions(connection: DuckDBConnection): Promise<void>;
  /** Pays the parser's start-up cost ahead of the first query. */
  warmUp(): Promise<void>;
  /** Tells of changed stored functions, so that they are read before the first query asks for them. */
  prepare(catalogs: () => readonly Catalog[]): void;
  close(): Promise<void>;
}
