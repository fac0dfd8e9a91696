import { BlobServiceClient, ContainerSASPermissions, type ContainerClient } from '@azure/storage-blob';
import {
  QueueSASPermissions,
  QueueServiceClient,
  type DequeuedMessageItem,
  type QueueClient,
} from '@azure/storage-queue';
import type { Engine } from '../exec/engine.ts';
import { asKustoError } from '../exec/query.ts';
import { KustoError } from '../types.ts';
import { fetchBlob } from './fetch-blob.ts';
import { ingestionErrorCode } from './failure-log.ts';
import { ingestText } from './ingest-text.ts';

const CONTAINER = 'kusto-temp';
const QUEUES = {
  ready: 'kusto-ready-for-aggregation',
  failed: 'kusto-failed-ingestions',
  successful: 'kusto-successful-ingestions',
} as const;
const IDLE_POLL_MS = 500;
const VISIBILITY_SECONDS = 120;
const MAX_ATTEMPTS = 5;
const BLOB_LIMIT = 256 * 1024 * 1024;
const SAS_DAYS = 7;

/** The message that azure-kusto-ingest puts into the queue. */
interface IngestionMessage {
  readonly Id?: string;
  readonly BlobPath?: string;
  readonly DatabaseName?: string;
  readonly TableName?: string;
  readonly RetainBlobOnSuccess?: boolean;
  readonly AdditionalProperties?: {
    readonly format?: string;
    readonly ingestionMappingReference?: string;
    readonly ingestionMapping?: string;
    readonly ignoreFirstRecord?: boolean | string;
    readonly tags?: string;
    readonly ingestIfNotExists?: string | readonly string[];
  };
}

/** Kusto's data-management service: hands out upload places, takes messages from the queue and ingests their blobs. */
export class QueuedIngestion {
  readonly #engine: Engine;
  readonly #container: ContainerClient;
  readonly #ready: QueueClient;
  readonly #failed: QueueClient;
  readonly #stopped = new AbortController();
  #loop: Promise<void> = Promise.resolve();

  private constructor(engine: Engine, connectionString: string) {
    this.#engine = engine;
    this.#container = BlobServiceClient.fromConnectionString(connectionString).getContainerClient(CONTAINER);
    const queues = QueueServiceClient.fromConnectionString(connectionString);
    this.#ready = queues.getQueueClient(QUEUES.ready);
    this.#failed = queues.getQueueClient(QUEUES.failed);
    this.#successful = queues.getQueueClient(QUEUES.successful);
  }

  readonly #successful: QueueClient;

