import { Worker } from 'node:worker_threads';
import { Engine } from '../exec/engine.ts';
import { freeWhenQuiet } from '../exec/quiet-memory.ts';
import type { QueuedIngestion } from '../ingest/queued-ingestion.ts';
import { answerRequest } from './answer-request.ts';
import type { FromDoor, ToDoor } from './door-messages.ts';

export interface KustoServerOptions {
  /** File of the database, or `:memory:`. */
  readonly file: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly host?: string;
  readonly database?: string;
  readonly memoryLimit?: string;
  /** Connection string of a storage account; with it, queued ingestion is offered. */
  readonly blobConnection?: string;
  /** Loads the parser ahead of the first query; on unless false. */
  readonly warmUp?: boolean;
  /** Keeps a start-up snapshot of the parser beside the installed packages: later starts answer sooner. */
  readonly keepSnapshot?: boolean;
}

export interface KustoServer {
  readonly url: string;
  readonly engine: Engine;
  /** Finishes accepted writes, interrupts queries, closes the file. */
  close(): Promise<void>;
}

const DOOR = new URL('./door.ts', import.meta.url);

/** Starts the engine in this thread and its HTTP door in another; resolves when it answers. */
export async function startKusto(options: KustoServerOptions): Promise<KustoServer> {
  const { host = '127.0.0.1' } = options;
  const door = new Door();
  let engine: Engine | null = null;
  let queued: QueuedIngestion | null = null;
  try {
    const opened = await Engine.open(options);
    engine = opened;
    const port = await door.open(opened, options.port, host);
    if (options.blobConnection !== undefined) queued = await startQueued(opened, options.blobConnection);
    return {
      url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
      engine: opened,
      close: async () => {
        await queued?.stop();
        // Queries are interrupted at once, so that nobody waits for them; what is being written is finished.
        await Promise.all([door.close(), opened.readers.close()]);
        await opened.close();
      },
    };
  } catch (error) {
    await door.close();
    await engine?.close();
    throw error;
  }
}

/** The storage client costs a quarter of a second to load: only for those who use it. */
async function startQueued(engine: Engine, connection: string): Promise<QueuedIngestion> {
  const { QueuedIngestion: Ingestion } = await import('../ingest/queued-ingestion.ts');
  return Ingestion.start(engine, connection);
}

/** The HTTP thread as the engine sees it. */
class Door {
  readonly #worker = new Worker(DOOR, { name: 'http', execArgv: [] });
  readonly #running = new Map<number, AbortController>();
  readonly #closed = Promise.withResolvers<void>();
  #isOpen = false;
  #toldVersion = -1;

  /** Resolves with the port. */
  open(engine: Engine, port: number, host: string): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    this.#worker.on('error', (error) => {
      reject(error);
      // Without its door the engine serves nobody: better to end than to hang.
      if (this.#isOpen) throw error;
    });
    this.#worker.on('message', (message: FromDoor) => {
      if (message.kind === 'listening') {
        this.#isOpen = true;
        resolve(message.port);
      } else if (message.kind === 'failed') {
        reject(Object.assign(new Error(message.message), { code: message.code }));
      } else if (message.kind === 'closed') this.#closed.resolve();
      else if (message.kind === 'gone') this.#running.get(message.id)?.abort();
      else void this.#answer(engine, message.request);
    });
    this.#tellDatabases(engine);
    this.#tell({ kind: 'listen', port, host });
    return promise;
  }

  /** Takes no more requests, answers those that came, and ends the thread. */
  async close(): Promise<void> {
    if (this.#isOpen) {
      this.#isOpen = false;
      this.#tell({ kind: 'close' });
      await this.#closed.promise;
    }
    await this.#worker.terminate();
  }

  async #answer(engine: Engine, request: Parameters<typeof answerRequest>[1]): Promise<void> {
    const gone = new AbortController();
    this.#running.set(request.id, gone);
    const answer = await answerRequest(engine, request, gone.signal);
    this.#running.delete(request.id);
    this.#tellDatabases(engine);
    this.#tell({ kind: 'answer', id: request.id, answer });
    freeWhenQuiet();
  }

  #tellDatabases(engine: Engine): void {
    if (this.#toldVersion === engine.catalog.version) return;
    this.#toldVersion = engine.catalog.version;
    this.#tell({ kind: 'databases', names: engine.catalog.databases().map(({ name }) => name) });
  }

  #tell(message: ToDoor): void {
    this.#worker.postMessage(message, []);
  }
}
