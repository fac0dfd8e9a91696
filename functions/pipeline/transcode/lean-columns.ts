import { playbackBeats } from '../../../schema/playback-beats.ts';
import { playbackEvents } from '../../../schema/playback-events.ts';
import { COUNTERS, STATES, TIMED, WATCHED } from '../../../schema/probe-upgrade.ts';
import { NESTED_COLUMNS } from '../normalize/probe-columns.ts';
import { BUCKETS, LeanCounts, placeOf } from './lean-counts.ts';
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

interface Placed {
  readonly place: number;
  readonly column: Column;
}
const placed = (columns: ReadonlyMap<string, Column>): readonly Placed[] =>
  [...columns].map(([name, named]) => ({ place: placeOf(name), column: named }));
const [ALWAYS_PLACED, SEGMENTS_PLACED, TOTALS_PLACED] = [ALWAYS, SEGMENTS, TOTALS].map(placed) as [
  readonly Placed[],
  readonly Placed[],
  readonly Placed[],
];
const [SENT, BAD, SLOW, BYTES, DOWNLOAD, LATENCY, LOOKS] = ['sg', 'bad', 'slow', 'by', 'dl', 'ltc', 'ltcs'].map(
  placeOf,
) as [number, number, number, number, number, number, number];
const INTERVAL = TIMED.map((state) => placeOf(`${state}Ms`));
const WATCH = WATCHED.map(placeOf);

/** What a beat has gained; read, then {@link endGains}. */
export const gainCounts = (): LeanCounts => new LeanCounts(new Map([...TIMES, ...ALWAYS, ...SEGMENTS]));
/** What a session has in all; read, then {@link endTotals}. */
export const totalCounts = (): LeanCounts => new LeanCounts(TOTALS);

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

/** Writes 0 for those that were not read. */
function putZeros(out: RowBuffer, counts: LeanCounts, columns: readonly Placed[]): void {
  for (let i = 0; i < columns.length; i++) {
    const { place, column: absent } = columns[i]!;
    if (counts.get(place) === 0) out.put(absent.zero);
  }
}

function putHistogram(out: RowBuffer, gains: LeanCounts): boolean {
  if (!(gains.sum(BUCKETS) > 0)) return true;
  out.put(column.histogram.name);
  let separator = 0x5b;
  for (let i = 0; i < BUCKETS.length; i++) {
    const count = gains.get(BUCKETS[i]!);
    // Sums of fractions depend on their order.
    if (!Number.isSafeInteger(count)) return false;
    out.bytes[out.at++] = separator;
    out.number(count);
    separator = COMMA;
  }
  out.bytes[out.at++] = 0x5d;
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

function endSegments(out: RowBuffer, gains: LeanCounts): boolean {
  const hasNone = gains.get(SENT) === 0 && gains.get(BAD) === 0;
  if (!hasNone) putZeros(out, gains, SEGMENTS_PLACED);
  // It is written, and should not be.
  return !hasNone || gains.get(SLOW) === 0;
}

/** The columns of a beat's interval besides those its gains were read into; false when one of them has no place in the schema. */
export function endGains(out: RowBuffer, gains: LeanCounts, latency: BeatLatency): boolean {
  const [bytes, download] = [gains.get(BYTES), gains.get(DOWNLOAD)];
  putZeros(out, gains, ALWAYS_PLACED);
  return (
    put(out, column.interval, gains.sum(INTERVAL)) &&
    endSegments(out, gains) &&
    (bytes === 0 || download === 0 || put(out, column.throughput, Math.round((bytes * 8) / download))) &&
    putLatency(out, gains, latency) &&
    putHistogram(out, gains)
  );
}

/** The session's counters besides those that were read; false when one has no place in the schema. */
export function endTotals(out: RowBuffer, totals: LeanCounts): boolean {
  putZeros(out, totals, TOTALS_PLACED);
  return put(out, column.watched, totals.sum(WATCH));
}
