// Where the audience lives. Shares are of all session starts, averaged over the week.

export const CDNS = ['edge-a', 'edge-b', 'edge-c'] as const;
export type Cdn = (typeof CDNS)[number];

export interface Network {
  asn: number;
  isp: string;
  share: number;
}

export interface Region {
  country: string;
  /** ISO 3166-2 */
  region: string;
  city: string;
  timeZone: string;
  share: number;
}

export interface Country {
  country: string;
  cdns: Readonly<Record<Cdn, number>>;
  networks: readonly Network[];
  /** Factor on stalls: how good the access networks are. */
  stallFactor: number;
}

/** Documentation AS numbers (RFC 5398): no real provider is made to look bad. */
const network = (asn: number, isp: string, share: number): Network => ({ asn, isp, share });

const country = (
  code: string,
  [a, b, c]: [number, number, number],
  stallFactor: number,
  networks: Network[],
): Country => ({
  country: code,
  cdns: { 'edge-a': a, 'edge-b': b, 'edge-c': c },
  stallFactor,
  networks,
});

export const COUNTRIES: readonly Country[] = [
  country('DE', [0.37, 0.48, 0.15], 0.95, [
    network(64496, 'Rheinnetz', 0.55),
    network(64497, 'Elbe Kabel', 0.3),
    network(64498, 'Alpenfunk', 0.15),
  ]),
  country('FR', [0.5, 0.3, 0.2], 0.95, [network(64499, 'Loire Fibre', 0.6), network(64500, 'Sud Mobile', 0.4)]),
  country('GB', [0.45, 0.3, 0.25], 1, [network(64501, 'Thames Broadband', 0.6), network(64502, 'Pennine Mobile', 0.4)]),
  country('US', [0.4, 0.25, 0.35], 1, [network(64503, 'Hudson Cable', 0.5), network(64504, 'Pacific Wireless', 0.5)]),
  country('BR', [0.35, 0.2, 0.45], 1.4, [network(64505, 'Atlântico Net', 0.65), network(64506, 'Serra Móvel', 0.35)]),
  country('ES', [0.4, 0.35, 0.25], 1.05, [network(64507, 'Ebro Fibra', 0.7), network(64508, 'Costa Móvil', 0.3)]),
];

const region = (code: string, city: string, timeZone: string, share: number): Region => ({
  country: code.slice(0, 2),
  region: code,
  city,
  timeZone,
  share,
});

export const REGIONS: readonly Region[] = [
  region('DE-NW', 'Köln', 'Europe/Berlin', 0.14),
  region('DE-BY', 'München', 'Europe/Berlin', 0.12),
  region('DE-BE', 'Berlin', 'Europe/Berlin', 0.09),
  region('DE-HH', 'Hamburg', 'Europe/Berlin', 0.07),
  region('FR-IDF', 'Paris', 'Europe/Paris', 0.1),
  region('FR-ARA', 'Lyon', 'Europe/Paris', 0.06),
  region('GB-LND', 'London', 'Europe/London', 0.09),
  region('GB-MAN', 'Manchester', 'Europe/London', 0.06),
  region('US-NY', 'New York', 'America/New_York', 0.07),
  region('US-TX', 'Austin', 'America/Chicago', 0.04),
  region('US-CA', 'San Diego', 'America/Los_Angeles', 0.04),
  region('BR-SP', 'São Paulo', 'America/Sao_Paulo', 0.05),
  region('BR-RJ', 'Rio de Janeiro', 'America/Sao_Paulo', 0.02),
  region('ES-MD', 'Madrid', 'Europe/Madrid', 0.05),
];

const byCode = new Map(COUNTRIES.map((entry) => [entry.country, entry]));

export const countryOf = ({ country: code }: Region): Country => {
  const found = byCode.get(code);
  if (found === undefined) throw new Error(`region of unknown country ${code}`);
  return found;
};

/** How each CDN does on a normal day. */
export const CDN_QUALITY: Readonly<Record<Cdn, { ttfbMs: number; stallFactor: number }>> = {
  'edge-a': { ttfbMs: 70, stallFactor: 0.9 },
  'edge-b': { ttfbMs: 80, stallFactor: 1 },
  'edge-c': { ttfbMs: 110, stallFactor: 1.2 },
};
