// Seeded rows for the KQL tests, put in through streaming ingestion like any other.
import type { PlaybackBeat, PlaybackEvent, TableName } from '../../schema/tables.ts';
import { mappingOf } from '../../schema/tables.ts';

/** Numbers 0…1 from a seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const CHUNK_ROWS = 4000;

/** Streams rows into a table, newline-separated JSON through the table's mapping. */
export async function ingest(
  url: string,
  table: TableName,
  rows: readonly object[],
  database = 'framewatch',
): Promise<void> {
  for (let at = 0; at < rows.length; at += CHUNK_ROWS) {
    const body = rows
      .slice(at, at + CHUNK_ROWS)
      .map((row) => JSON.stringify(row))
      .join('\n');
    const target = `${url}/v1/rest/ingest/${database}/${table}?streamFormat=multijson&mappingName=${mappingOf(table)}`;
    const answer = await fetch(target, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/octet-stream' },
    });
    if (!answer.ok) throw new Error(`ingest into ${table}: ${answer.status} ${await answer.text()}`);
    await answer.arrayBuffer();
  }
}

export const CDNS = ['edge-a', 'edge-b', 'edge-c'] as const;
export const COUNTRIES = ['DE', 'FR', 'BR', 'US'] as const;
const DEVICES = ['tv', 'mobile'] as const;

export interface Incident {
  readonly cdn?: string;
  readonly country?: string;
  /** Bin starts, epoch ms; the end is exclusive. */
  readonly from: number;
  readonly to: number;
  readonly stallShare: number;
  /** Share of the usual bitrate. */
  readonly bitrate: number;
}

export interface History {
  readonly seed: number;
  /** Start of the first and end of the last 5-minute bin, epoch ms. */
  readonly from: number;
  readonly to: number;
  readonly incidents: readonly Incident[];
  /** Viewing minutes of all scopes in a bin at the daily mean. */
  readonly minutes?: number;
}

export const BIN_MS = 300_000;
const DAY_MS = 86_400_000;

export const identity = (
  sessionId: string,
  sequence: number,
  timeMs: number,
): Pick<
  PlaybackBeat,
  'eventId' | 'sessionId' | 'sequence' | 'eventTime' | 'receivedAt' | 'batchId' | 'tenant' | 'source' | 'schemaVersion'
> => ({
  eventId: `${sessionId}:${sequence}`,
  sessionId,
  sequence,
  eventTime: new Date(timeMs).toISOString(),
  receivedAt: new Date(timeMs + 1000).toISOString(),
  batchId: `b-${sessionId}`,
  tenant: 'demo',
  source: 'probe',
  schemaVersion: 1,
});

/** One heartbeat a bin, CDN and country: it stands for all viewing of that cohort. Daily rhythm, noise, and the incidents. */
export function beatsOf({ seed, from, to, incidents, minutes = 1200 }: History): PlaybackBeat[] {
  const random = randomOf(seed);
  const noise = (): number => (random() + random() + random()) / 1.5 - 1;
  const beats: PlaybackBeat[] = [];
  for (let bin = from; bin < to; bin += BIN_MS) {
    const daily = 1 + 0.6 * Math.sin((2 * Math.PI * (bin % DAY_MS)) / DAY_MS - 2);
    for (const [c, cdn] of CDNS.entries()) {
      for (const [l, country] of COUNTRIES.entries()) {
        const share = ((3 - c) / 6) * ((4 - l) / 10);
        const watchedMs = minutes * 60_000 * share * daily * (1 + 0.08 * noise());
        const hit = incidents.find(
          (one) => bin >= one.from && bin < one.to && (one.cdn ?? cdn) === cdn && (one.country ?? country) === country,
        );
        const stallShare = hit?.stallShare ?? Math.max(0, 0.004 + 0.002 * daily + 0.002 * noise());
        const kbps = (4500 + 300 * noise()) * (hit?.bitrate ?? 1);
        const stalledMs = watchedMs * stallShare;
        beats.push({
          ...identity(`${seed}-${cdn}-${country}`, (bin - from) / BIN_MS, bin + 60_000),
          streamType: 'vod',
          cdn,
          country,
          deviceType: DEVICES[(bin / BIN_MS + c + l) % 2 === 0 ? 0 : 1],
          sampleRate: 1,
          state: 'playing',
          intervalMs: watchedMs,
          playingMs: watchedMs - stalledMs,
          stalledMs,
          intervalBits: kbps * (watchedMs - stalledMs),
          intervalStalls: Math.round(stalledMs / 5000),
        });
      }
    }
  }
  return beats;
}

