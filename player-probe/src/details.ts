import type { LeanEvent } from '../../schema/probe-wire-v2.ts';
import type { Core } from './core.ts';
import { bufferMs } from './media.ts';
import type { Totals } from './totals.ts';
import type { Failure, Fields, Kind, Load, Phase } from './signals.ts';

// What the line does, of any player: phases of the startup, time to first byte, throughput, slow, failed and abandoned
// segments, why the CDN changed, the live edge.

/** More of a segment. */
export interface LoadDetails extends Load {
  /** Duration of the download and of the media, ms. */
  ms: number;
  mediaMs: number;
  /** Time to first byte, ms; 0 or NaN when the browser may not see it: no figure rather than a false one. */
  ttfb?: number | undefined;
  /** Attempts that failed before this one. */
  tries?: number | undefined;
  abandoned?: boolean | undefined;
  /** Number of the segment in its rendition, kbit/s of that, HTTP status. */
  idx?: number | undefined;
  kbps?: number | undefined;
  rc?: number | undefined;
}

export interface Details {
  /** The renditions are known. */
  ready: () => void;
  /** A phase of the startup is over. Phases add up to the startup time. */
  mark: (phase: Phase) => void;
  /** Without `cdn` the session knows of it already. */
  segment: (load: LoadDetails) => void;
  /** After an error of the media, unless it is none to speak of, there is no picture until the player has mended it. */
  fail: (failure: Failure) => void;
  /** A steering server has answered. */
  steer: () => void;
  /** A licence server has, that was asked at that time. */
  licence: (askedAt: number, ok: boolean, keySystem?: string) => void;
}

/** What a player's adapter answers besides; may throw as long as the player cannot know. */
export interface Source {
  /** Of a live stream its latency and what the player aims at, s; less than 0 or NaN: not known. */
  lag: () => [latency: number, target: number];
  /** The renditions of the video, none as long as they are not known. */
  reps: () => NonNullable<Kind<'ready'>['reps']>;
}

const FIRST_EDGE_MS = 50;
const RECENT_MS = 10_000;
/** Rows of bad segments between two beats; the counters have them all. */
const MOST_ROWS = 5;
const LOOK_MS = 250;

const now = () => performance.now();

/** Time to first byte, all of its time and HTTP status of the last request for an address, as far as the browser may see them. */
export function timingOf(
  url: string,
  known?: PerformanceResourceTiming | null,
): { ttfb: number; ms: number; rc: number | undefined } {
  const { requestStart, responseStart, responseStatus, duration } = (performance.getEntriesByName(url).pop() ??
    known ??
    {}) as Partial<PerformanceResourceTiming & { responseStatus: number }>;
  return { ttfb: responseStart! - requestStart!, ms: duration!, rc: responseStatus || undefined };
}

/** In whole ms; not known: 0, NaN or absent. */
const known = (ms: number | undefined) => (ms! > 0 ? Math.round(ms!) : undefined);

/** Edges double; the last bucket takes the rest. */
const bucketOf = (ttfb: number) => `t${Math.min(7, 32 - Math.clz32(Math.ceil(ttfb / FIRST_EDGE_MS) - 1))}` as const;

function badOf({ ms, mediaMs, failed, tries, abandoned }: LoadDetails): Kind<'segment'>['bad'] {
  if (abandoned) return 'abandoned';
  if (failed || tries) return 'failed';
  return mediaMs > 0 && ms > mediaMs ? 'slow' : undefined;
}

function rowOf(load: LoadDetails, bad: Kind<'segment'>['bad']): Fields<Kind<'segment'>> {
  const { ty, idx, kbps, by, ms, ttfb, rc, tries } = load;
  return { k: 'segment', bad, ty: ty!, idx, br: kbps, by, ms: known(ms), ttfb: known(ttfb), rc, tries };
}

/** Adds them to what `core` measures. */
export function addDetails(core: Core, { lag, reps }: Source): Details {
  let phases: NonNullable<Kind<'start'>['ph']> = {};
  /** The last time that segments failed, and that a steering server answered. */
  let troubleAt = -Infinity;
  let steeredAt = troubleAt;
  let rows = 0;
  let low: number | undefined;
  let late: number | undefined;
  let target: number | undefined;
  let readyOf: unknown;
  const { emit, look, more } = core;

  const count = (name: keyof Totals, by: number) => core.session?.count(name, by);
  const tell = (event: Fields<LeanEvent>) => core.session?.tell(now(), event);
  const addTo = core.guard((event: LeanEvent) => {
    const told = event as Partial<Kind<'start'>> & Partial<Kind<'cdn'>>;
    if (event.n === 0) {
      phases = {};
      // What was to be mended is gone.
      if (core.force === 'stall') core.force = undefined;
    }
    if (event.k === 'request') event.pre = core.video!.readyState > 0;
    if (event.k === 'start') told.ph = phases;
    if (event.k === 'cdn' && told.to)
      told.why =
        now() - Math.max(troubleAt, steeredAt) > RECENT_MS ? 'abr' : steeredAt > troubleAt ? 'steering' : 'failover';
  });
  core.emit = (event) => {
    addTo(event);
    emit(event);
  };
  const ready = () => {
    const known = reps();
    if (!known[0] || core.session === readyOf) return;
    readyOf = core.session;
    tell({ k: 'ready', reps: known });
  };
  const lookMore = core.guard(() => {
    const { session, video, header } = core;
    if (!session || !video) return;
    ready();
    low = Math.min(low ?? Infinity, bufferMs(video));
    if (header!.pl!.st !== 'l') return;
    const [seconds, aim] = lag();
    const ltc = known(1000 * seconds);
    if (!ltc) return;
    late = Math.max(late ?? 0, ltc);
    target = known(1000 * aim);
    count('ltc', ltc);
    count('ltcs', 1);
  });
  core.look = () => {
    look();
    lookMore();
  };
  core.more = () => {
    const said = { ...more?.(), blMin: low, late, target };
    low = late = target = undefined;
    rows = 0;
    return said;
  };

  const mark = (phase: Phase) => {
    // Time spent since the last signal counts first.
    core.session?.book(now());
    phases[phase] ??= core.session?.totals.startMs ?? 0;
  };

  return {
    ready,
    mark,
    fail: (failure) => {
      const { video, session } = core;
      session?.error(now(), failure);
      if (failure.cat !== 'media' || failure.fatal === false) return;
      const wait = core.guard((again?: number) => {
        if (session!.state === 'end') return;
        core.force = again && video!.readyState > 2 && !video!.error ? undefined : 'stall';
        core.look();
        if (core.force) void (video!.requestVideoFrameCallback?.(wait) ?? setTimeout(wait, LOOK_MS, 1));
      });
      wait();
    },
    steer: () => {
      steeredAt = now();
      tell({ k: 'cdn', why: 'steering' });
    },
    licence: (askedAt, ok, ks) => {
      if (ok) mark('drm');
      tell({ k: 'drm', ms: Math.round(now() - askedAt), ks, ok });
    },
    segment: (load) => {
      const { ms, ttfb, tries, failed, abandoned, by, cdn } = load;
      if (cdn) core.session?.segment(load);
      const bad = badOf(load);
      if (bad === 'failed') troubleAt = now();
      if (bad && rows++ < MOST_ROWS) tell(rowOf(load, bad));
      if (abandoned) return;
      count('bad', tries!);
      if (failed) return;
      if (bad === 'slow') count('slow', 1);
      if (by > 0) count('dl', ms);
      if (known(ttfb)) count(bucketOf(ttfb!), 1);
    },
  };
}
