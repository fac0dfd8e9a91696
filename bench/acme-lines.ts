import { randomFrom } from './bodies.ts';

const TYPES = ['start', 'pause', 'resume', 'stop', 'complete'];
const DEVICES = ['mobile', 'tv', 'web', 'tablet'];
const SYSTEMS = ['iOS', 'Android', 'tvOS', 'Windows'];
const QUALITIES = ['SD', 'HD', '4K'];
const PLACES: readonly (readonly [country: string, state: string, city: string])[] = [
  ['US', 'CA', 'Los Angeles'],
  ['DE', 'BE', 'Berlin'],
  ['IN', 'MH', 'Mumbai'],
  ['BR', 'SP', 'São Paulo'],
];

/** One line of ACME's session telemetry; every line is another one. */
export function acmeLine(index: number, now: number): string {
  const random = randomFrom(index * 7919 + 1);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  const session = Math.floor(index / 8);
  const type = TYPES[index % 8 === 7 ? 3 : index % 3] ?? 'start';
  const [country, state, city] = PLACES[session % PLACES.length] as (typeof PLACES)[number];
  return JSON.stringify({
    event_id: `EVENT_${(index * 2_654_435_761) % 2 ** 32}`,
    event_type: type,
    event_timestamp: new Date(now - Math.floor(random() * 3_600_000)).toISOString(),
    customer_id: `CUST_${session % 50_000}`,
    session_id: `SESS_${session.toString(16).padStart(12, '0')}`,
    title_id: `TITLE_${Math.floor(random() * 500)}`,
    device_id: `DEV_${session}`,
    device_type: DEVICES[session % DEVICES.length],
    device_os: SYSTEMS[session % SYSTEMS.length],
    app_version: '5.4.1',
    quality: pick(QUALITIES),
    bandwidth_mbps: Math.round(random() * 500) / 10,
    buffering_events: Math.floor(random() * 4),
    buffering_duration: Math.round(random() * 100) / 10,
    watch_duration_seconds: Math.floor(random() * 5000),
    completion_percentage: Math.round(random() * 1000) / 10,
    position_seconds: Math.floor(random() * 5000),
    country,
    state,
    city,
    ip: `203.0.${session % 256}.${Math.floor(random() * 256)}`,
  });
}
