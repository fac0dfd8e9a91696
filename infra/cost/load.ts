import { readFileSync } from 'node:fs';
import { join } from 'node:path';

// What load a deployment carries, and what the profiles give it.

export type ProfileName = 'dev' | 'standard' | 'scale';

export interface Profile {
  readonly zones: readonly string[];
  readonly functions: {
    readonly instanceMemoryMB: number;
    readonly httpAlwaysReady: number;
    readonly maximumInstanceCount: number;
  };
  readonly storage: { readonly landingSku: string; readonly telemetryDeleteAfterDays: number };
  readonly kusto: {
    readonly skuName: string;
    readonly skuTier: string;
    readonly capacity: number;
    readonly maximumCapacity: number;
  };
  readonly eventHubs: { readonly skuName: string; readonly capacity: number; readonly maximumThroughputUnits: number };
  readonly grafana: { readonly zoneRedundancy: string };
  readonly monitoring: { readonly dailyQuotaGb: number; readonly samplingPercentage: number };
  readonly frontDoor: { readonly skuName: string };
}

const infra = join(import.meta.dirname, '..');
export const profiles = JSON.parse(readFileSync(join(infra, 'profiles.json'), 'utf8')) as Record<ProfileName, Profile>;

/** Averages over a month; peaks are the scaling model's matter. */
export interface Load {
  readonly eventsPerSecond: number;
  readonly eventsPerRequest: number;
  /** A row as JSON before compression. */
  readonly rowBytes: number;
  readonly regions: number;
  readonly isIsolated: boolean;
  readonly hasFrontDoor: boolean;
  readonly grafanaUsers: number;
  readonly blobsPerDay: number;
}

const base = {
  eventsPerRequest: 20,
  rowBytes: 1000,
  regions: 1,
  isIsolated: false,
  hasFrontDoor: false,
  grafanaUsers: 2,
  blobsPerDay: 1000,
};

/** What docs/cost.md reckons with. */
export const loads: Readonly<Record<ProfileName, Load>> = {
  dev: { ...base, eventsPerSecond: 10 },
  standard: { ...base, eventsPerSecond: 600, hasFrontDoor: true, grafanaUsers: 10, blobsPerDay: 10_000 },
  scale: {
    ...base,
    eventsPerSecond: 10_000,
    hasFrontDoor: true,
    isIsolated: true,
    regions: 2,
    grafanaUsers: 25,
    blobsPerDay: 100_000,
  },
};

/** vCPUs in the name of a SKU: `Standard_E8ads_v5` → 8. */
export const vcpusOf = (sku: string): number => Number(/_[A-Z]+(\d+)/.exec(sku)?.[1] ?? 0);

/** What one function instance carries: formula and sources in docs/scaling.md. */
export const INSTANCE = {
  /** CPU of a request in host and worker together, ms: measured on the real Node worker behind a small host. */
  requestCpuMs: 1.2,
  /** CPU of an event from bytes to rows, ms: `npm run bench -- --only pipeline`. */
  eventCpuMs: 0.03,
  /** Share of a core that may be busy before answers get slow. */
  usableShare: 0.6,
  /** Cores for each 2,048 MB: https://learn.microsoft.com/azure/azure-functions/flex-consumption-plan (instance sizes) */
  coresPerInstance: 1,
} as const;

/** Events a second that one instance takes in batches of this size. */
export const eventsPerInstance = (eventsPerRequest: number, memoryMb: number): number =>
  Math.floor(
    (INSTANCE.usableShare * INSTANCE.coresPerInstance * (memoryMb / 2048) * 1000) /
      (INSTANCE.requestCpuMs / eventsPerRequest + INSTANCE.eventCpuMs),
  );
