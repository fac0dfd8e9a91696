import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventsPerInstance, vcpusOf, type Load, type Profile } from './load.ts';

// Cost of a month: amount × unit price, one line a thing that is paid for.

interface Price {
  readonly usd: number;
  readonly unit: string;
  readonly of: string;
  readonly source: string;
  readonly isChecked: boolean;
}
type PriceName =
  | 'vmPerVcpuMonth'
  | 'kustoMarkupPerVcpuMonth'
  | 'kustoDevMonth'
  | 'kustoDataManagementMonth'
  | 'storageZrsGbMonth'
  | 'storageGrsGbMonth'
  | 'blobWritesPer10k'
  | 'eventHubsTuMonth'
  | 'eventHubsPuMonth'
  | 'eventGridPerMillion'
  | 'functionsGbSecond'
  | 'functionsPerMillion'
  | 'logAnalyticsGb'
  | 'metricAlertMonth'
  | 'logAlertMonth'
  | 'grafanaInstanceMonth'
  | 'grafanaUserMonth'
  | 'frontDoorStandardMonth'
  | 'frontDoorPremiumMonth'
  | 'frontDoorPer10k'
  | 'privateEndpointMonth';

interface PriceList {
  readonly date: string;
  readonly note: string;
  readonly hoursPerMonth: number;
  readonly prices: Readonly<Record<PriceName, Price>>;
}

const infra = join(import.meta.dirname, '..');
export const priceList = JSON.parse(readFileSync(join(import.meta.dirname, 'prices.json'), 'utf8')) as PriceList;
const alerts = JSON.parse(readFileSync(join(infra, 'alerts.json'), 'utf8')) as {
  metrics: unknown[];
  queries: unknown[];
};

/** One line of the bill. */
export interface CostLine {
  readonly service: string;
  readonly formula: string;
  readonly usd: number;
}

const SECONDS_PER_MONTH = priceList.hoursPerMonth * 3600;
/** Raw rows are kept 90 days and shrink about eight times in the column store; an assumption to be replaced by your own `.show table extents`. */
const STORED_DAYS = 90;
const COMPRESSION = 8;
/** Telemetry of the platform itself, bytes a request before sampling. */
const LOG_BYTES_PER_REQUEST = 2000;
/** host, landing, hub, kusto, vault: infra/modules/stamp.bicep. */
const ENDPOINTS_PER_STAMP = 5;
const GB = 1e9;

const price = (name: PriceName): number => priceList.prices[name].usd;
const round = (value: number): string =>
  value >= 100 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(3)));

function kusto({ kusto: { skuName, skuTier, capacity } }: Profile, load: Load): CostLine[] {
  const storedGb = (load.eventsPerSecond * load.rowBytes * 86_400 * STORED_DAYS) / COMPRESSION / GB;
  const disk: CostLine = {
    service: 'Azure Data Explorer: storage',
    formula: `${round(storedGb)} GB = events/s × ${load.rowBytes} B × 86,400 s × ${STORED_DAYS} d ÷ ${COMPRESSION}, × ${price('storageZrsGbMonth')}`,
    usd: storedGb * price('storageZrsGbMonth'),
  };
  if (skuTier === 'Basic')
    return [
      {
        service: 'Azure Data Explorer',
        formula: `1 dev cluster × ${price('kustoDevMonth')}`,
        usd: price('kustoDevMonth'),
      },
      disk,
    ];
  const vcpus = vcpusOf(skuName) * capacity;
  const each = price('vmPerVcpuMonth') + price('kustoMarkupPerVcpuMonth');
  return [
    {
      service: 'Azure Data Explorer: engine',
      formula: `${capacity} × ${skuName} = ${vcpus} vCPU × (${price('vmPerVcpuMonth')} + ${price('kustoMarkupPerVcpuMonth')})`,
      usd: vcpus * each,
    },
    {
      service: 'Azure Data Explorer: data management',
      formula: `1 cluster × ${price('kustoDataManagementMonth')}`,
      usd: price('kustoDataManagementMonth'),
    },
    disk,
  ];
}

function functions({ functions: { instanceMemoryMB, httpAlwaysReady } }: Profile, load: Load): CostLine[] {
  const instances = Math.max(
    httpAlwaysReady,
    Math.ceil(load.eventsPerSecond / load.regions / eventsPerInstance(load.eventsPerRequest, instanceMemoryMB)),
  );
  const gbSeconds = instances * (instanceMemoryMB / 1024) * SECONDS_PER_MONTH;
  const millions = (load.eventsPerSecond / load.regions / load.eventsPerRequest) * (SECONDS_PER_MONTH / 1e6);
  return [
    {
      service: 'Functions: instances',
      formula: `${instances} × ${instanceMemoryMB / 1024} GB × ${SECONDS_PER_MONTH.toLocaleString('en')} s × ${price('functionsGbSecond')}`,
      usd: gbSeconds * price('functionsGbSecond'),
    },
    {
      service: 'Functions: executions',
      formula: `${round(millions)} M × ${price('functionsPerMillion')}`,
      usd: millions * price('functionsPerMillion'),
    },
  ];
}

