import type { DuckDBConnection } from '@duckdb/node-api';
import { KustoError, type Catalog, type TableInfo } from '../types.ts';
import { mappingKey, policyKey } from './entities.ts';
import type {
  Change,
  DatabaseEntity,
  Entities,
  EntityKind,
  FunctionEntity,
  MappingEntity,
  PolicyEntity,
  TableEntity,
  ViewEntity,
} from './entities.ts';

const KINDS: readonly EntityKind[] = ['database', 'table', 'view', 'function', 'mapping', 'policy'];

/** Table that holds the entities; `_meta` holds counters. */
const BOOTSTRAP = `
  CREATE SCHEMA IF NOT EXISTS fw;
  CREATE TABLE IF NOT EXISTS fw.entities (kind VARCHAR, db VARCHAR, key VARCHAR, body VARCHAR);
  CREATE TABLE IF NOT EXISTS fw.meta (name VARCHAR, value BIGINT);
  CREATE TABLE IF NOT EXISTS fw.watermarks (view_id BIGINT, batch BIGINT, refreshed_at BIGINT);
  CREATE TABLE IF NOT EXISTS fw.failures (db VARCHAR, tbl VARCHAR, failed_on BIGINT, operation_id VARCHAR, source VARCHAR,
    error_code VARCHAR, details VARCHAR, kind VARCHAR, permanent BOOLEAN, from_update_policy BOOLEAN);
`;

let snapshots = 0;
/** A version no other snapshot of this process has: query plans are cached by it. */
const snapshotVersion = (): number => ++snapshots;

const derived = new WeakMap<Catalog, Map<string, Catalog>>();

/** The same catalog, but `source` is read from `relation`: only its new rows, for example. */
export function withRelation(catalog: Catalog, source: string, relation: string): Catalog {
  let known = derived.get(catalog);
  if (known === undefined) derived.set(catalog, (known = new Map<string, Catalog>()));
  const key = `${relation} ${source}`;
  let catalogWith = known.get(key);
  if (catalogWith === undefined) {
    const tables = catalog.tables.map((table) => {
      if (table.name !== source) return table;
      const { name, columns, isView = false } = table;
      return { name, columns, relation, isView };
    });
    known.set(key, (catalogWith = { ...catalog, version: snapshotVersion(), tables }));
  }
  return catalogWith;
}

type Maps = { [K in EntityKind]: Map<string, Entities[K]> };
const emptyMaps = (): Maps => ({
  database: new Map(),
  table: new Map(),
  view: new Map(),
  function: new Map(),
  mapping: new Map(),
  policy: new Map(),
});

/** The relation a query reads: a DuckDB view that gives the columns of a table the names c0, c1, … in their present order. */
export const relationOf = (table: TableEntity): string => `v${table.id}`;
/** The DuckDB table that holds the rows. */
export const storageOf = (table: TableEntity): string => `t${table.id}`;

const infoOf = (table: TableEntity): TableInfo => ({
  name: table.name,
  columns: table.columns.map(({ name, type }) => ({ name, type })),
  // Not the view: binding it costs as much as the rest of a small query.
  relation: storageOf(table),
  physical: table.columns.map(({ id }) => `k${id}`),
  ingestedAt: '_at',
});

/** All databases in memory, a mirror of `fw.entities`. Read freely; changed only through the writer (see Engine.change). */
export class CatalogState {
  /** Grows with every schema change. */
  version = 1;
  #nextId = 1;
  readonly #databases = new Map<string, Maps>();
  readonly #snapshots = new Map<string, Catalog>();