  /** Creates container and queues, offers them, and begins to poll. */
  static async start(engine: Engine, connectionString: string): Promise<QueuedIngestion> {
    const queued = new QueuedIngestion(engine, connectionString);
    await queued.#container.createIfNotExists();
    for (const queue of [queued.#ready, queued.#failed, queued.#successful]) await queue.createIfNotExists();
    engine.blobHosts.add(new URL(queued.#container.url).host);
    const rows = await queued.#resources();
    engine.queuedResources = () => rows;
    // SAS URLs end; new ones come long before.
    const renew = setInterval(() => {
      void queued.#resources().then(
        (fresh) => {
          engine.queuedResources = () => fresh;
        },
        () => {},
      );
    }, 86_400_000).unref();
    queued.#stopped.signal.addEventListener('abort', () => clearInterval(renew));
    queued.#loop = queued.#poll();
    return queued;
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#engine.queuedResources = null;
    await this.#loop;
  }

  async #resources(): Promise<string[][]> {
    const expiresOn = new Date(Date.now() + SAS_DAYS * 86_400_000);
    const queueUrl = (queue: QueueClient): string =>
      queue.generateSasUrl({ permissions: QueueSASPermissions.parse('raup'), expiresOn });
    const containerUrl = await this.#container.generateSasUrl({
      permissions: ContainerSASPermissions.parse('racwdl'),
      expiresOn,
    });
    return [
      ['SecuredReadyForAggregationQueue', queueUrl(this.#ready)],
      ['FailedIngestionsQueue', queueUrl(this.#failed)],
      ['SuccessfulIngestionsQueue', queueUrl(this.#successful)],
      ['TempStorage', containerUrl],
      // Status tables need table storage; clients that report to a table are told so when they try.
      ['IngestionsStatusTable', `${new URL(this.#container.url).origin}/unavailable`],
    ];
  }

  async #poll(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      const count = await this.#takeSome().catch(() => 0);
      if (count === 0)
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, IDLE_POLL_MS);
          signal.addEventListener(
            'abort',
            () => {
              clearTimeout(timer);
              resolve();
            },
            { once: true },
          );
        });
    }
  }

  async #takeSome(): Promise<number> {
    const { receivedMessageItems } = await this.#ready.receiveMessages({
      numberOfMessages: 16,
      visibilityTimeout: VISIBILITY_SECONDS,
    });
    await Promise.all(receivedMessageItems.map((item) => this.#handle(item)));
    return receivedMessageItems.length;
  }

  /** Ingests one message. Permanent failures and the last of {@link MAX_ATTEMPTS} are recorded and the message is removed; others come back. */
  async #handle(item: DequeuedMessageItem): Promise<void> {
    let message: IngestionMessage = {};
    try {
      message = decode(item.messageText);
      await this.#ingest(message);
    } catch (error) {
      const known = error instanceof KustoError ? error : asKustoError(error);
      if (!known.permanent && item.dequeueCount < MAX_ATTEMPTS) return;
      await this.#record(message, known);
    }
    await this.#ready.deleteMessage(item.messageId, item.popReceipt).catch(() => {});
  }

  async #ingest(message: IngestionMessage): Promise<void> {
    const { BlobPath: path, DatabaseName: database, TableName: table, AdditionalProperties: properties = {} } = message;
    if (path === undefined || database === undefined || table === undefined) {
      throw new KustoError('BADREQUEST', 'BadRequest_InvalidMessage: the message names no blob, database or table');
    }
    const guards = properties.ingestIfNotExists;
    const tags: unknown = typeof guards === 'string' ? JSON.parse(guards) : (guards ?? []);
    if (Array.isArray(tags) && (await this.#engine.tags.hasAny(database, table, tags.map(String)))) return;
    const body = await fetchBlob(path, BLOB_LIMIT, this.#engine.blobHosts);
    await ingestText(this.#engine, {
      database,
      table,
      body,
      location: path.split('?')[0] ?? '',
      format: properties.format ?? 'csv',
      mappingName: properties.ingestionMappingReference,
      mapping: properties.ingestionMapping,
      ignoreFirstRecord: String(properties.ignoreFirstRecord) === 'true',
    });
    if (properties.tags !== undefined) {
      await this.#engine.writer.exclusive(({ connection }) =>
        this.#engine.tags.add(connection, database, table, properties.tags),
      );
    }
    // Uploads of the client lie in our own container and are of no more use.
    const name = new URL(path).pathname.split(`/${CONTAINER}/`)[1];
    if (name !== undefined) await this.#container.deleteBlob(decodeURIComponent(name)).catch(() => {});
  }

  async #record(message: IngestionMessage, error: KustoError): Promise<void> {
    const source = (message.BlobPath ?? '').split('?')[0] ?? '';
    const errorCode = ingestionErrorCode(error.message);
    const database = message.DatabaseName ?? this.#engine.defaultDatabase;
    await this.#engine.failures.add({
      database,
      table: message.TableName ?? '',
      source,
      errorCode,
      details: error.message,
      isPermanent: error.permanent,
    });
    const report = {
      IngestionSourceId: message.Id,
      Database: database,
      Table: message.TableName,
      FailedOn: new Date(),
      IngestionSourcePath: source,
      Details: error.message,
      ErrorCode: errorCode,
      FailureStatus: error.permanent ? 'Permanent' : 'Exhausted',
    };
    await this.#failed.sendMessage(Buffer.from(JSON.stringify(report)).toString('base64')).catch(() => {});
  }
}

function decode(text: string): IngestionMessage {
  try {
    const json = text.trimStart().startsWith('{') ? text : Buffer.from(text, 'base64').toString('utf8');
    return JSON.parse(json) as IngestionMessage;
  } catch {
    throw new KustoError('BADREQUEST', 'BadRequest_InvalidMessage: the queue message is not JSON');
  }
}
