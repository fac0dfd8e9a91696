import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { CompileOptions, Compiler } from '../exec/compiler.ts';
import { KustoError, SchemaNeeded, type Catalog, type CompiledQuery, type SchemaAnswer } from '../types.ts';
import type { Reply, Request } from './messages.ts';
import { PlanCache } from './plan-cache.ts';
import { Preparation } from './preparation.ts';
import { discardSnapshot, existingSnapshot, makeSnapshot } from './snapshot.ts';

const HOST = fileURLToPath(new URL('./host.ts', import.meta.url));
/** No query a person writes takes a tenth of it. */
const MOST_MS = 60_000;
const MOST_HEAP_MB = 1024;
/** glibc keeps what is freed in many pools otherwise; other C libraries take no notice. */
const SMALL_HEAP = { MALLOC_ARENA_MAX: '2', MALLOC_TRIM_THRESHOLD_: '131072' };
/** Plugins whose columns depend on the data, in one query. */
const MOST_NEEDS = 8;
/** The snapshot is made when the start is over. */
const SNAPSHOT_AFTER_MS = 5000;

interface Pending {
  readonly id: number;
  /** Null is a warm-up. */
  readonly query: {
    readonly text: string;
    readonly catalog: Catalog;
    readonly options: CompileOptions;
    readonly answers: readonly SchemaAnswer[];
    readonly bindOnly?: boolean;
  } | null;
  readonly resolve: (plan: CompiledQuery | null) => void;
  readonly reject: (error: KustoError) => void;
}

export interface CompileProcessOptions {
  /** Make the parser's start-up snapshot when it is missing, some seconds after the start. */
  readonly keepSnapshot?: boolean;
  readonly mostMs?: number;
}

/**
 * The compiler in a process of its own: a long compilation holds up no request but those that wait for it,
 * one that does not end is ended with its process, and the next query gets a new one.
 */