/** Random sessions from request to end, with their heartbeats. */
export function sessionsOf(
  seed: number,
  count: number,
  from: number,
  spanMs: number,
): { events: PlaybackEvent[]; beats: PlaybackBeat[] } {
  const random = randomOf(seed);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  const events: PlaybackEvent[] = [];
  const beats: PlaybackBeat[] = [];
  for (let s = 0; s < count; s++) {
    const sid = `r${seed}-${s}`;
    const start = from + Math.floor(random() * spanMs * 0.8);
    const context = {
      cdn: pick(CDNS),
      country: pick(COUNTRIES),
      deviceType: pick(DEVICES),
      streamType: 'vod' as const,
      sampleRate: 1,
    };
    let n = 0;
    const event = (timeMs: number, rest: Pick<PlaybackEvent, 'kind'> & Partial<PlaybackEvent>): void =>
      void events.push({ ...identity(sid, n++, timeMs), ...context, ...rest });
    event(start, { kind: 'request' });
    const fate = random();
    const waitMs = Math.round(300 + random() * 6000);
    if (fate < 0.06) {
      event(start + waitMs, {
        kind: 'error',
        errorCategory: 'manifest',
        errorCode: 'E1',
        isFatal: true,
        isBusiness: fate < 0.02,
      });
      event(start + waitMs, { kind: 'end', endReason: 'vsf', watchMs: waitMs });
    } else if (fate < 0.16) {
      event(start + waitMs, { kind: 'end', endReason: 'ebvs', watchMs: waitMs });
    } else {
      event(start + waitMs, { kind: 'start', durationMs: waitMs });
      const isSummary = fate > 0.9;
      const sum = { stalls: 0, stallMs: 0, playMs: 0, watchMs: waitMs, bits: 0 };
      const beatCount = 1 + Math.floor(random() * 6);
      for (let b = 0; b < beatCount; b++) {
        const stalledMs = random() < 0.3 ? Math.round(random() * 4000) : 0;
        const playingMs = 10_000 - stalledMs;
        const bits = playingMs * pick([1200, 2500, 4500]);
        sum.stalls += stalledMs > 0 ? 1 : 0;
        sum.stallMs += stalledMs;
        sum.playMs += playingMs;
        sum.watchMs += 10_000;
        sum.bits += bits;
        if (isSummary) continue;
        beats.push({
          ...identity(sid, n++, start + waitMs + (b + 1) * 10_000),
          ...context,
          intervalMs: 10_000 + (b === 0 ? waitMs : 0),
          ...(b === 0 ? { startingMs: waitMs } : {}),
          playingMs,
          ...(stalledMs > 0 ? { stalledMs, intervalStalls: 1 } : {}),
          intervalBits: bits,
        });
      }
      event(start + waitMs + beatCount * 10_000 + 1, {
        kind: 'end',
        endReason: fate < 0.2 ? 'vpf' : 'exit',
        ...(isSummary ? { isSummary: true } : {}),
        stallCount: sum.stalls,
        stallMs: sum.stallMs,
        playMs: sum.playMs,
        watchMs: sum.watchMs,
        playedBits: sum.bits,
      });
    }
  }
  return { events, beats };
}