  static async load(connection: DuckDBConnection): Promise<CatalogState> {
    await connection.run(BOOTSTRAP);
    const state = new CatalogState();
    const meta = await connection.runAndReadAll('SELECT name, value FROM fw.meta');
    for (const [name, value] of meta.getRows()) {
      if (name === 'version') state.version = Number(value);
      if (name === 'next_id') state.#nextId = Number(value);
    }
    const rows = await connection.runAndReadAll('SELECT kind, db, key, body FROM fw.entities');
    for (const [kind, database, key, body] of rows.getRows()) {
      const known = KINDS.find((k) => k === kind);
      if (known === undefined) continue;
      state.#set({
        kind: known,
        database: String(database),
        key: String(key),
        value: JSON.parse(String(body)) as never,
      });
    }
    return state;
  }

  /** A new id for a table or view; persisted with the next change. */
  newId(): number {
    return this.#nextId++;
  }

  /** The version of a catalog made for one compilation only. */
  trialVersion(): number {
    return snapshotVersion();
  }

  /** Writes changes inside the caller's transaction; {@link apply} makes them visible after its commit. */
  async persist(connection: DuckDBConnection, changes: readonly Change[]): Promise<void> {
    for (const { kind, database, key, value } of changes) {
      await connection.run('DELETE FROM fw.entities WHERE kind = $1 AND db = $2 AND key = $3', [kind, database, key]);
      if (value !== null)
        await connection.run('INSERT INTO fw.entities VALUES ($1, $2, $3, $4)', [
          kind,
          database,
          key,
          JSON.stringify(value),
        ]);
    }
    await connection.run('DELETE FROM fw.meta');
    await connection.run("INSERT INTO fw.meta VALUES ('version', $1), ('next_id', $2)", [
      BigInt(this.version + 1),
      BigInt(this.#nextId),
    ]);
  }

  /** The entity that a change is about, as it is now. */
  entity({ kind, database, key }: Change): Entities[EntityKind] | undefined {
    return this.#databases.get(database)?.[kind].get(key);
  }

  /** Changes that change something: running the same script again keeps the version, and with it every cached plan. */
  effective(changes: readonly Change[]): Change[] {
    return changes.filter(({ kind, database, key, value }) => {
      const before = this.#databases.get(database)?.[kind].get(key);
      return value === null ? before !== undefined : JSON.stringify(before) !== JSON.stringify(value);
    });
  }

  apply(changes: readonly Change[]): void {
    for (const change of changes) this.#set(change);
    this.version += 1;
    this.#snapshots.clear();
  }

  databases(): DatabaseEntity[] {
    return [...this.#databases.values()].flatMap((maps) => [...maps.database.values()]);
  }

  /** The database's own spelling of `name` (names of databases are compared without case, as Kusto does). */
  databaseName(name: string): string {
    for (const { name: known, prettyName } of this.databases()) {
      if (known.toLowerCase() === name.toLowerCase() || (prettyName !== '' && prettyName === name)) return known;
    }
    throw new KustoError('NOTFOUND', `Database '${name}' could not be found`);
  }

  tables = (database: string): TableEntity[] => [...this.#maps(database).table.values()];
  views = (database: string): ViewEntity[] => [...this.#maps(database).view.values()];
  functions = (database: string): FunctionEntity[] => [...this.#maps(database).function.values()];
  mappings = (database: string): MappingEntity[] => [...this.#maps(database).mapping.values()];
  policies = (database: string): PolicyEntity[] => [...this.#maps(database).policy.values()];
  table = (database: string, name: string): TableEntity | undefined => this.#maps(database).table.get(name);
  view = (database: string, name: string): ViewEntity | undefined => this.#maps(database).view.get(name);
  function = (database: string, name: string): FunctionEntity | undefined => this.#maps(database).function.get(name);
  mapping = (database: string, table: string, kind: string, name: string): MappingEntity | undefined =>
    this.#maps(database).mapping.get(mappingKey(table, kind, name));
  policy = (database: string, entityKind: string, entity: string, policy: string): PolicyEntity | undefined =>
    this.#maps(database).policy.get(policyKey(entityKind, entity, policy));

  requireTable(database: string, name: string): TableEntity {
    const table = this.table(database, name);
    if (table === undefined) throw new KustoError('NOTFOUND', `Entity ID '${name}' of kind 'Table' was not found.`);
    return table;
  }

  /** What the query compiler sees of a database. */
  snapshot(database: string): Catalog {
    const cached = this.#snapshots.get(database);
    if (cached !== undefined) return cached;
    const catalog: Catalog = {
      database,
      version: snapshotVersion(),
      tables: [
        ...this.tables(database).map(infoOf),
        ...this.views(database).map((view) => ({ ...infoOf(view), isView: true })),
      ],
      functions: this.functions(database).map(({ name, parameters, body }) => ({ name, parameters, body })),
    };
    this.#snapshots.set(database, catalog);
    return catalog;
  }

  #maps(database: string): Maps {
    const maps = this.#databases.get(database);
    if (maps === undefined) throw new KustoError('NOTFOUND', `Database '${database}' could not be found`);
    return maps;
  }

  #set(change: Change): void {
    let maps = this.#databases.get(change.database);
    if (maps === undefined) this.#databases.set(change.database, (maps = emptyMaps()));
    const map = maps[change.kind] as Map<string, unknown>;
    if (change.value === null) map.delete(change.key);
    else map.set(change.key, change.value);
    if (change.kind === 'database' && change.value === null) this.#databases.delete(change.database);
  }
}
