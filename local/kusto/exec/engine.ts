import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { CatalogState } from '../catalog/catalog.ts';
import type { Change } from '../catalog/entities.ts';
import { FailureLog } from '../ingest/failure-log.ts';
import { StreamingFailures } from '../ingest/streaming-failures.ts';
import { TagLog } from '../ingest/tag-log.ts';
import { runUpdatePolicies } from '../ingest/update-policies.ts';
import { lastBatchOf } from '../store/physical.ts';
import { ReaderPool } from '../store/readers.ts';
import { Writer, type Transaction } from '../store/writer.ts';
import { ActivityLog } from './activity-log.ts';
import { CompileProcess } from '../compiler/compile-process.ts';
import type { Compiler } from './compiler.ts';
import { commandInProgress, Journal } from './journal.ts';
import { applyRetention } from './retention.ts';
import { ViewRefresher } from './view-refresher.ts';

export interface EngineOptions {
  /** File of the database, or `:memory:`. */
  readonly file: string;
  /** As DuckDB writes it: `2GB`. */
  readonly memoryLimit?: string;
  /** Created when the file is new. */
  readonly database?: string;
  readonly compiler?: Compiler;
  /** Starts the compiler at once; on unless false. */
  readonly warmUp?: boolean;
  /** See {@link CompileProcess}. */
  readonly keepSnapshot?: boolean;
}

/** libuv's pool has 4 threads by default and a running query holds one: three queries leave one for commits. */
const READERS = 3;
const DEFAULT_MEMORY_LIMIT = '2GB';
const MOST_SPILLED = '8GB';
const VIEWS_EVERY_MS = 5000;
const RETENTION_EVERY_MS = 10 * 60_000;

/** The engine without its doors: storage, catalog, compiler and the keeper of materialized views. */
export class Engine {
  readonly id = randomUUID();
  readonly startedAt = new Date();
  readonly catalog: CatalogState;
  readonly writer: Writer;
  readonly readers: ReaderPool;
  readonly compiler: Compiler;
  readonly views: ViewRefresher;
  readonly failures: FailureLog;
  readonly streamingFailures = new StreamingFailures();
  readonly tags: TagLog;
  /** Management commands that change something. */
  readonly operations = new ActivityLog();
  readonly queries = new ActivityLog();
  readonly journal = new Journal();
  readonly defaultDatabase: string;
  /** `host:port` of the storage account that blobs may be read from, besides loopback. */
  readonly blobHosts = new Set<string>();
  /** Rows of `.get ingestion resources`; null while there is no blob storage. */
  queuedResources: (() => readonly (readonly string[])[]) | null = null;
  readonly #instance: DuckDBInstance;
  readonly #timers: NodeJS.Timeout[] = [];

  private constructor(
    instance: DuckDBInstance,
    catalog: CatalogState,
    writer: Writer,
    compiler: Compiler,
    options: EngineOptions,
  ) {
    this.#instance = instance;
    this.catalog = catalog;
    this.writer = writer;
    this.compiler = compiler;
    this.defaultDatabase = options.database ?? 'framewatch';
    this.readers = new ReaderPool(() => instance.connect(), READERS);
    this.views = new ViewRefresher(this);
    this.failures = new FailureLog(writer);
    this.tags = new TagLog(this.readers);
    writer.afterAppend = (tx, tables) => runUpdatePolicies(this, tx, tables);
  }

  static async open(options: EngineOptions): Promise<Engine> {
    const { keepSnapshot = false } = options;
    const compiler = options.compiler ?? new CompileProcess({ keepSnapshot });
    // The parser loads while the database opens.
    if (options.warmUp !== false) compiler.warmUp().catch(() => {});
    try {
      return await Engine.#open(compiler, options);
    } catch (error) {
      await compiler.close();
      throw error;
    }
  }

  static async #open(compiler: Compiler, options: EngineOptions): Promise<Engine> {
    const instance = await DuckDBInstance.create(options.file, {
      memory_limit: options.memoryLimit ?? DEFAULT_MEMORY_LIMIT,
      // What does not fit is put on disk, beside the file or, without one, not into the folder the engine was started in.
      max_temp_directory_size: MOST_SPILLED,
      ...(options.file === ':memory:' ? { temp_directory: join(tmpdir(), `framewatch-kusto-${process.pid}`) } : {}),
      // A query must not reach files or the network; the database file itself stays writable.
      enable_external_access: 'false',
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
    });
    const connection = await instance.connect();
    await connection.run("SET preserve_insertion_order = true; SET checkpoint_threshold = '64MB'");
    const catalog = await CatalogState.load(connection);
    await connection.run(TagLog.bootstrap);
    const engine = new Engine(instance, catalog, await openWriter(connection, catalog), compiler, options);
    await compiler.registerFunctions(connection);
    await engine.views.load();
    if (catalog.databases().length === 0) await engine.createDatabase(engine.defaultDatabase);
    if (options.warmUp !== false) engine.#prepareFunctions();
    engine.#timers.push(
      setInterval(() => void engine.views.refreshIdle(), VIEWS_EVERY_MS).unref(),
      setInterval(() => void applyRetention(engine).catch(() => {}), RETENTION_EVERY_MS).unref(),
    );
    return engine;
  }

  /** Runs `work` alone in a transaction; the changes it returns become the schema when it commits. */
  async change<T>(work: (tx: Transaction) => Promise<{ changes: readonly Change[]; result: T }>): Promise<T> {
    const command = commandInProgress.getStore();
    return this.writer.exclusive(async (tx) => {
      const { changes: wanted, result } = await work(tx);
      const changes = this.catalog.effective(wanted);
      if (changes.length > 0) {
        await this.catalog.persist(tx.connection, changes);
        tx.afterCommit(() => {
          this.journal.add(this.catalog, changes, command);
          this.catalog.apply(changes);
          this.#prepareFunctions();
        });
      }
      return result;
    });
  }

  #prepareFunctions(): void {
    this.compiler.prepare(() => this.catalog.databases().map(({ name }) => this.catalog.snapshot(name)));
  }

  async createDatabase(name: string): Promise<void> {
    await this.change(async () => ({
      changes: [{ kind: 'database', database: name, key: name, value: { name, prettyName: '' } }],
      result: undefined,
    }));
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await this.compiler.close();
    await this.readers.close();
    await this.writer.close();
    this.#instance.closeSync();
  }
}

async function openWriter(connection: DuckDBConnection, catalog: CatalogState): Promise<Writer> {
  const lastBatches = new Map<number, number>();
  for (const { name } of catalog.databases()) {
    for (const table of [...catalog.tables(name), ...catalog.views(name)]) {
      lastBatches.set(table.id, await lastBatchOf(connection, table));
    }
  }
  const reader = await connection.runAndReadAll('SELECT max(batch) FROM fw.watermarks');
  const newest = Math.max(0, Number(reader.getRows()[0]?.[0] ?? 0), ...lastBatches.values());
  return new Writer(connection, newest + 1, lastBatches);
}