function eventHubs({ eventHubs: { skuName, capacity } }: Profile): CostLine {
  const name = skuName === 'Premium' ? 'eventHubsPuMonth' : 'eventHubsTuMonth';
  return { service: `Event Hubs ${skuName}`, formula: `${capacity} × ${price(name)}`, usd: capacity * price(name) };
}

function storage({ storage: { landingSku, telemetryDeleteAfterDays } }: Profile, load: Load): CostLine[] {
  const blobs = (load.blobsPerDay / load.regions) * 30;
  const name = landingSku.includes('GZRS') || landingSku.includes('GRS') ? 'storageGrsGbMonth' : 'storageZrsGbMonth';
  // A dropped blob of 1 MB, kept until the lifecycle rule takes it.
  const gb = ((load.blobsPerDay / load.regions) * telemetryDeleteAfterDays) / 1000;
  const operations = blobs * 4;
  return [
    {
      service: 'Storage: landing',
      formula: `${round(gb)} GB × ${price(name)} + ${round(operations)} writes ÷ 10,000 × ${price('blobWritesPer10k')}`,
      usd: gb * price(name) + (operations / 10_000) * price('blobWritesPer10k'),
    },
    {
      service: 'Event Grid',
      formula: `(${round(blobs)} events − 100,000 free) × ${price('eventGridPerMillion')} a million`,
      usd: (Math.max(0, blobs - 100_000) / 1e6) * price('eventGridPerMillion'),
    },
  ];
}

function monitoring({ monitoring: { dailyQuotaGb, samplingPercentage } }: Profile, load: Load): CostLine[] {
  const perDay =
    ((load.eventsPerSecond / load.regions / load.eventsPerRequest) *
      86_400 *
      LOG_BYTES_PER_REQUEST *
      (samplingPercentage / 100)) /
    GB;
  const gb = Math.max(0, Math.min(perDay, dailyQuotaGb) * 30 - 5);
  const rules = alerts.metrics.length * price('metricAlertMonth') + alerts.queries.length * price('logAlertMonth');
  return [
    {
      service: 'Log Analytics',
      formula: `min(${round(perDay)} GB a day, cap ${dailyQuotaGb}) × 30 − 5 free = ${round(gb)} GB × ${price('logAnalyticsGb')}`,
      usd: gb * price('logAnalyticsGb'),
    },
    {
      service: 'Alerts',
      formula: `${alerts.metrics.length} × ${price('metricAlertMonth')} + ${alerts.queries.length} × ${price('logAlertMonth')}`,
      usd: rules,
    },
  ];
}

/** What exists once, whatever the number of regions. */
function shared(profile: Profile, load: Load): CostLine[] {
  const zones = profile.grafana.zoneRedundancy === 'Enabled' ? 2 : 1;
  const lines: CostLine[] = [
    {
      service: 'Managed Grafana',
      formula: `${zones} × ${price('grafanaInstanceMonth')} + ${load.grafanaUsers} users × ${price('grafanaUserMonth')}`,
      usd: zones * price('grafanaInstanceMonth') + load.grafanaUsers * price('grafanaUserMonth'),
    },
  ];
  if (!load.hasFrontDoor) return lines;
  const name = profile.frontDoor.skuName.startsWith('Premium') ? 'frontDoorPremiumMonth' : 'frontDoorStandardMonth';
  const tens = ((load.eventsPerSecond / load.eventsPerRequest) * SECONDS_PER_MONTH) / 10_000;
  return [
    ...lines,
    {
      service: 'Front Door',
      formula: `${price(name)} + ${round(tens)} × 10,000 requests × ${price('frontDoorPer10k')}`,
      usd: price(name) + tens * price('frontDoorPer10k'),
    },
  ];
}

/** Lines of a month, for all regions together. */
export function costOf(profile: Profile, load: Load): CostLine[] {
  const endpoints: CostLine = {
    service: 'Private endpoints',
    formula: `${ENDPOINTS_PER_STAMP} × ${price('privateEndpointMonth')}`,
    usd: ENDPOINTS_PER_STAMP * price('privateEndpointMonth'),
  };
  const stamp = [
    ...kusto(profile, load),
    eventHubs(profile),
    ...functions(profile, load),
    ...storage(profile, load),
    ...monitoring(profile, load),
    ...(load.isIsolated ? [endpoints] : []),
  ];
  const times = load.regions === 1 ? '' : `${load.regions} regions × (`;
  const regional = stamp.map(({ service, formula, usd }) => ({
    service,
    formula: times === '' ? formula : `${times}${formula})`,
    usd: usd * load.regions,
  }));
  return [...regional, ...shared(profile, load)];
}
