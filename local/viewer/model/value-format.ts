// Grafana's value formats, by unit id.

type Formatter = (value: number, decimals: number | undefined) => string;

/** Digits after the point that Grafana chooses for a value when none are set. */
export function autoDecimals(value: number): number {
  const size = Math.abs(value);
  if (size === 0 || value % 1 === 0) return 0;
  const decimals = -Math.floor(Math.log10(size)) + 1;
  const normalised = size / 10 ** -decimals;
  return Math.max(0, normalised > 2.25 ? decimals + 1 : decimals);
}

export function toFixed(value: number, decimals: number | undefined): string {
  if (!Number.isFinite(value)) return String(value);
  const digits = Math.min(decimals ?? autoDecimals(value), 20);
  const rounded = value.toFixed(digits);
  return decimals === undefined && rounded.includes('.') ? rounded.replace(/\.?0+$/, '') : rounded;
}

const scaled =
  (base: number, units: readonly string[], start = 0): Formatter =>
  (value, decimals) => {
    let rest = value;
    let index = start;
    while (Math.abs(rest) >= base && index < units.length - 1) {
      rest /= base;
      index += 1;
    }
    return toFixed(rest, decimals) + (units[index] as string);
  };

const suffixed =
  (suffix: string): Formatter =>
  (value, decimals) =>
    toFixed(value, decimals) + suffix;

const DURATIONS: readonly (readonly [number, string])[] = [
  [31_536_000_000, ' years'],
  [604_800_000, ' weeks'],
  [86_400_000, ' days'],
  [3_600_000, ' hours'],
  [60_000, ' mins'],
  [1000, ' s'],
  [1, ' ms'],
  [0.001, ' µs'],
  [0.000_001, ' ns'],
];

const durationOf =
  (unitMs: number): Formatter =>
  (value, decimals) => {
    const ms = value * unitMs;
    if (ms === 0) return `0${DURATIONS.find(([size]) => size === unitMs)?.[1] ?? ' ms'}`;
    const [size, suffix] = DURATIONS.find(([one]) => Math.abs(ms) >= one) ?? [0.000_001, ' ns'];
    const text = toFixed(ms / size, decimals ?? (size === 1 ? (Math.abs(ms) < 10 ? undefined : 0) : undefined));
    return text + (Number(text) === 1 ? suffix.replace(/s$/, suffix.length > 3 ? '' : 's') : suffix);
  };

function longDuration(totalSeconds: number): string {
  const parts: [number, string][] = [
    [86_400, 'd'],
    [3600, 'h'],
    [60, 'm'],
    [1, 's'],
  ];
  let rest = Math.round(Math.abs(totalSeconds));
  const out: string[] = [];
  for (const [size, unit] of parts) {
    const count = Math.floor(rest / size);
    if (count > 0) out.push(`${count}${unit}`);
    rest -= count * size;
  }
  return (totalSeconds < 0 ? '-' : '') + (out.slice(0, 2).join(' ') || '0s');
}

const clock = (totalSeconds: number): string => {
  const s = Math.round(Math.abs(totalSeconds));
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${totalSeconds < 0 ? '-' : ''}${two(Math.floor(s / 3600))}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
};

const SI = ['', ' K', ' Mil', ' Bil', ' Tri', ' Quadr'];
const bytes = (base: number, infix: string): Formatter =>
  scaled(
    base,
    ['', 'K', 'M', 'G', 'T', 'P'].map((prefix) => ` ${prefix}${prefix === '' ? '' : infix}B`),
  );
const bits = (base: number, infix: string, suffix: string, start = 0): Formatter =>
  scaled(
    base,
    ['', 'k', 'M', 'G', 'T', 'P'].map((prefix) => ` ${prefix}${prefix === '' ? '' : infix}${suffix}`),
    start,
  );

