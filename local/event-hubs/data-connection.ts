import { EventHubConsumerClient, type ReceivedEventData } from '@azure/event-hubs';
import { hubCheckpoints } from './checkpoints.ts';
import { bodyBytes, HubReader, READER_RETRIES } from './hub-reader.ts';

// Kusto's data connection to an event hub, as infra/modules/kusto-connection.bicep deploys it: each event says by its properties
// which table, format and mapping it is for, and the connection says it for those that do not.
// https://learn.microsoft.com/azure/data-explorer/ingest-data-event-hub-overview#ingestion-properties

interface Route {
  readonly table: string;
  readonly format: string;
  readonly mapping: string | undefined;
}

export interface DataConnectionOptions {
  /** Connection string of the namespace. */
  readonly connection: string;
  readonly hub: string;
  readonly consumerGroup: string;
  readonly kustoUrl: string;
  readonly database: string;
  /** Where checkpoints are kept. */
  readonly stateDir: string;
  /** For events without properties of their own. */
  readonly fallback: Route;
  readonly log: (line: string) => void;
}

const MAX_BATCH = 200;
/** Events for one place share a call up to this size. */
const CALL_BYTES = 3_500_000;
const FIRST_RETRY_MS = 250;
const SLOWEST_RETRY_MS = 10_000;
const NEWLINE = Buffer.from('\n');

interface Call extends Route {
  readonly bodies: Buffer[];
}

/** Names of properties are case-sensitive. An event for another database is not for us. */
function routeOf(
  { properties = {} }: ReceivedEventData,
  { fallback, database }: DataConnectionOptions,
): Route | undefined {
  const textOf = (name: string): string | undefined => {
    const value: unknown = properties[name];
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  if ((textOf('Database') ?? database) !== database) return undefined;
  const table = textOf('Table');
  return {
    table: table ?? fallback.table,
    format: (textOf('Format') ?? fallback.format).toLowerCase(),
    // The mapping of the connection is made for its table.
    mapping: textOf('IngestionMappingReference') ?? (table === undefined ? fallback.mapping : undefined),
  };
}

const isSame = (a: Route, b: Route): boolean => a.table === b.table && a.format === b.format && a.mapping === b.mapping;
const sizeOf = (bodies: readonly Buffer[]): number => bodies.reduce((sum, { length }) => sum + length + 1, 0);

/** Events in their order as calls; neighbours for the same place share one. */
function callsOf(events: readonly ReceivedEventData[], options: DataConnectionOptions): Call[] {
  const calls: Call[] = [];
  for (const event of events) {
    const body = bodyBytes(event);
    const route = routeOf(event, options);
    if (!route) {
      options.log(`an event for another database is left out (partition key ${event.partitionKey ?? 'none'})`);
      continue;
    }
    const last = calls.at(-1);
    if (last && isSame(last, route) && sizeOf(last.bodies) + body.length <= CALL_BYTES) last.bodies.push(body);
    else calls.push({ ...route, bodies: [body] });
  }
  return calls;
}

/** `refused`: the data are at fault, as Kusto says it; `away`: try again. */
async function ingest(call: Call, options: DataConnectionOptions): Promise<'stored' | 'refused' | 'away'> {
  const url = new URL(
    `/v1/rest/ingest/${encodeURIComponent(options.database)}/${encodeURIComponent(call.table)}`,
    options.kustoUrl,
  );
  url.searchParams.set('streamFormat', call.format);
  if (call.mapping !== undefined) url.searchParams.set('mappingName', call.mapping);
  const body = Buffer.concat(call.bodies.flatMap((part) => [part, NEWLINE]));
  let response: Response;
  try {
    response = await fetch(url, { method: 'POST', body, headers: { 'content-type': 'application/octet-stream' } });
    await response.arrayBuffer();
  } catch {
    return 'away';
  }
  if (response.ok) return 'stored';
  return response.status === 400 || response.status === 404 ? 'refused' : 'away';
}

/** Starts reading; what is stored twice after a kill, the deduplicated views remove, as in Azure. */
export function startDataConnection(options: DataConnectionOptions): { stop(): Promise<void> } {
  const { connection, hub, consumerGroup, log } = options;
  /** True when all events are stored or refused for good; false when the reader stops before. */
  const deliver = async (call: Call): Promise<boolean> => {
    for (let wait = FIRST_RETRY_MS; ; wait = Math.min(wait * 2, SLOWEST_RETRY_MS)) {
      const outcome = await ingest(call, options);
      if (outcome === 'stored') return true;
      if (outcome === 'refused') {
        // One bad event must not harm those that share its call.
        if (call.bodies.length > 1) {
          for (const body of call.bodies) if (!(await deliver({ ...call, bodies: [body] }))) return false;
        } else
          log(`an event for table ${call.table} was refused and is left out; see .show streamingingestion failures`);
        return true;
      }
      await reader.pause(wait);
      if (reader.isStopped) return false;
    }
  };
  const reader = new HubReader({
    key: `data-connection/${hub}/${consumerGroup}`,
    checkpoints: hubCheckpoints(options.stateDir),
    maxBatchSize: MAX_BATCH,
    connect: () =>
      Promise.resolve(new EventHubConsumerClient(consumerGroup, connection, hub, { retryOptions: READER_RETRIES })),
    async process(_partition, events) {
      for (const call of callsOf(events, options)) if (!(await deliver(call))) return false;
      return true;
    },
    say: (level, message) => log(`${level}: ${message}`),
  });
  void reader.start();
  return { stop: () => reader.stop() };
}
