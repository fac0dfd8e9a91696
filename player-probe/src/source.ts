import type { Core, ProbeOptions } from './core.ts';
import { cutUrls } from './privacy.ts';

// What the adapters of hls.js, Shaka and the plain element have in common.

const MAX_TEXT = 64;
const MAX_MESSAGE = 120;
const MAX_URLS = 200;

export const now = (): number => performance.now();

/** The host of an address, or a short name as it is. */
export const hostOf = (url: string): string => (/:/.test(url) ? cutUrls(url) : url).slice(0, MAX_TEXT);

/** A message fit to be sent: addresses cut to their hosts, 120 characters. */
export const messageOf = (text: string | undefined): string => cutUrls(text ?? '').slice(0, MAX_MESSAGE);

/** A rendition as the manifest describes it. */
export interface Rung {
  kbps: number;
  w: number;
  h: number;
}

/** Bitrate of the only rung of that size; where several or none have it, that of `chosen`, the player's word. */
export function kbpsOf(rungs: Rung[], w: number, h: number, chosen: number): number {
  const same = rungs.filter((rung) => rung.w === w && rung.h === h);
  return same[1] || !same[0] ? chosen : same[0].kbps;
}

const bare = (url: string) => url.split('?')[0]!;

/**
 * Time to first byte of the addresses it is given as they are asked for. From Resource Timing only: where the server does
 * not let the page see it there is no figure, rather than a false one.
 */
export function watchTimings(core: Core): (url: string) => void {
  const urls = new Set<string>();
  const observer = new PerformanceObserver(
    core.guard((list: PerformanceObserverEntryList) => {
      for (const { name, requestStart, responseStart } of list.getEntries() as PerformanceResourceTiming[])
        if (urls.delete(bare(name)) && requestStart) core.session?.ttfb(now(), responseStart - requestStart);
    }),
  );
  observer.observe({ type: 'resource' });
  core.signal.addEventListener('abort', () => observer.disconnect());
  return (url) => {
    if (urls.size > MAX_URLS) urls.clear();
    urls.add(bare(url));
  };
}

export interface Source {
  /** A source begins to load, in place of the one before it. */
  load: () => void;
  /** The source is gone. Unless another follows at once the viewer has left. */
  unload: () => void;
}

/**
 * From sources to sessions. With autoplay, or when the viewer's click is known (`requestedAt`), the source is the request;
 * without, the click on play will be.
 */
export function watchSource(
  core: Core,
  options: ProbeOptions,
  video: () => HTMLVideoElement | undefined,
  /** A source was given whose `load` is still to come. */
  pending: () => boolean = () => false,
): Source {
  const { requestedAt } = options;
  const attachedAt = requestedAt ?? now();
  let fresh = true;

  const open = (at: number) => {
    core.look();
    const element = video()!;
    core.autoplay = element.autoplay || (fresh && requestedAt !== undefined);
    if (!core.autoplay) return;
    core.begin(at, { auto: element.autoplay });
    element.addEventListener(
      'canplaythrough',
      // By now an allowed autoplay has begun; a blocked one waits for the viewer.
      () => setTimeout(core.guard(() => element.paused && (core.autoplay = false))),
      { signal: core.signal, once: true },
    );
  };

  // Who attaches and then loads in the same task has asked at the time of `attach`.
  setTimeout(() => (fresh &&= pending()));
  const playing = video();
  if (playing && playing.readyState > 2 && !playing.paused) {
    core.look();
    core.begin(attachedAt);
  }
  return {
    load: () => {
      const at = fresh ? attachedAt : now();
      core.session?.end(at, 'replaced');
      open(at);
      fresh = false;
    },
    unload: () => {
      const { session } = core;
      const at = now();
      setTimeout(core.guard(() => session?.end(at, 'exit')));
    },
  };
}
