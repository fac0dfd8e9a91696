import type { DuckDBConnection } from '@duckdb/node-api';
import { storageOf } from '../catalog/catalog.ts';
import type { TableEntity } from '../catalog/entities.ts';
import { nowTicks } from './clock.ts';
import { appendBlocks } from './append-blocks.ts';
import type { Block } from './block.ts';

/** One transaction of the writer. */
export interface Transaction {
  readonly connection: DuckDBConnection;
  /** Number of this commit: rows written in it carry it as `_batch`. */
  readonly batch: number;
  /** Time of this commit, in ticks; `_at` of its rows. */
  readonly at: bigint;
  append(table: TableEntity, blocks: readonly Block[]): Promise<void>;
  /** Says that rows with this batch number were written to the table by SQL. */
  touched(table: TableEntity): void;
  /** Runs once the transaction is on disk. */
  afterCommit(work: () => void): void;
}

interface AppendJob {
  readonly kind: 'append';
  readonly table: TableEntity;
  readonly block: Block;
  readonly resolve: (batch: number) => void;
  readonly reject: (error: unknown) => void;
}
interface ExclusiveJob {
  readonly kind: 'exclusive';
  readonly run: (tx: Transaction) => Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Runs inside the transaction of appended rows: update policies. */
export type AfterAppend = (tx: Transaction, tables: readonly TableEntity[]) => Promise<void>;

const MAX_ROWS_PER_COMMIT = 50_000;
const MAX_JOBS_PER_COMMIT = 500;

/**
 * The only one who writes. Jobs run in the order they came; appends that wait together share one commit
 * (6–9 ms each, so hundreds of small requests cost as much as one), and all are answered after it.
 */
export class Writer {
  readonly #connection: DuckDBConnection;
  readonly #queue: (AppendJob | ExclusiveJob)[] = [];
  readonly #lastBatch = new Map<number, number>();
  #draining: Promise<void> | null = null;
  #nextBatch: number;
  #closed = false;
  afterAppend: AfterAppend = async () => {};

  /** `nextBatch` must be above every `_batch` and every watermark in the file. */
  constructor(connection: DuckDBConnection, nextBatch: number, lastBatches: ReadonlyMap<number, number>) {
    this.#connection = connection;
    this.#nextBatch = nextBatch;
    for (const [id, batch] of lastBatches) this.#lastBatch.set(id, batch);
  }

  /** Rows into a table; resolves with the batch number once they are on disk. */
  append(table: TableEntity, block: Block): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    this.#push({ kind: 'append', table, block, resolve, reject });
    return promise;
  }

  /** `work` alone in a transaction: committed when it resolves, rolled back when it throws. */
  exclusive<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    let result: T;
    this.#push({
      kind: 'exclusive',
      run: async (tx) => {
        result = await work(tx);
      },
      resolve: () => resolve(result),
      reject,
    });
    return promise;
  }

  /** Number of the last commit that wrote to a table, 0 when none did. */
  lastBatch(tableId: number): number {
    return this.#lastBatch.get(tableId) ?? 0;
  }

  get isIdle(): boolean {
    return this.#draining === null;
  }

  get waiting(): number {
    return this.#queue.length;
  }

  /** Finishes what was accepted, then refuses more. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#draining;
    this.#connection.closeSync();
  }

  #push(job: AppendJob | ExclusiveJob): void {
    if (this.#closed) {
      job.reject(new Error('the writer is closed'));
      return;
    }
    this.#queue.push(job);
    this.#draining ??= this.#drain();
  }

  async #drain(): Promise<void> {
    // Lets requests that arrive in the same turn join the first commit.
    await new Promise((resolve) => setImmediate(resolve));
    for (let job = this.#queue.shift(); job !== undefined; job = this.#queue.shift()) {
      if (job.kind === 'exclusive') await this.#runExclusive(job);
      else await this.#runAppends(this.#withFollowers(job));
    }
    // In the same turn as the look at the empty queue, so that no job is left behind.
    this.#draining = null;
  }

  #withFollowers(first: AppendJob): AppendJob[] {
    const jobs = [first];
    let rows = first.block.rowCount;
    while (jobs.length < MAX_JOBS_PER_COMMIT && rows < MAX_ROWS_PER_COMMIT) {
      const next = this.#queue[0];
      if (next?.kind !== 'append') break;
      this.#queue.shift();
      jobs.push(next);
      rows += next.block.rowCount;
    }
    return jobs;
  }

  async #runExclusive(job: ExclusiveJob): Promise<void> {
    try {
      await this.#transact(job.run);
      job.resolve();
    } catch (error) {
      job.reject(error);
    }
  }

  async #runAppends(jobs: readonly AppendJob[]): Promise<void> {
    try {
      const batch = await this.#transact(async (tx) => {
        const byTable = Map.groupBy(jobs, ({ table }) => table.id);
        const tables: TableEntity[] = [];
        for (const group of byTable.values()) {
          // The newest description of the table: blocks find their columns by id.
          const table = group.at(-1)?.table;
          if (table === undefined) continue;
          await tx.append(
            table,
            group.map(({ block }) => block),
          );
          tables.push(table);
        }
        await this.afterAppend(tx, tables);
      });
      for (const job of jobs) job.resolve(batch);
    } catch (error) {
      // One bad request must not fail its neighbours.
      if (jobs.length === 1) jobs[0]?.reject(error);
      else for (const job of jobs) await this.#runAppends([job]);
    }
  }

  async #transact(work: (tx: Transaction) => Promise<void>): Promise<number> {
    const batch = this.#nextBatch++;
    const touched = new Set<number>();
    const afterCommit: (() => void)[] = [];
    const connection = this.#connection;
    const at = nowTicks();
    const tx: Transaction = {
      connection,
      batch,
      at,
      append: async (table, blocks) => {
        // Opening and flushing an appender costs milliseconds on a wide table, so all blocks share one.
        const appender = await connection.createAppender(storageOf(table));
        try {
          appendBlocks(appender, table, blocks, batch, at);
        } finally {
          appender.closeSync();
        }
        touched.add(table.id);
      },
      touched: (table) => void touched.add(table.id),
      afterCommit: (task) => void afterCommit.push(task),
    };
    await connection.run('BEGIN TRANSACTION');
    try {
      await work(tx);
      await connection.run('COMMIT');
    } catch (error) {
      await connection.run('ROLLBACK').catch(() => {});
      throw error;
    }
    for (const id of touched) this.#lastBatch.set(id, batch);
    for (const task of afterCommit) task();
    return batch;
  }
}
