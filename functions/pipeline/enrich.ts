import { DEVICE_TYPES } from '../../schema/common-fields.ts';
import type { Batch, Claims } from './batch.ts';
import { cleanText } from './clean.ts';
import type { UserAgentReader } from './ports.ts';

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

/** ISO 3166-1 alpha-2 or nothing: a name is not turned into a code. XX and T1 are how edges say "unknown" and "Tor". */
function countryOf(value: unknown): string | undefined {
  if (typeof value !== 'string' || !/^[A-Za-z]{2}$/.test(value)) return undefined;
  const code = value.toUpperCase();
  return code === 'XX' || code === 'ZZ' ? undefined : code;
}

function deviceTypeOf(value: unknown): DeviceType | undefined {
  if (typeof value !== 'string' || value === '') return undefined;
  const name = value.toLowerCase().replace(/[\s_-]/g, '');
  if (KNOWN_TYPES.has(name)) return name as DeviceType;
  return Object.hasOwn(DEVICE_NAMES, name) ? DEVICE_NAMES[name] : 'other';
}

const isAsn = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 4_294_967_295;

function geography(claims: Claims, batch: Batch): Record<string, unknown> {
  const claimed = batch.isTrusted ? claims.geo : undefined;
  const { country, region, city, asn } = claimed ?? batch.edge;
  const columns: Record<string, unknown> = {};
  const code = countryOf(country);
  if (code !== undefined) columns['country'] = code;
  if (textOf(region) !== undefined) columns['region'] = textOf(region);
  if (textOf(city) !== undefined) columns['city'] = textOf(city);
  if (isAsn(asn)) columns['asn'] = asn;
  if (Object.keys(columns).length > 0) columns['geoSource'] = claimed ? 'payload' : 'edge-header';
  return columns;
}

function device(claims: Claims, batch: Batch, reader: UserAgentReader): Record<string, unknown> {
  const claimed = batch.isTrusted ? claims.device : undefined;
  if (claimed)
    return { deviceType: deviceTypeOf(claimed.type), os: textOf(claimed.os), browser: textOf(claimed.browser) };
  return batch.userAgent ? { ...reader.read(batch.userAgent) } : {};
}

/** Columns that say where and with what. A sender's own word counts only when its key or container is trusted. */
export const enrich = (claims: Claims, batch: Batch, reader: UserAgentReader): Record<string, unknown> => ({
  ...geography(claims, batch),
  ...device(claims, batch, reader),
});