const FORMATS: Readonly<Record<string, Formatter>> = {
  none: suffixed(''),
  string: suffixed(''),
  short: scaled(1000, SI),
  percent: suffixed('%'),
  percentunit: (value, decimals) => `${toFixed(value * 100, decimals)}%`,
  locale: (value, decimals) =>
    value.toLocaleString(
      'en-US',
      decimals === undefined
        ? { maximumFractionDigits: 3 }
        : { minimumFractionDigits: decimals, maximumFractionDigits: decimals },
    ),
  sishort: scaled(1000, ['', 'K', 'M', 'G', 'T', 'P']),
  sci: (value, decimals) => value.toExponential(decimals),
  ns: durationOf(0.000_001),
  µs: durationOf(0.001),
  ms: durationOf(1),
  s: durationOf(1000),
  m: durationOf(60_000),
  h: durationOf(3_600_000),
  d: durationOf(86_400_000),
  dtdurations: (value) => longDuration(value),
  dtdurationms: (value) => longDuration(value / 1000),
  dthms: (value) => clock(value),
  clocks: (value) => longDuration(value),
  clockms: (value) => longDuration(value / 1000),
  bytes: bytes(1024, 'i'),
  decbytes: bytes(1000, ''),
  bits: bits(1024, 'i', 'b'),
  decbits: bits(1000, '', 'b'),
  bps: bits(1000, '', 'b/s'),
  Kbits: bits(1000, '', 'b/s', 1),
  Mbits: bits(1000, '', 'b/s', 2),
  Bps: bits(1000, '', 'B/s'),
  KBs: bits(1000, '', 'B/s', 1),
  MBs: bits(1000, '', 'B/s', 2),
  binbps: bits(1024, 'i', 'b/s'),
  binBps: bits(1024, 'i', 'B/s'),
  hertz: bits(1000, '', 'Hz'),
  currencyUSD: (value, decimals) => `$${scaled(1000, ['', 'K', 'M', 'B'])(value, decimals)}`,
  currencyEUR: (value, decimals) => `€${scaled(1000, ['', 'K', 'M', 'B'])(value, decimals)}`,
  dateTimeAsIso: (value) => formatTime(value),
  dateTimeAsLocal: (value) => formatTime(value),
  dateTimeAsSystem: (value) => formatTime(value),
  dateTimeAsIsoNoDateIfToday: (value) => formatTime(value),
  dateTimeFromNow: (value) => fromNow(value, Date.now()),
};
for (const [id, suffix] of Object.entries({
  cps: ' c/s',
  ops: ' ops/s',
  reqps: ' req/s',
  rps: ' rd/s',
  wps: ' wr/s',
  iops: ' io/s',
  eps: ' evt/s',
  mps: ' msg/s',
  cpm: ' c/m',
  opm: ' ops/m',
  reqpm: ' req/m',
})) {
  (FORMATS as Record<string, Formatter>)[id] = (value, decimals) =>
    scaled(1000, ['', 'K', 'M', 'B'])(value, decimals) + suffix;
}

export const isKnownUnit = (unit: string): boolean =>
  unit === '' || unit in FORMATS || /^(suffix|prefix|si|count|time|currency):/.test(unit);

const two = (value: number): string => String(value).padStart(2, '0');

/** `2026-11-22 04:56:01` in the browser's time zone. */
export function formatTime(ms: number): string {
  const at = new Date(ms);
  if (Number.isNaN(at.getTime())) return 'Invalid date';
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

export function fromNow(ms: number, nowMs: number): string {
  const seconds = Math.round((nowMs - ms) / 1000);
  if (Math.abs(seconds) < 5) return 'now';
  return seconds > 0 ? `${longDuration(seconds)} ago` : `in ${longDuration(-seconds)}`;
}

/** A number in its unit. `decimals` undefined: as many as Grafana would choose. */
export function formatValue(value: number, unit: string, decimals?: number): string {
  if (Number.isNaN(value)) return 'NaN';
  const [kind, rest = ''] = unit.split(/:(.*)/s);
  if (kind === 'suffix') return toFixed(value, decimals) + rest;
  if (kind === 'prefix') return rest + toFixed(value, decimals);
  if (kind === 'si') return bits(1000, '', rest)(value, decimals);
  if (kind === 'count') return `${scaled(1000, SI)(value, decimals)} ${rest}`;
  if (kind === 'time') return formatTime(value);
  const format = FORMATS[unit] ?? FORMATS['none'];
  return (format as Formatter)(value, decimals);
}
