import { parseTimespan } from '../ingest/convert.ts';

const UNIT_TICKS: Readonly<Record<string, number>> = {
  d: 864e9,
  day: 864e9,
  days: 864e9,
  h: 36e9,
  hr: 36e9,
  hour: 36e9,
  hours: 36e9,
  m: 6e8,
  min: 6e8,
  minute: 6e8,
  minutes: 6e8,
  s: 1e7,
  sec: 1e7,
  second: 1e7,
  seconds: 1e7,
  ms: 1e4,
};

/** `7d`, `1.5h`, `time(7.00:00:00)`, `7.00:00:00` in ticks; null when it is none of them. */
export function parseKqlTimespan(text: string): bigint | null {
  const inner = /^(?:time|timespan)\((.*)\)$/.exec(text.trim())?.[1] ?? text.trim();
  const literal = /^(\d+(?:\.\d+)?)\s*([a-z]+)$/i.exec(inner);
  const unit = UNIT_TICKS[literal?.[2]?.toLowerCase() ?? ''];
  if (literal?.[1] !== undefined && unit !== undefined) return BigInt(Math.round(Number(literal[1]) * unit));
  return parseTimespan(inner);
}
