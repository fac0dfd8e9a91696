import { createCore, type Probe, type ProbeOptions } from './core.ts';
import { messageOf, now, watchSource } from './source.ts';

// A <video> that plays a file or a stream by the browser's own means.

export type { Probe } from './core.ts';
export interface VideoOptions extends ProbeOptions {
  /** Bitrate of what is on the screen when it has that size; a plain element does not know it. 0: unknown. */
  kbps?: (width: number, height: number) => number;
}

/** Only where the browser says no more than "not supported" it is open whether the address or the format was wrong. */
const CATEGORIES = ['other', 'app', 'segment', 'media', 'media'] as const;

/** Measures what the viewer of a media element sees. Call it before or after the element has its source. */
export function attach(video: HTMLVideoElement, options: VideoOptions): Probe {
  /** The source that was there already; its `loadstart` may be still to come. */
  let known = video.currentSrc;
  const core = createCore(options, {
    name: 'html5',
    ver: undefined,
    video: () => video,
    kbps: options.kbps ?? (() => 0),
    latency: () => undefined,
    begun: () => ready(),
  });
  const ready = () => {
    if (!video.readyState || !core.session) return;
    core.header!.st ??= video.duration === Infinity ? 'l' : 'v';
    const { videoWidth: w, videoHeight: h } = video;
    core.session.ready(now(), [{ kbps: options.kbps?.(w, h) ?? 0, w, h }]);
  };
  const handlers: Record<string, () => void> = {
    loadstart: () => {
      if (video.currentSrc !== known) source.load();
    },
    loadedmetadata: () => {
      core.session?.mark(now(), 'init');
      ready();
    },
    loadeddata: () => core.session?.mark(now(), 'segment'),
    emptied: () => {
      known = '';
      const another = video.srcObject ?? video.getAttribute('src') ?? video.querySelector('source');
      core.session?.end(now(), another ? 'replaced' : 'exit');
    },
    error: () => {
      const { code = 0, message } = video.error ?? {};
      core.session?.error(now(), {
        cat: CATEGORIES[code] ?? 'other',
        code: `${code}`,
        msg: messageOf(message),
        fatal: true,
      });
    },
  };
  const { signal } = core;
  for (const [type, handler] of Object.entries(handlers)) video.addEventListener(type, core.guard(handler), { signal });
  const loading = () => video.networkState === video.NETWORK_LOADING;
  const source = watchSource(core, options, () => video, loading);
  core.guard(() => {
    if (!core.session && known) source.load();
  })();
  return core;
}
