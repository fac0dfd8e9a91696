import { createWriteStream, existsSync, mkdirSync, type WriteStream } from 'node:fs';
import { join, resolve } from 'node:path';
import { BlobServiceClient } from '@azure/storage-blob';
import { deployKql } from '../../scripts/kql-deploy.ts';
import { devConnectionString, startAzurite, type Azurite } from '../azurite/azurite.ts';
import { startChild, type Child, type ChildOptions } from '../child-process.ts';
import { createDemoHandler } from '../demo/handler.ts';
import { startEventGrid, type EventGrid } from '../event-grid/event-grid.ts';
import { startDataConnection } from '../event-hubs/data-connection.ts';
import type { HistoryProgress } from '../viewer/history-progress.ts';
import { startViewer, type Viewer } from '../viewer/server.ts';
import { startAudience } from './audience.ts';
import { buildAll } from './build.ts';
import type { StartOptions } from './options.ts';
import { DATABASE, DEMO_KEY, DROP_CONTAINER, functionSettings, hubConnection } from './settings.ts';
import { statusTable } from './status-table.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const RESTART_WAIT_MS = 1000;

/** Every process and server of the local stack, in the order in which they need each other. */
export class Stack {
  readonly #options: StartOptions;
  readonly #logs = new Map<string, WriteStream>();
  readonly #children = new Map<string, Child>();
  #azurite: Azurite | undefined;
  #eventGrid: EventGrid | undefined;
  #dataConnection: { stop(): Promise<void> } | undefined;
  #viewer: Viewer | undefined;
  #isStopping = false;
  #history: HistoryProgress | undefined;

  constructor(options: StartOptions) {
    this.#options = options;
    if (!options.isEmpty) this.#history = { fraction: 0 };
  }

