import { createCore, type Core, type PlayerPort, type Probe, type ProbeOptions } from './core.ts';
import { guard, NO_PROBE } from './guard.ts';
import { cutUrls } from './privacy.ts';

// The only file that knows dash.js: 5.x, and 4.7 where that differs. Types are structural, so that neither is needed to build.

interface Representation {
  /** 5.x */
  bitrateInKbit?: number;
  /** 4.7, bit/s */
  bitrate?: number;
  width: number;
  height: number;
}

interface Request {
  url?: string | null;
  type?: string | null;
  mediaType?: string | null;
  index?: number | null;
  /** s */
  duration?: number | null;
  /** bit/s */
  bandwidth?: number | null;
  /** Dates, good for a difference in ms. */
  startDate?: number;
  endDate?: number;
  /** Not a number where the server does not say how long its answer is, as live servers do not. */
  bytesTotal?: number | null;
  bytesLoaded?: number | null;
  serviceLocation?: string | null;
  /** 5.x */
  retryAttempts?: number;
  /** 5.x, where the CDN allows it. */
  resourceTimingValues?: PerformanceResourceTiming | null;
}

export interface DashEvent {
  mediaType?: string | null;
  request?: Request;
  error?: { code?: number; message?: string } | null;
  newRepresentation?: Representation | null;
  newQuality?: number;
  /** Of the key system: as 5.x says it, as 4.7 does. */
  data?: { ksConfiguration?: { keySystem?: string }; keySystem?: { systemString?: string } } | null;
}

/** What the probe uses of a dash.js player. */
export interface DashPlayer {
  on(type: string, listener: (event: DashEvent) => void): void;
  off(type: string, listener: (event: DashEvent) => void): void;
  getVersion(): string;
  isReady(): boolean;
  isDynamic(): boolean;
  getVideoElement(): unknown;
  attachSource: (...args: never[]) => void;
  getAutoPlay(): boolean;
  getCurrentLiveLatency(): number;
  getTargetLiveDelay(): number;
  getRepresentationsByType?: (type: 'video') => Representation[];
  getBitrateInfoListFor?: (type: 'video') => Representation[];
}

/** Until `detach`. */
export function listen(core: Core, player: DashPlayer, handlers: Record<string, (event: DashEvent) => void>): void {
  for (const type in handlers) {
    const listener = core.guard(handlers[type]!);
    player.on(type, listener);
    core.signal.addEventListener(
      'abort',
      core.guard(() => player.off(type, listener)),
    );
  }
}

/** Codes of the manifest, of what the browser cannot play, and from 100 of DRM: nothing can start after them. */
const HOPELESS = /1[01]|2[345]|3[1-6]|.../;

const rung = ({ bitrateInKbit, bitrate, width: w, height: h }: Representation) => ({
  kbps: Math.round(bitrateInKbit ?? bitrate! / 1000),
  w,
  h,
});

/** Of the video; throws as long as the player does not know them. */
export const renditionsOf = (player: DashPlayer): ReturnType<typeof rung>[] =>
  (player.getRepresentationsByType ?? player.getBitrateInfoListFor!)('video').map(rung);

/**
 * Measures what a dash.js player's viewer sees and sends it to `options.endpoint`. Call it before or after
 * `player.initialize()`; best right before, for then the startup time is exact. Never throws.
 */
export const attach = (player: DashPlayer, options: ProbeOptions): Probe => guard(start)(player, options) ?? NO_PROBE;

function start(player: DashPlayer, options: ProbeOptions): Probe {
  /** Of a source that is there before the page's present task is over. */
  let requestedAt = options.requestedAt ?? performance.now();
  let isClosed = true;
  let rendered = 0;
  /** Bitrate by number of pixels; 0 where several have it. */
  let ladder: Record<number, number> = {};

  const port: PlayerPort = {
    name: 'dash.js',
    ver: player.getVersion(),
    video: () => player.getVideoElement() as HTMLVideoElement,
    kbps: (w, h) => ladder[w * h] || rendered,
  };
  const core = createCore(options, port);

  const open = () => {
    if (!isClosed) return;
    isClosed = false;
    const at = requestedAt || performance.now();
    core.session?.end(at, 'replaced');
    // With autoplay the source is the request; without, the viewer's click on play will be.
    core.willPlay = player.getAutoPlay();
    core.look();
    if (core.willPlay) core.begin(at, { auto: true });
  };

  const ready = () => {
    ladder = {};
    for (const { kbps, w, h } of renditionsOf(player)) ladder[w * h] = w * h in ladder ? 0 : kbps;
    port.st = player.isDynamic() ? 'l' : 'v';
  };

  const handlers: Record<string, (event: DashEvent) => void> = {
    // A source shows in its manifest; a manifest that the page has itself, in 5.x only, in this event.
    playbackInitialized: open,
    manifestLoadingStarted: open,
    streamInitialized: ready,
    fragmentLoadingCompleted: ({ request, error }) => {
      const { type, mediaType: ty, bytesTotal, bytesLoaded, serviceLocation } = request!;
      if (type === 'MediaSegment')
        core.session?.segment({
          ty,
          by: bytesTotal || bytesLoaded!,
          failed: !!error,
          cdn: cutUrls(serviceLocation ?? ''),
        });
    },
    qualityChangeRendered: ({ mediaType, newRepresentation, newQuality }) => {
      if (mediaType === 'video')
        rendered = (newRepresentation ? rung(newRepresentation) : renditionsOf(player)[newQuality!]!).kbps;
    },
    playbackNotAllowed: () => {
      core.willPlay = false;
      core.look();
    },
    error: ({ error }) => {
      const { code, message } = error!;
      core.session?.error(performance.now(), {
        code: code!,
        msg: cutUrls(message!),
        fatal: HOPELESS.test(code as unknown as string),
      });
    },
    streamTeardownComplete: () => {
      isClosed = true;
      const { session } = core;
      // A new source follows at once and replaces it, or none does.
      setTimeout(core.guard(() => session?.end(performance.now(), 'exit')));
    },
  };

  listen(core, player, handlers);
  setTimeout(core.guard(() => (requestedAt = 0)));
  core.guard(() => {
    if (!player.isReady()) return;
    core.look();
    // What plays already is no attempt.
    if (core.session) isClosed = false;
    else open();
    ready();
  })();
  return core;
}
