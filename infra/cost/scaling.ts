import { eventsPerInstance, type Load } from './load.ts';

// From events a second at the peak to units of each service, and which one is full first. Formulas and sources: docs/scaling.md.

/** Documented limits: https://learn.microsoft.com/azure/data-explorer/ingest-data-streaming and …/event-hubs/event-hubs-scalability */
export const LIMITS = {
  /** Streaming ingestion is meant for less than this for each table, uncompressed. */
  streamingGbPerHourAndTable: 4,
  /** Streaming requests at a time for each core of the cluster. */
  streamingCallsPerCore: 6,
  /** Data of one streaming request. */
  streamingMbPerCall: 4,
  /** Instances of a Flex Consumption app. */
  flexInstances: 1000,
  /** Memory of all Flex Consumption apps of a subscription in a region, MB, unless raised. */
  flexMemoryMb: 512_000,
  throughputUnitMbPerSecond: 1,
  throughputUnitsAtMost: 40,
  /** Lower end of what Microsoft gives for a processing unit (5 to 10 MB/s). */
  processingUnitMbPerSecond: 5,
  processingUnitsAtMost: 16,
} as const;

/** Assumptions, to be replaced by measurements on your cluster. */
export const ASSUMED = {
  /** Raw MB a second that a core of the engine ingests beside queries. */
  kustoMbPerSecondAndCore: 1,
  /** Tables that share the load: beats and events. */
  tables: 2,
  /** Share of the larger table. */
  largerTableShare: 0.7,
  coresPerNode: 16,
  /** Headroom for peaks within the minute and for a lost node. */
  headroom: 1.5,
} as const;

/** What a peak needs, region by region together. */
export interface Needs {
  readonly eventsPerSecond: number;
  readonly mbPerSecond: number;
  readonly requestsPerSecond: number;
  readonly functionInstances: number;
  /** Of the larger table, compared with what streaming ingestion is meant for. */
  readonly streamingGbPerHour: number;
  readonly path: 'streaming' | 'Event Hubs';
  readonly throughputUnits: number;
  readonly processingUnits: number;
  readonly kustoCores: number;
  readonly kustoNodes: number;
  readonly full: string;
}

/** @param memoryMb memory of a function instance */
export function needsOf(
  eventsPerSecond: number,
  load: Pick<Load, 'eventsPerRequest' | 'rowBytes'>,
  memoryMb: number,
): Needs {
  const mbPerSecond = (eventsPerSecond * load.rowBytes) / 1e6;
  const requestsPerSecond = eventsPerSecond / load.eventsPerRequest;
  const functionInstances = Math.max(
    1,
    Math.ceil((eventsPerSecond * ASSUMED.headroom) / eventsPerInstance(load.eventsPerRequest, memoryMb)),
  );
  const streamingGbPerHour = (mbPerSecond * ASSUMED.largerTableShare * 3600) / 1000;
  const path = streamingGbPerHour < LIMITS.streamingGbPerHourAndTable ? 'streaming' : 'Event Hubs';
  const throughputUnits = Math.max(1, Math.ceil((mbPerSecond * ASSUMED.headroom) / LIMITS.throughputUnitMbPerSecond));
  const processingUnits = Math.max(1, Math.ceil((mbPerSecond * ASSUMED.headroom) / LIMITS.processingUnitMbPerSecond));
  const kustoCores = Math.max(2, Math.ceil((mbPerSecond * ASSUMED.headroom) / ASSUMED.kustoMbPerSecondAndCore));
  const limits: readonly (readonly [name: string, share: number])[] = [
    ['streaming ingestion of the larger table', streamingGbPerHour / LIMITS.streamingGbPerHourAndTable],
    ['Event Hubs Standard', throughputUnits / LIMITS.throughputUnitsAtMost],
    ['one Event Hubs Premium namespace', processingUnits / LIMITS.processingUnitsAtMost],
    ['Flex Consumption memory of a region', (functionInstances * memoryMb) / LIMITS.flexMemoryMb],
  ];
  const over = limits.filter(([, share]) => share >= 1).map(([name]) => name);
  const [next] = limits.filter(([, share]) => share < 1).sort((a, b) => b[1] - a[1]);
  const full =
    over.length > 0 ? `past: ${over.join(', ')}` : `next: ${next?.[0]} at ${Math.round((next?.[1] ?? 0) * 100)} %`;
  return {
    eventsPerSecond,
    mbPerSecond,
    requestsPerSecond,
    functionInstances,
    streamingGbPerHour,
    path,
    throughputUnits,
    processingUnits,
    kustoCores,
    kustoNodes: Math.max(2, Math.ceil(kustoCores / ASSUMED.coresPerNode)),
    full,
  };
}

export const STEPS = [100, 300, 1000, 1600, 3000, 10_000, 30_000, 100_000, 300_000, 1_000_000] as const;
