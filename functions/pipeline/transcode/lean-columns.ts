import { playbackBeats } from '../../../schema/playback-beats.ts';
import { playbackEvents } from '../../../schema/playback-events.ts';
import { COUNTERS, STATES, TIMED, WATCHED } from '../../../schema/probe-upgrade.ts';
import { NESTED_COLUMNS } from '../normalize/probe-columns.ts';
import { BUCKETS, LeanCounts, placeOf, ZeroTexts } from './lean-counts.ts';
import { columnOf, isWithin, type Column } from './plan.ts';
import type { RowBuffer } from './row-buffer.ts';

// The columns that `schema/probe-upgrade.ts` makes of the counters of version 2 of the wire.

const COMMA = 0x2c;

const beatColumn = (name: string): Column => columnOf(playbackBeats.fields, name);
const nestedColumn = (group: string, name: string): Column => beatColumn(NESTED_COLUMNS[group]![name]!);
const column = {
  interval: beatColumn('intervalMs'),
  throughput: beatColumn('throughputKbps'),
  histogram: beatColumn('ttfbHistogram'),
  latency: nestedColumn('ltc', 'mean'),
  latencyMax: nestedColumn('ltc', 'max'),
  latencyTarget: nestedColumn('ltc', 'target'),
  // The session's, the same in events and beats.
  watched: columnOf(playbackEvents.fields, NESTED_COLUMNS['c']!['watchMs']!),
};

/** Gains that a beat says even when they are 0. */
const ALWAYS = new Map<string, Column>([
  ['bits', beatColumn('intervalBits')],
  ['tot', nestedColumn('fr', 'tot')],
  ['drop', nestedColumn('fr', 'drop')],
  ['stalls', beatColumn('intervalStalls')],
  ['by', beatColumn('intervalBytes')],
]);
/** A beat says all of them or none. */
const SEGMENTS = new Map<string, Column>([
  ['sg', nestedColumn('sg', 'n')],
  ['bad', nestedColumn('sg', 'err')],
  ['slow', nestedColumn('sg', 'slow')],
]);
const TIMES = new Map<string, Column>([
  ...TIMED.map((state): [string, Column] => [`${state}Ms`, nestedColumn('ms', STATES[state]!)]),
  ['hiddenMs', nestedColumn('ms', 'hidden')],
]);
const TOTALS = new Map<string, Column>(
  COUNTERS.map((name) => [name, columnOf(playbackEvents.fields, NESTED_COLUMNS['c']![name]!)]),
);

const GAIN_ZEROS = [...ALWAYS, ...SEGMENTS];
const gainZeros = new ZeroTexts(GAIN_ZEROS.map(([, said]) => said));
const totalZeros = new ZeroTexts([...TOTALS.values()]);
const bitOf = (name: string): number => 1 << GAIN_ZEROS.findIndex(([said]) => said === name);
const [SENT_BIT, BAD_BIT, SLOW_BIT] = [bitOf('sg'), bitOf('bad'), bitOf('slow')];
const ANY_SEGMENT = SENT_BIT | BAD_BIT | SLOW_BIT;
const [BYTES, DOWNLOAD, LATENCY, LOOKS] = [placeOf('by'), placeOf('dl'), placeOf('ltc'), placeOf('ltcs')];
const INTERVAL = TIMED.map((state) => placeOf(`${state}Ms`));
const WATCH = WATCHED.map(placeOf);

/** What a beat has gained; read, then {@link endGains}. */
export const gainCounts = (): LeanCounts =>
  new LeanCounts(
    new Map([...TIMES, ...GAIN_ZEROS]),
    GAIN_ZEROS.map(([name]) => name),
  );
/** What a session has in all; read, then {@link endTotals}. */
export const totalCounts = (): LeanCounts => new LeanCounts(TOTALS, [...TOTALS.keys()]);

/** Latency of the interval as the beat says it beside its gains. */
export interface BeatLatency {
  max: number | undefined;
  target: number | undefined;
}

/** Writes a value under its column; false when the schema refuses it. */
function put(out: RowBuffer, into: Column, value: number): boolean {
  if (!isWithin(into, value)) return false;
  out.put(into.name);
  out.number(value);
  return true;
}

function putHistogram(out: RowBuffer, gains: LeanCounts): boolean {
  const start = out.at;
  out.put(column.histogram.name);
  let separator = 0x5b;
  let sum = 0;
  for (let i = 0; i < BUCKETS.length; i++) {
    const count = gains.get(BUCKETS[i]!);
    // Sums of fractions depend on their order.
    if (!Number.isSafeInteger(count)) return false;
    out.bytes[out.at++] = separator;
    out.number(count);
    separator = COMMA;
    sum += count;
  }
  out.bytes[out.at++] = 0x5d;
  // Then it is left out.
  if (!(sum > 0)) out.at = start;
  return true;
}

function putLatency(out: RowBuffer, gains: LeanCounts, { max, target }: BeatLatency): boolean {
  const looks = gains.get(LOOKS);
  if (looks === 0) return true;
  return (
    put(out, column.latency, Math.round(gains.get(LATENCY) / looks)) &&
    (max === undefined || put(out, column.latencyMax, max)) &&
    (target === undefined || put(out, column.latencyTarget, target))
  );
}

/** Segments are said when there were any, or bad ones; false when slow ones are written, and should not be. */
function putZeros(out: RowBuffer, { written }: LeanCounts): boolean {
  const hasSegments = (written & (SENT_BIT | BAD_BIT)) !== 0;
  out.put(gainZeros.without(hasSegments ? written : written | ANY_SEGMENT));
  return hasSegments || (written & SLOW_BIT) === 0;
}

/** The columns of a beat's interval besides those its gains were read into; false when one of them has no place in the schema. */
export function endGains(out: RowBuffer, gains: LeanCounts, latency: BeatLatency): boolean {
  const [bytes, download] = [gains.get(BYTES), gains.get(DOWNLOAD)];
  return (
    putZeros(out, gains) &&
    put(out, column.interval, gains.sum(INTERVAL)) &&
    (bytes === 0 || download === 0 || put(out, column.throughput, Math.round((bytes * 8) / download))) &&
    putLatency(out, gains, latency) &&
    putHistogram(out, gains)
  );
}

/** The session's counters besides those that were read; false when one has no place in the schema. */
export function endTotals(out: RowBuffer, totals: LeanCounts): boolean {
  out.put(totalZeros.without(totals.written));
  return put(out, column.watched, totals.sum(WATCH));
}