export class CompileProcess implements Compiler {
  readonly #pending = new Map<number, Pending>();
  readonly #catalogIds = new WeakMap<Catalog, number>();
  readonly #plans = new PlanCache();
  readonly #preparation = new Preparation(
    () => this.#pending.size === 0,
    (text, catalog) =>
      this.#ask({ text, catalog, options: { now: new Date(), parameters: {} }, answers: [], bindOnly: true }),
  );
  readonly #mostMs: number;
  readonly #snapshotTimer: NodeJS.Timeout | undefined;
  #child: ChildProcess | null = null;
  #sentCatalogs = new Set<number>();
  #snapshotMaker: ChildProcess | null = null;
  #making: Promise<void> | undefined;
  #isFromSnapshot = false;
  #watch: NodeJS.Timeout | undefined;
  #lastId = 0;
  #closed = false;

  constructor({ keepSnapshot = false, mostMs = MOST_MS }: CompileProcessOptions = {}) {
    this.#mostMs = mostMs;
    if (keepSnapshot)
      this.#snapshotTimer = setTimeout(() => (this.#making = this.#makeSnapshot()), SNAPSHOT_AFTER_MS).unref();
  }

  /** Of the present process, null when none runs. */
  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  async compile(text: string, catalog: Catalog, options: CompileOptions): Promise<CompiledQuery> {
    const known = this.#plans.get(catalog, text, options.parameters);
    if (known !== undefined) return known;
    const plan = await this.#compileWithData(text, catalog, options);
    this.#plans.add(catalog, text, options.parameters, plan);
    return plan;
  }

  /** Answers what the compiler asks about the data, and has it go on. */
  async #compileWithData(text: string, catalog: Catalog, options: CompileOptions): Promise<CompiledQuery> {
    const answers: SchemaAnswer[] = [];
    for (;;) {
      try {
        const plan = await this.#ask({ text, catalog, options, answers: [...answers] });
        if (plan === null) throw new KustoError('INTERNAL', 'The compiler gave no plan');
        return plan;
      } catch (error) {
        if (!(error instanceof SchemaNeeded) || options.lookUp === undefined || answers.length >= MOST_NEEDS)
          throw error;
        answers.push({ need: error.need, rows: await options.lookUp(error.need) });
      }
    }
  }

  async registerFunctions(connection: DuckDBConnection): Promise<void> {
    const { registerFunctions } = await import('../functions/register.ts');
    await registerFunctions(connection);
  }

  async warmUp(): Promise<void> {
    await this.#ask(null);
  }

  prepare(catalogs: () => readonly Catalog[]): void {
    this.#preparation.begin(catalogs);
  }

  /** Ends the process; what waits is refused. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#preparation.stop();
    clearTimeout(this.#snapshotTimer);
    clearTimeout(this.#watch);
    this.#snapshotMaker?.kill('SIGKILL');
    await this.#making;
    const child = this.#child;
    this.#child = null;
    for (const id of this.#pending.keys())
      this.#take(id)?.reject(new KustoError('INTERNAL', 'The engine is shutting down.', undefined, false));
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.ref();
    child.kill('SIGKILL');
    await ended;
  }

  /** Makes the snapshot and goes over to it: a process that began from it holds a hundred megabytes less. */
  async #makeSnapshot(): Promise<void> {
    const isMade = await makeSnapshot((child) => (this.#snapshotMaker = child));
    if (!isMade || this.#closed || this.#isFromSnapshot || this.#pending.size > 0) return;
    const before = this.#child;
    this.#child = null;
    before?.kill('SIGKILL');
    this.warmUp().catch(() => {});
    this.#preparation.begin();
  }

  #ask(query: Pending['query']): Promise<CompiledQuery | null> {
    if (this.#closed)
      return Promise.reject(new KustoError('INTERNAL', 'The engine is shutting down.', undefined, false));
    const { promise, resolve, reject } = Promise.withResolvers<CompiledQuery | null>();
    const pending: Pending = { id: ++this.#lastId, query, resolve, reject };
    this.#pending.set(pending.id, pending);
    this.#send(pending);
    this.#hold();
    if (this.#pending.size === 1) this.#watchOldest();
    return promise;
  }

  #send({ id, query }: Pending): void {
    this.#child ??= this.#start();
    this.#child.send(this.#messageOf(id, query), () => {
      // A process that is gone tells it by its exit.
    });
  }

  #messageOf(id: number, query: Pending['query']): Request {
    if (query === null) return { kind: 'warm-up', id };
    const { text, catalog, options, answers, bindOnly = false } = query;
    let catalogId = this.#catalogIds.get(catalog);
    if (catalogId === undefined) this.#catalogIds.set(catalog, (catalogId = id));
    const isKnown = this.#sentCatalogs.has(catalogId);
    this.#sentCatalogs.add(catalogId);
    const { now, parameters } = options;
    return {
      kind: 'compile',
      id,
      text,
      catalogId,
      now,
      parameters,
      answers,
      bindOnly,
      ...(isKnown ? {} : { catalog }),
    };
  }

  #start(): ChildProcess {
    const snapshot = existingSnapshot();
    this.#isFromSnapshot = snapshot !== null;
    const child = spawn(
      process.execPath,
      [
        `--max-old-space-size=${MOST_HEAP_MB}`,
        '--expose-gc',
        ...(snapshot === null ? [] : ['--snapshot-blob', snapshot]),
        HOST,
      ],
      {
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
        serialization: 'advanced',
        env: { ...process.env, ...SMALL_HEAP, NODE_OPTIONS: '' },
      },
    );
    this.#sentCatalogs = new Set();
    let hasAnswered = false;
    child.on('message', (reply: Reply) => {
      hasAnswered = true;
      this.#receive(reply);
    });
    child.once('error', () => this.#lost(child, false));
    child.once('exit', () => {
      // A snapshot may be damaged, or made for another build of Node: the next process does without.
      const isBadSnapshot = snapshot !== null && !hasAnswered;
      if (isBadSnapshot && this.#child === child) discardSnapshot();
      this.#lost(child, isBadSnapshot);
    });
    return child;
  }

  /** Keeps the engine's process alive while somebody waits for a plan, and only then. */
  #hold(child = this.#child): void {
    const isAwaited = [...this.#pending.values()].some(({ query }) => query !== null && query.bindOnly !== true);
    for (const held of [child, child?.channel]) {
      if (isAwaited) held?.ref();
      else held?.unref();
    }
  }

  #receive(reply: Reply): void {
    if (reply.kind === 'catalog-missing') {
      const pending = this.#pending.get(reply.id);
      const catalogId = pending?.query == null ? undefined : this.#catalogIds.get(pending.query.catalog);
      if (catalogId !== undefined) this.#sentCatalogs.delete(catalogId);
      if (pending !== undefined) this.#send(pending);
      return;
    }
    const pending = this.#take(reply.id);
    this.#watchOldest();
    if (reply.kind === 'refused') {
      const at =
        reply.line === undefined || reply.column === undefined ? undefined : { line: reply.line, column: reply.column };
      pending?.reject(
        reply.need === undefined
          ? new KustoError(reply.code, reply.message, at, reply.permanent)
          : new SchemaNeeded(reply.need, reply.message, at),
      );
    } else {
      pending?.resolve(reply.kind === 'plan' ? reply.plan : null);
    }
  }

  /** The process ended by itself: the request it worked on is to blame, the others go to a new one. */
  #lost(child: ChildProcess, isBlameless: boolean): void {
    if (this.#child !== child) return;
    this.#child = null;
    const [oldest] = this.#pending.keys();
    if (oldest !== undefined && !isBlameless)
      this.#take(oldest)?.reject(new KustoError('INTERNAL', 'The compiler ended while it read this query.'));
    this.#resendAll();
  }

  #resendAll(): void {
    for (const pending of this.#pending.values()) this.#send(pending);
    this.#hold();
    this.#watchOldest();
  }

  #take(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    this.#hold();
    return pending;
  }

  /** Requests are answered in order, so the oldest is the one being worked on. */
  #watchOldest(): void {
    clearTimeout(this.#watch);
    const [oldest] = this.#pending.keys();
    if (oldest === undefined || this.#closed) return;
    this.#watch = setTimeout(() => {
      const child = this.#child;
      this.#child = null;
      child?.kill('SIGKILL');
      const message = `The query was not compiled within ${this.#mostMs} ms (0x80131505).`;
      this.#take(oldest)?.reject(new KustoError('TIMEOUT', message, undefined, false));
      this.#resendAll();
    }, this.#mostMs).unref();
  }
}
