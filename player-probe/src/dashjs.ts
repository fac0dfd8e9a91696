import { createCore, type Probe, type ProbeOptions } from './core.ts';
import { NO_PROBE } from './guard.ts';
import { cutUrls } from './privacy.ts';
import type { Failure } from './signals.ts';

// The only file that knows dash.js: 5.x, and 4.7 where that differs. Types are structural, so that neither is needed to build.

interface Representation {
  id?: string | number;
  /** 5.x */
  bitrateInKbit?: number;
  /** 4.7, bit/s */
  bitrate?: number;
  width?: number;
  height?: number;
}

interface Request {
  url?: string | null;
  type?: string | null;
  mediaType?: string | null;
  duration?: number | null;
  startDate?: Date | null;
  endDate?: Date | null;
  /** Not a number where the server does not say how long its answer is, as live servers do not. */
  bytesTotal?: number | null;
  bytesLoaded?: number | null;
  serviceLocation?: string | null;
}

interface DashEvent {
  mediaType?: string | null;
  request?: Request;
  error?: { code?: number; message?: string } | null;
  newRepresentation?: Representation | null;
  newQuality?: number;
}

/** What the probe uses of a dash.js player. */
export interface DashPlayer {
  on(type: string, listener: (event: DashEvent) => void): void;
  off(type: string, listener: (event: DashEvent) => void): void;
  getVersion(): string;
  isReady(): boolean;
  isDynamic(): boolean;
  getVideoElement(): unknown;
  getAutoPlay(): boolean;
  getCurrentLiveLatency(): number;
  getTargetLiveDelay(): number;
  getRepresentationsByType?(type: 'video'): Representation[];
  getBitrateInfoListFor?(type: 'video'): Representation[];
}

const MAX_TEXT = 64;
const MAX_MESSAGE = 120;
const MAX_URLS = 200;
/** MediaError.MEDIA_ERR_DECODE */
const DECODE = 3;

const kbpsOf = ({ bitrateInKbit, bitrate = 0 }: Representation) => Math.round(bitrateInKbit ?? bitrate / 1000);
const hostOf = (url: string | null | undefined) =>
  (url && (/:/.test(url) ? cutUrls(url) : url).slice(0, MAX_TEXT)) || undefined;
const bare = (url: string) => url.split('?')[0]!;

/** A letter for each code of dash.js from 0: media, manifest, segment, capability, drm, or none of them. */
const CODES = 'eeeeee....mm...s.s..eeeccmsss..mm.mcd';
const CATEGORIES: Record<string, Failure['cat']> = {
  e: 'media',
  m: 'manifest',
  s: 'segment',
  c: 'capability',
  d: 'drm',
};

/** The player throws where it cannot answer yet, 4.7 more often and later than its `isReady` tells. */
function asked<T>(question: () => T): T | undefined {
  try {
    return question();
  } catch {
    return undefined;
  }
}

/**
 * Measures what a dash.js player's viewer sees and sends it to `options.endpoint`. Call it before or after
 * `player.initialize()`; best right before, for then the startup time is exact. Never throws.
 */
export function attach(player: DashPlayer, options: ProbeOptions): Probe {
  try {
    return measure(player, options);
  } catch {
    return NO_PROBE;
  }
}

