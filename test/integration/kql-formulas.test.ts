// The KQL formulas against a naive computation over the same random sessions, written from the metric's definition.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startKusto, type KustoServer } from '../../local/kusto/http/server.ts';
import type { PlaybackBeat, PlaybackEvent } from '../../schema/tables.ts';
import { openCluster, type Cluster, type Row } from '../../scripts/kql/cluster.ts';
import { deployKql } from '../../scripts/kql/deploy.ts';
import { ingest, sessionsOf } from './kql-seed.ts';

const FROM = Date.UTC(2026, 9, 5, 12);
const SPAN_MS = 3_600_000;
const WHOLE = 'datetime(2026-10-05T12:00:00Z), datetime(2026-10-05T13:00:00Z), 1h';
const { events, beats } = sessionsOf(7, 900, FROM, SPAN_MS);
let server: KustoServer;
let cluster: Cluster;

beforeAll(async () => {
  server = await startKusto({ file: ':memory:', port: 0 });
  await deployKql({ cluster: server.url, database: 'framewatch', log: () => undefined });
  cluster = openCluster(server.url, 'framewatch');
  await ingest(server.url, 'PlaybackEvents', events);
  await ingest(server.url, 'PlaybackBeats', beats);
  // The same once more: a client that heard no answer sends again.
  await ingest(server.url, 'PlaybackEvents', events.slice(0, 500));
  await ingest(server.url, 'PlaybackBeats', beats.slice(0, 500));
});
afterAll(async () => {
  cluster.close();
  await server.close();
});

const sum = <T>(rows: readonly T[], value: (row: T) => number | undefined): number =>
  rows.reduce((total, row) => total + (value(row) ?? 0), 0);

interface Cohort {
  readonly events: readonly PlaybackEvent[];
  readonly beats: readonly PlaybackBeat[];
}

/** From the definitions: per set of playbacks, in the unit of the KQL column. */
function naive({ events: all, beats: pulses }: Cohort): Record<string, number> {
  const of = (kind: string): PlaybackEvent[] => all.filter((event) => event.kind === kind);
  const ends = of('end');
  const ended = (reason: string): number => ends.filter((event) => event.endReason === reason).length;
  const summaries = ends.filter((event) => event.isSummary === true);
  const starts = of('start');
  const attempts = of('request').length;
  const business = of('error').filter((event) => event.isFatal === true && event.isBusiness === true).length;
  const exits = ends.filter((event) => event.endReason === 'ebvs');
  const stalled = sum(pulses, (b) => b.stalledMs) + sum(summaries, (e) => e.stallMs);
  const playing = sum(pulses, (b) => b.playingMs) + sum(summaries, (e) => e.playMs);
  const watched =
    sum(pulses, (b) => (b.startingMs ?? 0) + (b.playingMs ?? 0) + (b.stalledMs ?? 0)) +
    sum(summaries, (e) => e.watchMs);
  const bits = sum(pulses, (b) => b.intervalBits) + sum(summaries, (e) => e.playedBits);
  const stalls = sum(pulses, (b) => b.intervalStalls) + sum(summaries, (e) => e.stallCount);
  const failed = ended('vsf') + ended('vpf');
  return {
    Attempts: attempts,
    Plays: starts.length,
    StartupMeanMs: sum(starts, (e) => e.durationMs) / starts.length,
    StartupSlowPct: (100 * starts.filter((e) => (e.durationMs ?? 0) > 3000).length) / starts.length,
    VsfPct: (100 * (ended('vsf') - business)) / attempts,
    VsfBizPct: (100 * business) / attempts,
    EbvsPct: (100 * exits.filter((e) => (e.watchMs ?? 0) >= 1000).length) / attempts,
    ShortExitPct: (100 * exits.filter((e) => (e.watchMs ?? 0) < 1000).length) / attempts,
    VpfPct: (100 * ended('vpf')) / starts.length,
    VpfPct_ended: (100 * ended('vpf')) / ends.length,
    PlaybackFailurePct: (100 * failed) / attempts,
    PlaybackFailurePct_outcomes: (100 * failed) / (starts.length + ended('vsf') + exits.length),
    RebufferRatio: stalled / watched,
    RebufferRatio_play: stalled / (playing + stalled),
    RebufferRatio_nr: stalled / playing,
    StallsPerHour: (stalls * 3_600_000) / playing,
    SessionsWithStallPct: (100 * ends.filter((e) => (e.stallCount ?? 0) > 0).length) / ends.length,
    BitrateKbps: bits / playing,
    ConcurrentViewers: sum(pulses, (b) => b.intervalMs) / SPAN_MS,
  };
}

