import type { Core, ProbeOptions } from './core.ts';
import { cutUrls } from './privacy.ts';

// What the adapters of hls.js, Shaka and the plain element have in common.

const TIMINGS = 1e4;

export const now = (): number => performance.now();

/** An address or a message fit to be sent: addresses cut to their hosts. */
export const fit = (text = ''): string => cutUrls(text);

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

/** Does that when the probe is detached. */
export const atLast = ({ signal, guard }: Core, undo: () => unknown): void =>
  signal.addEventListener('abort', guard(undo));

export interface Source {
  /** A source begins to load, in place of the one before it; asked for at that time, now when absent. */
  load: (askedAt?: number) => void;
  /** The source is gone. Unless another follows at once, or the same comes back, the viewer has left. */
  unload: (isBack?: () => unknown) => void;
}

/**
 * From sources to sessions. With autoplay, or when the viewer's click is known (`requestedAt`), the source is the request;
 * without, the click on play will be.
 */
export function watchSource(core: Core, options: ProbeOptions, video: () => HTMLVideoElement | undefined): Source {
  /** Of the first source. */
  let { requestedAt } = options;

  // By itself a browser keeps the timings of 250 requests; these are some hours of segments.
  performance.setResourceTimingBufferSize(TIMINGS);
  return {
    load: (askedAt = now()) => {
      const at = requestedAt ?? askedAt;
      core.session?.end(at, 'replaced');
      core.look();
      const element = video()!;
      const { autoplay } = element;
      core.willPlay = autoplay || !!requestedAt;
      requestedAt = undefined;
      if (!core.willPlay) return;
      core.begin(at, { auto: autoplay });
      element.addEventListener(
        'canplaythrough',
        // By now an allowed autoplay has begun; a blocked one waits for the viewer.
        core.guard(() => element.paused && (core.willPlay = false)),
        { signal: core.signal, once: true },
      );
    },
    unload: (isBack) => {
      const { session } = core;
      const at = now();
      setTimeout(core.guard(() => isBack?.() || session?.end(at, 'exit')));
    },
  };
}
