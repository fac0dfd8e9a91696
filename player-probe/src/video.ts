import { createCore, type PlayerPort, type Probe, type ProbeOptions } from './core.ts';
import { guard, NO_PROBE } from './guard.ts';
import { addDetails } from './details.ts';
import { bufferMs, sampleOf } from './media.ts';
import { fit, now, watchSource } from './source.ts';

// A <video> that plays a file or a stream by the browser's own means.

export type { Probe } from './core.ts';
export interface VideoOptions extends ProbeOptions {
  /** Bitrate of what is on the screen when it has that size; a plain element does not know it. 0: unknown. */
  kbps?: (width: number, height: number) => number;
}

/** Only where the browser says no more than "not supported" it is open whether the address or the format was wrong. */
const CATEGORIES = ['other', 'app', 'segment', 'media', 'media'] as const;

/**
 * Of a file the browser guesses from its bytes how much is ahead, and is seconds wrong where some of its scenes are richer
 * than others: a last frame is not to be foreseen but by awaiting each when there may be few.
 */
const UNSURE_MS = 5000;

function measure(video: HTMLVideoElement, options: VideoOptions): Probe {
  /** The source that was there already; its `loadstart` may be still to come. */
  let known = video.currentSrc;
  /** Of a source that is given in the page's present task: its `loadstart` comes later. */
  let askedAt: number | undefined = now();
  const port: PlayerPort = {
    name: 'html5',
    ver: undefined,
    video: () => video,
    kbps: options.kbps ?? (() => 0),
  };
  const core = createCore(options, port);
  const details = addDetails(core, {
    lag: () => [0, 0],
    reps: () => {
      const { videoWidth: w, videoHeight: h } = video;
      return video.readyState ? [{ kbps: options.kbps?.(w, h) ?? 0, w, h }] : [];
    },
  });
  const ready = () => {
    port.st = video.duration === Infinity ? 'l' : 'v';
    details.ready();
  };
  let frame: number | undefined;
  const awaitFrame = () => {
    if (core.session?.state !== 'play' || bufferMs(video) > UNSURE_MS) return;
    frame ||= video.requestVideoFrameCallback?.(
      core.guard((at: number) => {
        frame = 0;
        core.session?.look(at, sampleOf(video, core, port), true);
        awaitFrame();
      }),
    );
  };
  const { emit } = core;
  let isLoading: boolean | undefined;
  core.emit = (event) =>
    emit(isLoading && event.k === 'stall' && event.cause === 'decode' ? { ...event, cause: 'network' } : event);
  const handlers: Record<string, () => void> = {
    timeupdate: awaitFrame,
    // A file that is loaded as it plays has run dry, however much the browser guessed to be ahead.
    waiting: () => (isLoading = video.networkState === video.NETWORK_LOADING),
    loadstart: () => {
      if (video.currentSrc !== known) source.load(askedAt);
      askedAt = undefined;
    },
    loadedmetadata: () => {
      details.mark('init');
      ready();
    },
    loadeddata: () => details.mark('segment'),
    emptied: () => {
      known = '';
      const another = video.srcObject ?? video.getAttribute('src') ?? video.querySelector('source');
      core.session?.end(now(), another ? 'replaced' : 'exit');
    },
    error: () => {
      const { code = 0, message } = video.error ?? {};
      details.fail({
        cat: CATEGORIES[code] ?? 'other',
        code,
        msg: fit(message),
        fatal: true,
      });
    },
  };
  const { signal } = core;
  for (const [type, handler] of Object.entries(handlers)) video.addEventListener(type, core.guard(handler), { signal });
  setTimeout(
    core.guard(() => {
      if (video.networkState !== video.NETWORK_LOADING) askedAt = undefined;
    }),
  );
  const source = watchSource(core, options, () => video);
  core.guard(() => {
    // What plays already is no attempt: the look finds it.
    core.look();
    if (!core.session && known) source.load();
  })();
  return core;
}

/** Measures what the viewer of a media element sees. Call it before or after the element has its source. Never throws. */
export const attach = (video: HTMLVideoElement, options: VideoOptions): Probe =>
  guard(measure)(video, options) ?? NO_PROBE;
