// What a database consists of. Every entity is kept as one row of JSON in the DuckDB file itself, so that schema and data are one file.

import type { Column } from '../types.ts';

/** A column as stored: `id` never changes and never comes back, so that renaming and reordering touch no data. */
export interface StoredColumn extends Column {
  readonly id: number;
  readonly docstring?: string;
}

/** A table. Its rows lie in the DuckDB table `t<id>`, its columns in `k<column id>`. */
export interface TableEntity {
  readonly id: number;
  readonly name: string;
  readonly columns: readonly StoredColumn[];
  readonly nextColumnId: number;
  readonly folder: string;
  readonly docstring: string;
}

/** A materialized view: a table that is filled from `source` by `query`. */
export interface ViewEntity extends TableEntity {
  readonly source: string;
  readonly query: string;
  readonly lookback: string | null;
  readonly isEnabled: boolean;
}

export interface FunctionEntity {
  readonly name: string;
  /** With parentheses. */
  readonly parameters: string;
  /** With braces. */
  readonly body: string;
  readonly folder: string;
  readonly docstring: string;
}

export interface MappingEntity {
  readonly table: string;
  /** Lower-case: json, csv, … */
  readonly kind: string;
  readonly name: string;
  /** The JSON array as given. */
  readonly mapping: string;
  /** RFC 3339. */
  readonly lastUpdatedOn: string;
}

export interface PolicyEntity {
  /** `database`, `table`, `column`, `materialized-view` or `cluster`. */
  readonly entityKind: string;
  readonly entity: string;
  /** Lower-case, as in the command: retention, update, streamingingestion, … */
  readonly policy: string;
  /** JSON text. */
  readonly value: string;
}

export interface DatabaseEntity {
  readonly name: string;
  readonly prettyName: string;
}

export interface Entities {
  readonly database: DatabaseEntity;
  readonly table: TableEntity;
  readonly view: ViewEntity;
  readonly function: FunctionEntity;
  readonly mapping: MappingEntity;
  readonly policy: PolicyEntity;
}
export type EntityKind = keyof Entities;

/** One entity written (`value`) or removed (null). `key` is its name, or for mappings and policies its full path. */
export type Change = {
  [K in EntityKind]: {
    readonly kind: K;
    readonly database: string;
    readonly key: string;
    readonly value: Entities[K] | null;
  };
}[EntityKind];

export const mappingKey = (table: string, kind: string, name: string): string =>
  `${table}/${kind.toLowerCase()}/${name}`;
export const policyKey = (entityKind: string, entity: string, policy: string): string =>
  `${entityKind}/${entity}/${policy.toLowerCase()}`;