function measure(player: DashPlayer, options: ProbeOptions): Probe {
  const now = () => performance.now();
  const attachedAt = options.requestedAt ?? now();
  const urls = new Set<string>();
  let fresh = true;
  let closed = true;
  let rendered = 0;
  /** The last size of the picture, and the bitrate of the one rendition that has it. */
  let known: { size?: string | undefined; kbps?: number | undefined } = {};

  const representations = () =>
    asked(() => player.getRepresentationsByType?.('video') ?? player.getBitrateInfoListFor?.('video')) ?? [];
  const isLive = () => asked(() => player.isDynamic());

  const core = createCore(options, {
    name: 'dash.js',
    ver: player.getVersion(),
    video: () => asked(() => player.getVideoElement() as HTMLVideoElement),
    kbps: (w, h) => {
      const size = `${w}x${h}`;
      // dash.js makes its list anew each time it is asked.
      if (size !== known.size) {
        const all = representations();
        const same = all.filter((one) => one.width === w && one.height === h).map(kbpsOf);
        known = { size: all[0] && size, kbps: same[1] ? 0 : same[0] };
      }
      return known.kbps || rendered;
    },
    latency: () =>
      isLive()
        ? {
            ltc: Math.round(player.getCurrentLiveLatency() * 1000),
            target: Math.round(player.getTargetLiveDelay() * 1000),
          }
        : undefined,
    begun: () => ready(),
  });

  /** A source is there. With autoplay that is the request; without, the viewer's click on play will be. */
  const loading = (at: number) => {
    core.autoplay = player.getAutoPlay();
    core.look();
    if (core.autoplay) core.begin(at, { auto: true });
  };

  const ready = () => {
    const reps = representations();
    known = {};
    if (!core.session || !reps.length) return;
    core.header!.st ??= isLive() ? 'l' : 'v';
    const told = reps.map((one) => ({ kbps: kbpsOf(one), w: one.width ?? 0, h: one.height ?? 0 }));
    core.session.ready(now(), told);
  };

  const open = () => {
    if (!closed) return;
    closed = false;
    const at = fresh ? attachedAt : now();
    core.session?.end(at, 'replaced');
    loading(at);
  };

  const handlers: Record<string, (event: DashEvent) => void> = {
    // A source shows in its manifest; a manifest that the page has itself, in 5.x only, in this event.
    playbackInitialized: open,
    manifestLoadingStarted: () => {
      open();
      core.session?.mark(now(), 'player');
    },
    manifestLoaded: () => core.session?.mark(now(), 'manifest'),
    streamInitialized: ready,
    fragmentLoadingStarted: ({ request }) => {
      if (urls.size > MAX_URLS) urls.clear();
      urls.add(bare(request!.url!));
    },
    fragmentLoadingCompleted: ({ request, error }) => {
      const { type, mediaType: ty, duration, startDate, endDate, bytesTotal, bytesLoaded, serviceLocation } = request!;
      const at = now();
      const media = type === 'MediaSegment';
      const failed = !!error;
      if (ty === 'video' && !failed) core.session?.mark(at, media ? 'segment' : 'init');
      const [ms, mediaMs] = [+endDate! - +startDate!, duration! * 1000];
      const by = bytesTotal || bytesLoaded || 0;
      if (media) core.session?.segment(at, { ty, by, ms, mediaMs, failed, cdn: hostOf(serviceLocation) });
    },
    qualityChangeRendered: ({ mediaType, newRepresentation, newQuality = 0 }) => {
      if (mediaType !== 'video') return;
      rendered = kbpsOf(newRepresentation ?? representations()[newQuality] ?? {});
      core.look();
    },
    // Decode errors only, for the player mends them without a word; the others come as `error` as well.
    playbackError: ({ error }) => {
      if (error?.code !== DECODE) return;
      core.session?.error(now(), {
        cat: 'media',
        code: `${DECODE}`,
        msg: cutUrls(error.message ?? '').slice(0, MAX_MESSAGE),
        stops: true,
      });
    },
    playbackNotAllowed: () => {
      core.autoplay = false;
      core.look();
    },
    error: ({ error }) => {
      const code = error?.code ?? 0;
      const cat = code > 99 ? 'drm' : (CATEGORIES[CODES[code]!] ?? 'other');
      const msg = cutUrls(error?.message ?? '').slice(0, MAX_MESSAGE);
      core.session?.error(now(), { cat, code: `${code}`, msg, fatal: /man|cap|drm/.test(cat) });
    },
    streamTeardownComplete: () => {
      closed = true;
      const { session } = core;
      const at = now();
      // A new source follows at once and replaces it, or none does.
      setTimeout(core.guard(() => session?.end(at, 'exit')));
    },
  };

  for (const [type, handler] of Object.entries(handlers)) {
    const listener = core.guard(handler);
    player.on(type, listener);
    core.signal.addEventListener(
      'abort',
      core.guard(() => player.off(type, listener)),
    );
  }
  const timings = new PerformanceObserver(
    core.guard((list: PerformanceObserverEntryList) => {
      for (const { name, requestStart, responseStart } of list.getEntries() as PerformanceResourceTiming[])
        // 0 means that the server does not allow us to see it: no figure rather than a false one.
        if (urls.delete(bare(name)) && requestStart) core.session?.ttfb(now(), responseStart - requestStart);
    }),
  );
  timings.observe({ type: 'resource' });
  core.signal.addEventListener(
    'abort',
    core.guard(() => timings.disconnect()),
  );
  setTimeout(core.guard(() => (fresh = false)));
  core.guard(() => {
    if (!player.isReady()) return;
    closed = false;
    const video = player.getVideoElement() as HTMLVideoElement;
    core.look();
    if (video.readyState > 2 && !video.paused) core.begin(attachedAt);
    else loading(attachedAt);
  })();
  return core;
}
