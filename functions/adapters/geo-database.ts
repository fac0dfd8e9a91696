import { readFileSync } from 'node:fs';
import { Reader } from 'mmdb-lib';
import type { GeoFacts, GeoReader } from '../pipeline/ports.ts';
import { Recent } from './recent.ts';

// Files in MaxMind's format (GeoLite2, GeoIP2, DB-IP, ip-location-db): https://maxmind.github.io/MaxMind-DB/

const MAX_CACHED = 20_000;

type Entry = Readonly<Record<string, unknown>>;

const entryOf = (value: unknown): Entry => (typeof value === 'object' && value !== null ? (value as Entry) : {});
const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

/** One file's record; city files nest their names, flat files do not. */
function factsOf(record: Entry): GeoFacts {
  const subdivisions = record['subdivisions'];
  const region = Array.isArray(subdivisions) ? entryOf(subdivisions[0])['iso_code'] : record['state1'];
  const city = record['city'];
  const asn = record['autonomous_system_number'] ?? record['asn'];
  return {
    country: textOf(entryOf(record['country'])['iso_code']) ?? textOf(record['country_code']),
    region: textOf(region),
    city: textOf(city) ?? textOf(entryOf(entryOf(city)['names'])['en']),
    asn: typeof asn === 'number' ? asn : undefined,
  };
}

/** Later files fill what earlier ones leave open. */
function merged(all: readonly GeoFacts[]): GeoFacts {
  const facts: Record<string, string | number> = {};
  for (const one of all)
    for (const [name, value] of Object.entries(one)) if (value !== undefined) facts[name] ??= value;
  return facts;
}

/**
 * Looks networks up in the files, in their order; read whole into memory at start.
 * @throws when a file is missing or is not in that format
 */
export function geoDatabase(files: readonly string[]): GeoReader {
  const readers = files.map((file) => {
    try {
      return new Reader(readFileSync(file));
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      throw new Error(`FRAMEWATCH_GEO_DATABASES: expected a MaxMind-format file at ${file}, got: ${detail}`, {
        cause: error,
      });
    }
  });
  const cache = new Recent<GeoFacts>(MAX_CACHED);
  return {
    locate(network) {
      let facts = cache.get(network);
      if (!facts) {
        facts = merged(readers.map((reader) => factsOf(entryOf(reader.get(network)))));
        cache.set(network, facts);
      }
      return facts;
    },
  };
}