  /** Resolves when everything answers; the audience goes on in the background. */
  async start(): Promise<void> {
    const { ports, dataDir, isEmpty } = this.#options;
    const started = performance.now();
    mkdirSync(join(dataDir, 'logs'), { recursive: true });
    const build = this.#step('Building the functions and the probe', () => buildAll(ROOT));
    // Awaited below; a failure before that must not end the process without a clean stop.
    build.catch(() => undefined);
    await this.#step('Azurite, Event Hubs', async () => {
      await Promise.all([this.#startAzurite(), this.#startHubs()]);
    });
    await this.#step('Kusto-compatible engine', () => this.#startKusto());
    await this.#step('Database: tables, views, functions, detectors', () =>
      deployKql({
        cluster: this.#kustoUrl,
        database: DATABASE,
        skipValidation: true,
        log: (line) => this.#log('kql', line),
      }),
    );
    if (this.#options.sink === 'event-hubs') this.#connectData();
    await build;
    await this.#step('Functions', () => this.#startFunctions());
    await this.#step('Event Grid relay', () => this.#startEventGrid());
    await this.#step('Dashboards, alert rules, demo page', () => this.#startViewer());
    console.log(statusTable(ports, dataDir, (performance.now() - started) / 1000));
    if (isEmpty) return;
    await startAudience({
      options: this.#options,
      root: ROOT,
      run: (child) => this.#child(child),
      print: (line) => console.log(line),
      onHistory: (progress) => (this.#history = progress),
    });
  }

  /** Stops in the reverse order: senders first, stores last. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    console.log('\nStopping …');
    const end = async (name: string): Promise<void> => this.#children.get(name)?.stop();
    await end('audience');
    await this.#viewer?.close();
    await this.#eventGrid?.close();
    await end('functions');
    await this.#dataConnection?.stop();
    await end('event-hubs');
    await end('kusto');
    await this.#azurite?.close();
    for (const log of this.#logs.values()) log.end();
    console.log('Stopped. Data are kept in %s.', this.#options.dataDir);
  }

  get #kustoUrl(): string {
    return `http://127.0.0.1:${this.#options.ports.kusto}`;
  }

  async #step(what: string, run: () => Promise<unknown>): Promise<void> {
    const started = performance.now();
    await run();
    console.log(`  ✓ ${what} (${((performance.now() - started) / 1000).toFixed(1)} s)`);
  }

  #log(name: string, line: string): void {
    const file = join(this.#options.dataDir, 'logs', `${name}.log`);
    const stream = this.#logs.get(name) ?? createWriteStream(file, { flags: 'a' });
    this.#logs.set(name, stream);
    stream.write(`${new Date().toISOString()} ${line}\n`);
  }

  /** A child that is started anew when it falls over, as the Functions host does with its worker. */
  async #child(
    options: Omit<ChildOptions, 'log' | 'onExit'> & { isOnce?: boolean; onLine?: (line: string) => void },
  ): Promise<void> {
    const child = await startChild({
      ...options,
      log: (line) => {
        this.#log(options.name, line);
        options.onLine?.(line);
      },
      onExit: (how) => {
        this.#children.delete(options.name);
        if (this.#isStopping || options.isOnce) return;
        console.error(
          `${options.name} ended (${how}), starting it again; see ${join(this.#options.dataDir, 'logs', `${options.name}.log`)}`,
        );
        setTimeout(
          () => void this.#child(options).catch((error: Error) => console.error(error.message)),
          RESTART_WAIT_MS,
        );
      },
    });
    this.#children.set(options.name, child);
  }

  async #startAzurite(): Promise<void> {
    const { ports, dataDir } = this.#options;
    this.#azurite = await startAzurite({
      dir: join(dataDir, 'azurite'),
      blobPort: ports.azuriteBlob,
      queuePort: ports.queue,
      log: (line) => this.#log('azurite', line),
    });
    // As in Azure, where infra/ makes it: whoever drops the first file finds its place.
    const blobs = BlobServiceClient.fromConnectionString(this.#azurite.connectionString());
    await blobs.getContainerClient(DROP_CONTAINER).createIfNotExists();
  }

  async #startHubs(): Promise<void> {
    const { ports, dataDir } = this.#options;
    await this.#child({
      name: 'event-hubs',
      args: [join(ROOT, 'local/event-hubs/main.ts'), `--port=${ports.hubs}`, `--data=${join(dataDir, 'event-hubs')}`],
      ready: /ready/,
    });
  }

  /** Stands for Kusto's data connection to hub `rows`. */
  #connectData(): void {
    this.#dataConnection = startDataConnection({
      connection: hubConnection(this.#options.ports),
      hub: 'rows',
      consumerGroup: 'adx',
      kustoUrl: this.#kustoUrl,
      database: DATABASE,
      stateDir: join(this.#options.dataDir, 'event-hubs'),
      fallback: { table: 'PlaybackEvents', format: 'multijson', mapping: 'PlaybackEvents_v1' },
      log: (line) => this.#log('data-connection', line),
    });
  }

  async #startKusto(): Promise<void> {
    const { ports, dataDir } = this.#options;
    await this.#child({
      name: 'kusto',
      args: [
        join(ROOT, 'local/kusto/main.ts'),
        `--db=${join(dataDir, 'kusto.duckdb')}`,
        `--port=${ports.kusto}`,
        `--blob-connection=${devConnectionString(ports.azuriteBlob, ports.queue)}`,
      ],
      ready: /ready|listening/i,
    });
  }

  async #startFunctions(): Promise<void> {
    const { ports, dataDir, useFunc, sink } = this.#options;
    const args = useFunc
      ? [join(ROOT, 'local/start/func.ts'), '--port', String(ports.functions)]
      : [
          join(ROOT, 'local/functions-host/main.ts'),
          '--port',
          String(ports.functions),
          '--app',
          ROOT,
          '--state',
          resolve(dataDir, 'functions-host'),
        ];
    await this.#child({
      name: 'functions',
      args,
      env: functionSettings(ports, dataDir, sink),
      ready: /Functions:|listening|ready/i,
    });
  }

  async #startEventGrid(): Promise<void> {
    const { ports, dataDir } = this.#options;
    this.#eventGrid = await startEventGrid({
      listenPort: ports.blob,
      azuriteBlobUrl: `http://127.0.0.1:${ports.azuriteBlob}`,
      subscriptions: [
        {
          name: 'blobCreated',
          endpoint: `http://127.0.0.1:${ports.functions}/runtime/webhooks/eventgrid?functionName=blobCreated`,
          containers: [DROP_CONTAINER],
        },
      ],
      stateDir: join(dataDir, 'event-grid'),
      log: (line) => this.#log('event-grid', line),
    });
  }

  async #startViewer(): Promise<void> {
    const { ports, dataDir } = this.#options;
    const functionsUrl = `http://127.0.0.1:${ports.functions}`;
    this.#viewer = await startViewer({
      port: ports.viewer,
      kustoUrl: this.#kustoUrl,
      database: DATABASE,
      dashboardsDir: join(ROOT, 'grafana/generated/dashboards'),
      alertsFile: join(ROOT, 'grafana/generated/alerts.json'),
      dataDir: join(dataDir, 'viewer'),
      functionsUrl,
      statusProvider: () => ({ history: this.#history }),
      extraHandlers: existsSync(join(ROOT, 'player-probe/demo'))
        ? [createDemoHandler({ endpoint: functionsUrl, key: DEMO_KEY })]
        : [],
    });
  }
}
