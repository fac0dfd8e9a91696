import { app } from '@azure/functions';
import packageJson from '../package.json' with { type: 'json' };
import { blobReader } from './adapters/blob-reader.ts';
import { catalogCache } from './adapters/catalog-cache.ts';
import { checkpointStore } from './adapters/checkpoint-store.ts';
import { counterStore } from './adapters/counters.ts';
import { digestsOf } from './adapters/digests.ts';
import { rowsHub } from './adapters/event-hubs-client.ts';
import { eventHubsSink } from './adapters/event-hubs-sink.ts';
import { geoDatabase } from './adapters/geo-database.ts';
import { inflater } from './adapters/inflater.ts';
import { kustoClient } from './adapters/kusto-client.ts';
import { kustoQueue, queuedSink } from './adapters/kusto-queue.ts';
import { kustoSink } from './adapters/kusto-sink.ts';
import { saltStore } from './adapters/salt-store.ts';
import { spillStore } from './adapters/spill-store.ts';
import { storageAccount } from './adapters/storage-account.ts';
import { batchIds, systemClock } from './adapters/system.ts';
import { tokenVerifier } from './adapters/token-verifier.ts';
import { userAgentReader } from './adapters/user-agents.ts';
import { readConfig } from './config.ts';
import { booksAudit } from './pipeline/books-audit.ts';
import { catalogsOf } from './pipeline/catalogs.ts';
import { DEFAULT_LIMITS } from './pipeline/decode.ts';
import { healthChecks, type Probe } from './pipeline/health.ts';
import { tellZeros } from './pipeline/known-labels.ts';
import { standingOf, watchedSink, watchedSpill, type Standing } from './pipeline/standing.ts';
import { blobCreated } from './triggers/blob-created.ts';
import { detect } from './triggers/detect.ts';
import { drainSpill } from './triggers/drain-spill.ts';
import { health, livez, readyz } from './triggers/health.ts';
import { ingestEvents } from './triggers/ingest-events.ts';
import { metrics } from './triggers/metrics.ts';
import { reconcileBlobs } from './triggers/reconcile-blobs.ts';
import { resumeBlobs } from './triggers/resume-blobs.ts';
import { telemetryHub } from './triggers/telemetry-hub.ts';
import { rotateSalts } from './triggers/rotate-salts.ts';
import { guarded } from './triggers/guarded.ts';
import { safeLine } from './triggers/log-safety.ts';
import { quotas } from './triggers/quotas.ts';
import { keyRing } from './triggers/write-keys.ts';

// The composition root: settings → adapters → functions. The only file that registers functions.

const { version } = packageJson;
const MAX_WIRE_BYTES = 1024 * 1024;
const TELEMETRY_HUB = 'telemetry';
const ROWS_HUB = 'rows';

const config = readConfig();
const clock = systemClock;
const counters = counterStore(clock);
const { blob } = config;
tellZeros(counters, ['http', ...(blob ? (['blob'] as const) : []), ...(config.hub ? (['hub'] as const) : [])]);
const account = blob && storageAccount({ ...blob, managedIdentityClientId: config.managedIdentityClientId });
const salts = account && config.saltDays > 0 ? saltStore(account, clock, config.saltDays) : undefined;
const digests = digestsOf(config.pseudonymSecret, salts && { salts, counters });
const kusto = kustoClient({ ...config.kusto, managedIdentityClientId: config.managedIdentityClientId });
const writing = { clock, counters, ...config.kusto };
// Half the deadline, so that a send whose answer was lost is tried once more within it.
const attemptMs = config.kusto.deadlineMs / 2;
const { managedIdentityClientId } = config;
const hub =
  config.sink === 'event-hubs' && config.hub
    ? rowsHub({ ...config.hub, hub: ROWS_HUB, attemptMs, managedIdentityClientId })
    : undefined;
const sinkStanding = standingOf(clock);
const sink = watchedSink(
  hub ? eventHubsSink({ hub, ...writing }) : kustoSink({ client: kusto, ...writing }),
  sinkStanding,
);
const queue = kustoQueue({ ...config.kusto, managedIdentityClientId });
const geo = config.geoDatabases.length > 0 ? geoDatabase(config.geoDatabases) : undefined;
const query = (text: string) => kusto.query(text);
const catalogs = catalogCache({ query, clock, gauges: counters, build: catalogsOf });
const core = {
  sink,
  clock,
  counters,
  // What a batch needs to be at hand before it is read: the salt of its day, and names.
  digests: {
    ...digests,
    prepare: async (atMs: number) => {
      await Promise.all([digests.prepare?.(atMs), catalogs.prepare()]);
    },
  },
  geo,
  catalogs,
  userAgents: userAgentReader(),
  limits: DEFAULT_LIMITS,
};

const spillStanding = standingOf(clock);
const spill = account && watchedSpill(spillStore(account, clock), spillStanding);

