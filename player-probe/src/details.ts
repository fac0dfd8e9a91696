import type { LeanEvent } from '../../schema/probe-wire-v2.ts';
import type { Core } from './core.ts';
import { bufferMs } from './media.ts';
import type { Failure, Fields, Kind, Phase } from './signals.ts';

// What the line does, of any player: phases of the startup, time to first byte, throughput, slow, failed and abandoned
// segments, why the CDN changed, the live edge.

/** More of a segment than what its arrival means for the session, which has to be told that besides. */
export interface LoadDetails {
  /** Media type, as the player names it; bytes. */
  ty: string | null | undefined;
  by: number;
  failed: boolean;
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
  segment: (load: LoadDetails) => void;
  /** `stops`: the element has let go of its media; there is no picture until the player has mended it. */
  fail: (failure: Failure & { stops?: boolean }) => void;
  /** A steering server has answered. */
  steer: () => void;
}

/** What a player's adapter answers besides; may throw as long as the player cannot know. */
export interface Source {
  /** Live latency and what the player aims at, ms. */
  latency: () => { ltc: number; target: number } | undefined;
  /** The renditions of the video, none as long as they are not known. */
  reps: () => NonNullable<Kind<'ready'>['reps']>;
}

const FIRST_EDGE_MS = 50;
const RECENT_MS = 10_000;
/** Rows of bad segments between two beats; the counters have them all. */
const MOST_ROWS = 5;
const LOOK_MS = 250;

const now = () => performance.now();

/** Time to first byte and HTTP status of the last request for an address, as far as the browser may see them. */
export function timingOf(
  url: string,
  known?: PerformanceResourceTiming | null,
): { ttfb: number; rc: number | undefined } {
  const { requestStart, responseStart, responseStatus } = (performance.getEntriesByName(url).pop() ??
    known ??
    {}) as Partial<PerformanceResourceTiming & { responseStatus: number }>;
  return { ttfb: responseStart! - requestStart!, rc: responseStatus || undefined };
}

/** In whole ms; not known: 0, NaN or absent. */
const known = (ms: number | undefined) => (ms! > 0 ? Math.round(ms!) : undefined);

/** Edges double; the last bucket takes the rest. */
const bucketOf = (ttfb: number) => `t${Math.min(7, Math.max(0, Math.ceil(Math.log2(ttfb / FIRST_EDGE_MS))))}` as const;

function badOf({ ms, mediaMs, failed, tries, abandoned }: LoadDetails): Kind<'segment'>['bad'] {
  if (abandoned) return 'abandoned';
  if (failed || tries) return 'failed';
  return mediaMs > 0 && ms > mediaMs ? 'slow' : undefined;
}

function rowOf(load: LoadDetails, bad: Kind<'segment'>['bad']): Fields<Kind<'segment'>> {
  const { ty, idx, kbps, by, ms, ttfb, rc, tries } = load;
  return { k: 'segment', bad, ty: ty ?? undefined, idx, br: kbps, by, ms: known(ms), ttfb: known(ttfb), rc, tries };
}

/** Adds them to what `core` measures. */
export function addDetails(core: Core, { latency, reps }: Source): Details {
  let phases: NonNullable<Kind<'start'>['ph']> = {};
  let isSteered = false;
  let troubleAt = -Infinity;
  let rows = 0;
  let low = Infinity;
  let late = 0;
  let target: number | undefined;
  let readyOf: unknown;
  const { emit, look, more } = core;

  const addTo = core.guard((event: LeanEvent) => {
    const told = event as Partial<Kind<'start'>> & Partial<Kind<'cdn'>>;
    if (event.n === 0) {
      phases = {};
      // What was to be mended is gone.
      if (core.force === 'stall') core.force = undefined;
    }
    if (event.k === 'request') event.pre = core.video!.readyState > 0;
    if (event.k === 'start') told.ph = phases;
    if (event.k === 'cdn' && told.to) {
      told.why = isSteered ? 'steering' : now() - troubleAt < RECENT_MS ? 'failover' : 'abr';
      isSteered = false;
    }
  });
  core.emit = (event) => {
    addTo(event);
    emit(event);
  };
  const ready = () => {
    const { session } = core;
    if (!session || session === readyOf || !reps().length) return;
    readyOf = session;
    session.tell(now(), { k: 'ready', reps: reps() });
  };
  const lookMore = core.guard(() => {
    const { session, video } = core;
    if (!session || !video) return;
    ready();
    low = Math.min(low, bufferMs(video));
    const live = latency();
    if (!(live && live.ltc > 0)) return;
    late = Math.max(late, live.ltc);
    ({ target } = live);
    session.count(now(), 'ltc', live.ltc);
    session.count(now(), 'ltcs', 1);
  });
  core.look = () => {
    look();
    lookMore();
  };
  core.more = () => {
    const said = { ...more?.(), ...(low < Infinity && { blMin: low }), ...(late && { late, target }) };
    low = Infinity;
    rows = late = 0;
    return said;
  };

  return {
    ready,
    mark: (phase) => {
      const { session } = core;
      // Time spent since the last signal counts first.
      session?.count(now(), 'startMs', 0);
      if (session) phases[phase] ??= session.totals.startMs ?? 0;
    },
    fail: ({ stops, ...failure }) => {
      core.session?.error(now(), failure);
      const { video, session } = core;
      if (!stops || !video || session?.state === 'end') return;
      const again = () => video.requestVideoFrameCallback?.(mended) ?? setTimeout(mended, LOOK_MS);
      const mended = core.guard(() => {
        if (core.video === video && session === core.session && video.readyState <= 2) again();
        else {
          core.force = undefined;
          core.look();
        }
      });
      core.force = 'stall';
      core.look();
      again();
    },
    steer: () => {
      isSteered = true;
      core.session?.tell(now(), { k: 'cdn', why: 'steering' });
    },
    segment: (load) => {
      const { ms, ttfb, tries = 0, failed, abandoned, by } = load;
      const { session } = core;
      const at = now();
      const bad = badOf(load);
      if (bad === 'failed') troubleAt = at;
      if (bad && rows++ < MOST_ROWS) session?.tell(at, rowOf(load, bad));
      if (abandoned) return;
      session?.count(at, 'bad', tries);
      if (failed) return;
      if (bad === 'slow') session?.count(at, 'slow', 1);
      if (by > 0) session?.count(at, 'dl', ms);
      if (known(ttfb)) session?.count(at, bucketOf(ttfb!), 1);
    },
  };
}
