import type { DuckDBConnection } from '@duckdb/node-api';
import { KustoError } from '../types.ts';

/** Connections for queries. A reader that does not come back from an interrupt is replaced, so it cannot block the others. */
export class ReaderPool {
  readonly #connect: () => Promise<DuckDBConnection>;
  readonly #idle: DuckDBConnection[] = [];
  readonly #busy = new Set<DuckDBConnection>();
  readonly #waiting: ((connection: DuckDBConnection) => void)[] = [];
  readonly size: number;
  #open = 0;
  #closed = false;

  constructor(connect: () => Promise<DuckDBConnection>, size: number) {
    this.#connect = connect;
    this.size = size;
  }

  get busy(): number {
    return this.#busy.size;
  }

  /** Runs `work` on a connection of its own; after `timeoutMs` the connection is interrupted and the promise rejects. */
  async use<T>(
    timeoutMs: number,
    signal: AbortSignal | undefined,
    work: (connection: DuckDBConnection) => Promise<T>,
  ): Promise<T> {
    const startedAt = Date.now();
    const connection = await this.#acquire();
    const leftMs = timeoutMs - (Date.now() - startedAt);
    const { promise: stopped, reject: stop } = Promise.withResolvers<never>();
    stopped.catch(() => {});
    let isStopped = false;
    const interrupt = (error: KustoError): void => {
      isStopped = true;
      connection.interrupt();
      // A running vectorised expression does not look at the interrupt: answer the client now, keep interrupting until it ends.
      const again = setInterval(() => connection.interrupt(), 200);
      void running.finally(() => clearInterval(again)).catch(() => {});
      stop(error);
    };
    const timer = setTimeout(
      () =>
        interrupt(new KustoError('TIMEOUT', `Request timed out after ${timeoutMs} ms (0x80131505).`, undefined, false)),
      Math.max(1, leftMs),
    );
    const onAbort = (): void => {
      const reason: unknown = signal?.reason;
      interrupt(
        reason instanceof KustoError ? reason : new KustoError('TIMEOUT', 'The client went away.', undefined, false),
      );
    };
    const running = work(connection).finally(() => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      this.#release(connection);
    });
    if (signal?.aborted === true) onAbort();
    else signal?.addEventListener('abort', onAbort, { once: true });
    try {
      return await Promise.race([running, stopped]);
    } catch (error) {
      running.catch(() => {});
      if (isStopped) return await stopped;
      throw error;
    }
  }

  /** Interrupts what runs and waits for it. */
  async close(): Promise<void> {
    this.#closed = true;
    const deadline = Date.now() + 5000;
    while (this.#busy.size > 0 && Date.now() < deadline) {
      for (const connection of this.#busy) connection.interrupt();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    for (const connection of this.#idle) connection.closeSync();
    this.#idle.length = 0;
  }

  async #acquire(): Promise<DuckDBConnection> {
    if (this.#closed) throw new KustoError('INTERNAL', 'The engine is shutting down.', undefined, false);
    const idle = this.#idle.pop();
    if (idle !== undefined) {
      this.#busy.add(idle);
      return idle;
    }
    if (this.#open < this.size) {
      this.#open += 1;
      const connection = await this.#connect();
      this.#busy.add(connection);
      return connection;
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #release(connection: DuckDBConnection): void {
    const next = this.#closed ? undefined : this.#waiting.shift();
    if (next !== undefined) {
      next(connection);
      return;
    }
    this.#busy.delete(connection);
    if (this.#closed) connection.closeSync();
    else this.#idle.push(connection);
  }
}