// Whatever is logged, by whomever: one line, bounded, without control characters and secrets.
app.hook.log((log) => {
  log.message = safeLine(log.message);
});
app.hook.preInvocation((invocation) => {
  invocation.functionHandler = guarded(invocation.functionHandler);
});

let isDraining = false;
// Heard before the host stops listening: readiness goes first, so that nothing new is sent here.
process.once('SIGTERM', () => {
  isDraining = true;
});
app.hook.appTerminate(() => {
  isDraining = true;
  hub?.close();
  kusto.close();
  queue.close();
});

app.http('ingestEvents', {
  methods: ['POST', 'OPTIONS'],
  authLevel: 'anonymous',
  route: 'v1/events',
  handler: ingestEvents({
    ...core,
    spill,
    ids: batchIds(clock),
    inflater,
    keys: keyRing(config.keys),
    quota: quotas(clock, config.networkEventsPerSecond),
    tokens: config.tokenSecrets && tokenVerifier(config.tokenSecrets),
    maxWireBytes: MAX_WIRE_BYTES,
    edgeHeaders: config.edgeHeaders,
    addressHeader: config.addressHeader,
    advice: {
      ...(config.heartbeatSeconds === undefined ? {} : { interval: config.heartbeatSeconds }),
      ...(config.sampleRate === undefined ? {} : { sample: config.sampleRate }),
    },
    isDraining: () => isDraining,
  }),
});

if (blob && account && spill) {
  const run = {
    ...core,
    reader: blobReader(account),
    checkpoints: checkpointStore(account),
    tenants: blob.drops,
    // Hubs are a queue themselves.
    queue: hub ? undefined : { sink: queuedSink(queue, sink, counters), fromBytes: blob.queuedFromBytes },
  };
  app.eventGrid('blobCreated', { handler: blobCreated({ ...run, account, topic: blob.topic }) });
  app.timer('reconcileBlobs', { schedule: '30 * * * * *', handler: reconcileBlobs({ ...run, graceMs: blob.graceMs }) });
  app.timer('drainSpill', {
    schedule: '*/15 * * * * *',
    handler: drainSpill(spill, { ...core, isDraining: () => isDraining }),
  });
  // Between the runs of drainSpill, whose calls try whether the store is back.
  app.timer('resumeBlobs', { schedule: '7-59/15 * * * * *', handler: resumeBlobs(run) });
}

if (config.hub) {
  const handler = telemetryHub({ ...core, spill, inflater, hub: TELEMETRY_HUB, tenant: config.hub.tenant });
  const binding = {
    connection: 'FRAMEWATCH_HUB',
    eventHubName: TELEMETRY_HUB,
    consumerGroup: 'functions',
    cardinality: 'many' as const,
    // Without it the host parses bodies before the function sees them, and a batch with one that is not JSON is lost:
    // https://github.com/Azure/azure-functions-eventhubs-extension/issues/118
    dataType: 'binary',
  };
  // Without end: a partition waits until its events are stored, spilled or in quarantine.
  const retry = {
    strategy: 'exponentialBackoff' as const,
    maxRetryCount: -1,
    minimumInterval: { seconds: 1 },
    maximumInterval: { minutes: 1 },
  };
  app.eventHub('telemetryHub', { ...binding, retry, handler });
}

if (salts) app.timer('rotateSalts', { schedule: '0 7 * * * *', handler: rotateSalts(salts) });

app.timer('detect', {
  schedule: '0 * * * * *',
  handler: detect({ clock, counters, command: (text) => kusto.command(text) }),
});

/** Well when it answers and does not refuse what is written. */
const wayOf = (name: string, store: { ping(): Promise<void> }, standing: Standing): Probe => ({
  name,
  role: 'way',
  run: async () => {
    await store.ping();
    standing.assert();
  },
});
const probes: readonly Probe[] = [
  // Readiness is about what stands on the way of an event, and about nothing else.
  ...(hub ? [wayOf('event-hubs', hub, sinkStanding)] : []),
  hub ? { name: 'kusto', role: 'support', run: () => kusto.ping() } : wayOf('kusto', kusto, sinkStanding),
  ...(spill ? [wayOf('spill', spill, spillStanding)] : []),
  ...(salts ? [{ name: 'salts', role: 'support' as const, run: () => salts.ping() }] : []),
];
const healthOptions = {
  check: healthChecks(probes, clock),
  isDraining: () => isDraining,
  readCounters: () => counters.read(),
};
const audit = booksAudit({ query, clock, counters });
const build = { version, node: process.versions.node };
const probeRoute = { methods: ['GET' as const], authLevel: 'anonymous' as const };
app.http('livez', { ...probeRoute, handler: livez() });
app.http('readyz', { ...probeRoute, handler: readyz(healthOptions) });
app.http('health', { ...probeRoute, handler: health(healthOptions) });
app.http('metrics', { methods: ['GET'], authLevel: 'function', handler: metrics({ ...healthOptions, audit, build }) });
