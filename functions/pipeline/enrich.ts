import { DEVICE_TYPES } from '../../schema/common-fields.ts';
import type { Batch, Claims } from './batch.ts';
import { cleanText } from './clean.ts';
import { countryOfCode } from './country.ts';
import { networkOf } from './network.ts';
import type { Catalogs, GeoReader, UserAgentReader } from './ports.ts';

// Where the viewer is and what they watch with. Unknown stays empty, never guessed.

type DeviceType = (typeof DEVICE_TYPES)[number];
const KNOWN_TYPES: ReadonlySet<string> = new Set(DEVICE_TYPES);

/** What senders call their devices, lower case without separators. */
const DEVICE_NAMES: Readonly<Record<string, DeviceType>> = {
  web: 'desktop',
  browser: 'desktop',
  pc: 'desktop',
  laptop: 'desktop',
  phone: 'mobile',
  smartphone: 'mobile',
  smarttv: 'tv',
  connectedtv: 'tv',
  ctv: 'tv',
  settopbox: 'tv',
  stb: 'tv',
  gameconsole: 'console',
  gamingconsole: 'console',
};

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? cleanText(value) : undefined;

function deviceTypeOf(value: unknown): DeviceType | undefined {
  if (typeof value !== 'string' || value === '') return undefined;
  const name = value.toLowerCase().replace(/[\s_-]/g, '');
  if (KNOWN_TYPES.has(name)) return name as DeviceType;
  return Object.hasOwn(DEVICE_NAMES, name) ? DEVICE_NAMES[name] : 'other';
}

const isAsn = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 4_294_967_295;

interface GeoSource {
  readonly name: string;
  readonly facts: { country?: unknown; region?: unknown; city?: unknown; asn?: unknown } | undefined;
}

/** Who may say where the viewer is, the most trusted first. */
function sources(claims: Claims, batch: Batch, geo: GeoReader | undefined): GeoSource[] {
  const claimed = batch.isTrusted ? claims : undefined;
  const network = (): string | undefined =>
    claimed?.address === undefined ? batch.network : networkOf(claimed.address);
  // Without a database nobody asks for the network.
  const found = geo && network();
  return [
    claimed?.geo ? { name: 'payload', facts: claimed.geo } : { name: 'edge-header', facts: batch.edge },
    { name: 'database', facts: found === undefined ? undefined : geo?.locate(found) },
  ];
}

/** Each source fills what the ones before it leave open; `geoSource` names those that did. */
function geography(claims: Claims, batch: Batch, geo: GeoReader | undefined): Record<string, unknown> {
  const columns: Record<string, unknown> = {};
  let named = '';
  for (const { name, facts } of sources(claims, batch, geo)) {
    if (!facts) continue;
    const country = countryOfCode(facts.country);
    // Two sources that disagree on the country speak of two places: their finer facts do not mix.
    if (country !== undefined && columns['country'] !== undefined && country !== columns['country']) continue;
    let isNew = false;
    const fill = (column: string, value: unknown): void => {
      if (value === undefined || columns[column] !== undefined) return;
      columns[column] = value;
      isNew = true;
    };
    fill('country', country);
    fill('region', textOf(facts.region));
    fill('city', textOf(facts.city));
    fill('asn', isAsn(facts.asn) ? facts.asn : undefined);
    if (isNew) named = named === '' ? name : `${named}+${name}`;
  }
  if (named !== '') columns['geoSource'] = named;
  return columns;
}

function device(claims: Claims, batch: Batch, reader: UserAgentReader): Record<string, unknown> {
  const claimed = batch.isTrusted ? claims.device : undefined;
  if (claimed)
    return { deviceType: deviceTypeOf(claimed.type), os: textOf(claimed.os), browser: textOf(claimed.browser) };
  return batch.userAgent ? { ...reader.read(batch.userAgent) } : {};
}

export interface EnrichPorts {
  readonly userAgents: UserAgentReader;
  /** Absent: no database is configured. */
  readonly geo?: GeoReader | undefined;
  /** Absent: hosts and content ids stand for themselves. */
  readonly catalogs?: Pick<Catalogs, 'cdnOf' | 'contentOf'> | undefined;
}

/** Columns that say where and with what. A sender's own word counts only when its key or container is trusted. */
export const enrich = (claims: Claims, batch: Batch, { userAgents, geo }: EnrichPorts): Record<string, unknown> => ({
  ...geography(claims, batch, geo),
  ...device(claims, batch, userAgents),
});

/** Country and network of a request in a CDN's log; what the log says itself stands. */
export function enrichRequest(claims: Claims, batch: Batch, { geo }: EnrichPorts): Record<string, unknown> {
  const { country, asn } = geography(claims, batch, geo);
  return { ...(country === undefined ? {} : { country }), ...(asn === undefined ? {} : { asn }) };
}