function expectSame(row: Row | undefined, wanted: Record<string, number>, where: string): void {
  for (const [name, value] of Object.entries(wanted)) {
    const got = row?.[name];
    expect(typeof got, `${where} ${name}`).toBe('number');
    expect(
      Math.abs((got as number) - value),
      `${where} ${name}: ${String(got)} instead of ${value}`,
    ).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(value)));
  }
}

describe('QoE formulas', () => {
  it('the sessions hold every outcome (else the comparison proves little)', () => {
    const wanted = naive({ events, beats });
    for (const name of [
      'VsfPct',
      'VsfBizPct',
      'EbvsPct',
      'ShortExitPct',
      'VpfPct',
      'RebufferRatio',
      'SessionsWithStallPct',
    ])
      expect(wanted[name], name).toBeGreaterThan(0);
  });

  it('Qoe over the whole range equals the definitions, resent rows counted once', async () => {
    const rows = await cluster.query(`Qoe(${WHOLE})`);
    expect(rows).toHaveLength(1);
    expectSame(rows[0], naive({ events, beats }), 'all');
  });

  it('QoeBy splits by CDN and country, and the parts are right by themselves', async () => {
    for (const [dimension, key] of [
      ['cdn', 'cdn'],
      ['country', 'country'],
      ['device', 'deviceType'],
    ] as const) {
      const rows = await cluster.query(`QoeBy(${WHOLE}, "${dimension}")`);
      expect(rows.length).toBeGreaterThan(1);
      for (const row of rows) {
        const own = <T extends PlaybackEvent | PlaybackBeat>(all: readonly T[]): T[] =>
          all.filter((one) => one[key] === row['Segment']);
        expectSame(row, naive({ events: own(events), beats: own(beats) }), String(row['Segment']));
      }
    }
  });

  it('filters: one CDN and two countries', async () => {
    const isIn = (one: PlaybackEvent | PlaybackBeat): boolean =>
      one.cdn === 'edge-b' && (one.country === 'DE' || one.country === 'BR');
    const rows = await cluster.query(`Qoe(${WHOLE}, pack_array('edge-b'), pack_array('DE','BR'), pack_array('*'))`);
    expectSame(rows[0], naive({ events: events.filter(isIn), beats: beats.filter(isIn) }), 'filtered');
  });

  it('bins: minutes add up to the whole, ascending, and no open bin', async () => {
    const rows = await cluster.query('Qoe(datetime(2026-10-05T12:00:00Z), datetime(2026-10-05T12:39:30Z), 5m)');
    const bins = rows.map((row) => (row['Bin'] as Date).getTime());
    expect(bins).toEqual(bins.toSorted((a, b) => a - b));
    expect(bins.at(-1)).toBe(Date.UTC(2026, 9, 5, 12, 30));
    const until = (bins.at(-1) ?? 0) + 300_000;
    expect(sum(rows, (row) => row['Plays'] as number)).toBe(
      events.filter((e) => e.kind === 'start' && Date.parse(e.eventTime) < until).length,
    );
  });

  it('startup percentiles are within 3 % of the exact ones', async () => {
    const [row] = await cluster.query(`StartupTime(${WHOLE})`);
    const times = events
      .filter(({ kind }) => kind === 'start')
      .map(({ durationMs }) => durationMs ?? 0)
      .sort((a, b) => a - b);
    for (const [name, share] of [
      ['StartupP50Ms', 0.5],
      ['StartupP95Ms', 0.95],
    ] as const) {
      const exact = times[Math.ceil(times.length * share) - 1] ?? Number.NaN;
      expect(Math.abs((row?.[name] as number) / exact - 1), name).toBeLessThan(0.03);
    }
  });

  it('Sessions tells of each playback its outcome and ratio', async () => {
    const rows = await cluster.query('Sessions(datetime(2026-10-05T12:00:00Z), datetime(2026-10-05T13:30:00Z))');
    expect(rows).toHaveLength(900);
    const ofOutcome = (outcome: string): number => rows.filter((row) => row['Outcome'] === outcome).length;
    expect(ofOutcome('vsf')).toBe(events.filter((e) => e.endReason === 'vsf').length);
    expect(ofOutcome('vpf')).toBe(events.filter((e) => e.endReason === 'vpf').length);
    expect(ofOutcome('ebvs')).toBe(events.filter((e) => e.endReason === 'ebvs').length);
    const end = events.find((e) => e.endReason === 'exit' && (e.stallMs ?? 0) > 0);
    const row = rows.find((one) => one['SessionId'] === end?.sessionId);
    expect(row?.['RebufferRatio']).toBeCloseTo((end?.stallMs ?? 0) / (end?.watchMs ?? 1), 9);
    const timeline = await cluster.query(`Session("${end?.sessionId ?? ''}")`);
    expect(timeline.map((one) => one['What'])).toEqual(expect.arrayContaining(['request', 'start', 'beat', 'end']));
  });
});
