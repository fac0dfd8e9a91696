import type { LeanBeat, LeanCounters, LeanEnvelope } from '../schema/probe-wire-v2.ts';
import type { Envelope, WireBeat, WireCounters, WireEvent } from '../schema/probe-wire.ts';

const CDNS = ['edge-a', 'edge-b', 'edge-c'];
const LADDER = [400, 800, 1600, 3200, 6000];

/** Park–Miller: repeatable noise without a dependency. */
export function randomFrom(seed: number): () => number {
  let state = (seed % 2_147_483_646) + 1;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

const pick = <T>(from: readonly T[], random: () => number): T => from[Math.floor(random() * from.length)] as T;

function beat(
  n: number,
  random: () => number,
  counters: WireCounters,
): WireBeat & { n: number; t: number; pt: number; kbps: number; w: number; h: number; bl: number } {
  const stalled = random() < 0.05 ? Math.round(random() * 3000) : 0;
  counters.stallMs += stalled;
  counters.stalls += stalled > 0 ? 1 : 0;
  counters.playMs += 10_000 - stalled;
  counters.watchMs += 10_000;
  const kbps = pick(LADDER, random);
  counters.bits += kbps * (10_000 - stalled);
  return {
    k: 'hb',
    n,
    t: n * 10_000 + Math.round(random() * 50),
    pt: n * 10_000,
    st: 'playing',
    iv: 10_000,
    ms: { playing: 10_000 - stalled, ...(stalled > 0 && { stalled }) },
    bits: kbps * (10_000 - stalled),
    fr: { tot: 250, drop: Math.floor(random() * 3) },
    by: Math.round(random() * 1e7),
    sg: { n: 5, err: 0, slow: 0 },
    ttfb: [3, 1, 1, 0, 0, 0, 0, 0],
    thr: Math.round(random() * 30_000),
    blMin: Math.round(random() * 20_000),
    kbps,
    w: 1280,
    h: 720,
    bl: Math.round(random() * 30_000),
    c: { ...counters },
  };
}

/** One probe envelope of `events` distinct events: a request, a start, then heartbeats, as a browser sends them. */
export function envelope(index: number, events: number, now: number): Envelope {
  const random = randomFrom(index * 7919 + 1);
  const counters: WireCounters = {
    stalls: 0,
    stallMs: 0,
    freezes: 0,
    freezeMs: 0,
    seeks: 0,
    seekMs: 0,
    playMs: 0,
    watchMs: 0,
    bits: 0,
    drop: 0,
    tot: 0,
    err: 0,
    up: 0,
    down: 0,
  };
  const list: WireEvent[] = [
    { k: 'request', n: 0, t: 0, auto: true, src: 'media.example.com' },
    {
      k: 'start',
      n: 1,
      t: 700,
      ms: 400 + Math.round(random() * 900),
      ph: { manifest: 90, init: 60, segment: 300, decode: 40 },
      kbps: 800,
      w: 640,
      h: 360,
    },
  ];
  for (let n = 2; n < events; n++) list.push(beat(n, random, counters));
  return {
    v: 1,
    h: {
      sid: `${index.toString(16).padStart(8, '0')}-0000-4000-8000-${Math.floor(random() * 2 ** 44)
        .toString(16)
        .padStart(12, '0')}`,
      t0: now - events * 10_000,
      sent: now,
      cid: `title-${Math.floor(random() * 500)}`,
      st: 'v',
      app: 'bench',
      appVer: '1.4.2',
      pl: { name: 'dash.js', ver: '5.2.1' },
      pv: '0.1.0',
      consent: 1,
      cdn: pick(CDNS, random),
    },
    e: list.slice(0, events),
  };
}

/** Bodies of distinct sessions; `count · events` distinct events in all. */
export const bodies = (count: number, events: number, now: number): Buffer[] =>
  Array.from({ length: count }, (_none, index) => Buffer.from(JSON.stringify(envelope(index, events, now))));

type LeanBeatEvent = LeanBeat & Extract<LeanEnvelope['e'][number], { k: 'hb' }>;

interface Playing {
  readonly random: () => number;
  /** The session's counters so far. */
  readonly totals: Record<string, number>;
  kbps: number;
}

function leanBeat(n: number, playing: Playing): LeanBeatEvent {
  const { random, totals } = playing;
  const stallMs = random() < 0.05 ? Math.round(random() * 3000) : 0;
  const kbps = pick(LADDER, random);
  const told: Record<string, number> = {
    playMs: 10_000 - stallMs,
    bits: kbps * (10_000 - stallMs),
    tot: 250,
    ...(kbps > playing.kbps && { up: 1 }),
    ...(kbps < playing.kbps && { down: 1 }),
    ...(stallMs > 0 && { stallMs, stalls: 1 }),
    ...(random() < 0.5 && { drop: 1 + Math.floor(random() * 3) }),
  };
  playing.kbps = kbps;
  for (const [name, gain] of Object.entries(told)) totals[name] = (totals[name] ?? 0) + gain;
  const gains = {
    ...told,
    sg: 5,
    by: Math.round(random() * 1e7),
    dl: Math.round(random() * 4000),
    t0: 3,
    t1: 2,
  };
  return {
    n,
    k: 'hb',
    st: 'play',
    i: gains satisfies LeanCounters,
    c: { ...totals } satisfies LeanCounters,
    blMin: Math.round(random() * 20_000),
    rate: 1,
    pw: 1280,
    ph: 720,
    t: n * 10_000 + Math.round(random() * 50),
    pt: n * 10_000,
    bl: Math.round(random() * 30_000),
    kbps,
    w: 1280,
    h: 720,
    cdn: pick(CDNS, random),
  };
}

/**
 * The same in version 2 of the wire, word for word in the order in which the probe of today says it
 * (`test/probe-fast-path.test.ts`).
 */
export function leanEnvelope(index: number, events: number, now: number): LeanEnvelope {
  const random = randomFrom(index * 7919 + 1);
  const { sid } = envelope(index, 0, now).h;
  const startMs = 400 + Math.round(random() * 900);
  const playing: Playing = { random, totals: { startMs }, kbps: 800 };
  const shown = { bl: 2000, kbps: 800, w: 640, h: 360 };
  const list: LeanEnvelope['e'] = [
    { n: 0, k: 'request', auto: true, pre: false, t: 0, pt: 0, bl: 0, kbps: 0, w: 0, h: 0 },
    { n: 1, k: 'start', ms: startMs, ph: { manifest: 90, init: 150, segment: 390 }, t: startMs, pt: 40, ...shown },
  ];
  for (let n = 2; n < events; n++) list.push(leanBeat(n, playing));
  return {
    v: 2,
    h: {
      contentId: `title-${Math.floor(random() * 500)}`,
      appVersion: '1.4.2',
      sid,
      t0: now - events * 10_000,
      pl: { name: 'dash.js', ver: '5.2.1', st: 'v' },
      pv: '0.2.0',
      sent: now,
    },
    e: list.slice(0, events),
  };
}
