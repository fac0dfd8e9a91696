// The product on loopback with a fault proxy before each thing it depends on: engine, Azurite, Event Grid relay and functions as processes of their own.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventHubProducerClient } from '@azure/event-hubs';
import { BlobServiceClient } from '@azure/storage-blob';
import { Client } from 'azure-kusto-data';
import { devConnectionString, startAzurite } from '../../local/azurite/azurite.ts';
import { startChild, type Child } from '../../local/child-process.ts';
import { startEventGrid } from '../../local/event-grid/event-grid.ts';
import type { FunctionsHost } from '../../local/functions-host/supervisor.ts';
import { startBroker } from '../../local/event-hubs/broker.ts';
import { deployKql } from '../../scripts/kql-deploy.ts';
import { builtApp, testSettings } from '../support/functions-app.ts';
import type { Injection, Target } from './catalogue.ts';
import type { Vitals } from './inside.ts';
import { startFaultProxy, type FaultProxy } from './proxy.ts';
import { startWireProxy, type WireProxy } from './tcp-proxy.ts';

const ROOT = join(import.meta.dirname, '..', '..');
export const DROP = 'telemetry';
export const HUB = 'telemetry';

export interface FaultStack {
  readonly host: FunctionsHost;
  /** What the host has said. */
  readonly lines: readonly string[];
  readonly proxies: Readonly<Record<Target, FaultProxy>>;
  /** Between the host's trigger and the hub. */
  readonly hubWire: WireProxy;
  /** Sends to the hub, past that proxy. */
  readonly producer: EventHubProducerClient;
  /** Straight to Azurite, past proxy and relay. */
  readonly blobs: BlobServiceClient;
  /** Where an uploader reaches the relay, and the name under which the functions know it. */
  readonly relay: { readonly port: number; readonly knownAs: string };
  readonly engine: Engine;
  /** Where the engine keeps its files. */
  readonly databaseDir: string;
  /** Memory and lag of the functions' process, second by second. */
  vitals(): Vitals[];
  query<Row>(csl: string): Promise<Row[]>;
  inject(target: Target, injection: Injection): Promise<void>;
  heal(): Promise<void>;
  close(): Promise<void>;
}

export interface Engine {
  readonly url: string;
  readonly pid: number;
  /** SIGKILL, unless it has ended already, then a new process on the same file and port. Resolves when it answers. */
  killAndRestart(): Promise<void>;
  stop(): Promise<void>;
}

/** A port that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** The engine as a process of its own on `file`. */
export async function startEngine(file: string, args: readonly string[] = []): Promise<Engine> {
  const port = await freePort();
  let isKilling = false;
  const launch = (): Promise<Child> =>
    startChild({
      name: 'kusto',
      args: [join(ROOT, 'local/kusto/main.ts'), `--db=${file}`, `--port=${port}`, ...args],
      ready: /ready at/,
      log: () => undefined,
      onExit: (how) => {
        if (!isKilling) console.error(`the engine ended by itself: ${how}`);
      },
    });
  let child = await launch();
  return {
    url: `http://127.0.0.1:${port}`,
    get pid() {
      return child.pid;
    },
    async killAndRestart() {
      isKilling = true;
      try {
        process.kill(child.pid, 'SIGKILL');
      } catch {
        // It has ended already.
      }
      await child.stop();
      isKilling = false;
      child = await launch();
    },
    stop: () => child.stop(),
  };
}

export interface StackOptions {
  /** Settings beside those of the tests. */
  readonly env?: Readonly<Record<string, string>>;
  /** Folder of the engine's database; a temporary one without it. */
  readonly databaseDir?: string;
  /** Without blob storage there is no spill and no blob door. */
  readonly withoutBlobs?: boolean;
}

export async function startFaultStack(options: StackOptions = {}): Promise<FaultStack> {
  const dir = mkdtempSync(join(tmpdir(), 'framewatch-faults-'));
  const dnsFile = join(dir, 'dns-is-gone');
  const vitalsFile = join(dir, 'vitals.ndjson');
  const databaseDir = options.databaseDir ?? dir;
  const functionsPort = await freePort();
  const hubs = [{ name: HUB, partitionCount: 2, consumerGroups: ['functions'] }];
  const [engine, azurite, app, broker] = await Promise.all([
    startEngine(join(databaseDir, 'kusto.duckdb')),
    startAzurite({ blobPort: 0, queuePort: 0 }),
    builtApp(),
    startBroker({ port: 0, dir: join(dir, 'hubs'), hubs }),
  ]);
  const endpoint = `http://127.0.0.1:${functionsPort}/runtime/webhooks/eventgrid?functionName=blobCreated`;
  const [relay] = await Promise.all([
    startEventGrid({
      listenPort: 0,
      azuriteBlobUrl: azurite.blobUrl,
      subscriptions: [{ endpoint, containers: [DROP] }],
    }),
    deployKql({ cluster: engine.url, database: 'framewatch', skipValidation: true, log: () => undefined }),
  ]);
  const proxies = {
    kusto: await startFaultProxy(Number(new URL(engine.url).port)),
    blob: await startFaultProxy(relay.port),
  };
  const hubWire = await startWireProxy(broker.port);
  const producer = new EventHubProducerClient(broker.connectionString, HUB);
  const blobs = BlobServiceClient.fromConnectionString(azurite.connectionString());
  await blobs.getContainerClient(DROP).createIfNotExists();
  const knownAs = `localhost:${proxies.blob.port}`;
  const { host, lines } = await app.start(
    {
      ...testSettings(`http://localhost:${proxies.kusto.port}`),
      ...(options.withoutBlobs
        ? {}
        : { FRAMEWATCH_BLOB_CONNECTION: devConnectionString(proxies.blob.port).replace('127.0.0.1', 'localhost') }),
      FRAMEWATCH_DROP_CONTAINERS: `${DROP}=default`,
      FRAMEWATCH_HUB: broker.connectionString.replace(`:${broker.port}`, `:${hubWire.port}`),
      NODE_OPTIONS: `--import ${new URL('inside.ts', import.meta.url).href}`,
      FAULT_DNS_FILE: dnsFile,
      FAULT_VITALS_FILE: vitalsFile,
      ...options.env,
    },
    functionsPort,
  );
  const client = new Client(`Data Source=${engine.url};Initial Catalog=framewatch`);
  return {
    host,
    lines,
    proxies,
    hubWire,
    producer,
    blobs,
    relay: { port: relay.port, knownAs },
    engine,
    databaseDir,
    vitals: () =>
      readFileSync(vitalsFile, 'utf8')
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Vitals),
    query: async <Row>(csl: string) =>
      (await client.execute('framewatch', csl)).primaryResults[0]?.toJSON<Row>().data ?? [],
    async inject(target, injection) {
      const proxy = proxies[target];
      if (injection === 'down') await proxy.down();
      else if (injection === 'dns') {
        writeFileSync(dnsFile, '');
        proxy.cut();
      } else proxy.inject(injection(target));
    },
    async heal() {
      rmSync(dnsFile, { force: true });
      await Promise.all([proxies.kusto.heal(), proxies.blob.heal(), hubWire.heal()]);
    },
    async close() {
      client.close();
      await Promise.all([relay.close(), producer.close()]);
      await host.close();
      await Promise.all([proxies.kusto.close(), proxies.blob.close(), hubWire.close()]);
      await Promise.all([engine.stop(), azurite.close(), broker.close()]);
      app.remove();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
