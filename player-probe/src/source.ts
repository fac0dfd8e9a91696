import type { Core, ProbeOptions } from './core.ts';
import { cutUrls } from './privacy.ts';

// What the adapters of hls.js, Shaka and the plain element have in common.

const MAX_TEXT = 120;

export const now = (): number => performance.now();

/** An address or a message fit to be sent: addresses cut to their hosts, 120 characters. */
export const fit = (text = ''): string => cutUrls(text).slice(0, MAX_TEXT);

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

export interface Source {
  /** A source begins to load, in place of the one before it. */
  load: () => void;
  /** The source is gone. Unless another follows at once, or the same comes back, the viewer has left. */
  unload: (isBack?: () => boolean) => void;
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
    core.willPlay = element.autoplay || (fresh && requestedAt !== undefined);
    if (!core.willPlay) return;
    core.begin(at, { auto: element.autoplay });
    element.addEventListener(
      'canplaythrough',
      // By now an allowed autoplay has begun; a blocked one waits for the viewer.
      () => setTimeout(core.guard(() => element.paused && (core.willPlay = false))),
      { signal: core.signal, once: true },
    );
  };

  // Who attaches and then loads in the same task has asked at the time of `attach`.
  setTimeout(core.guard(() => (fresh &&= pending())));
  // What plays already is no attempt: the look finds it.
  core.guard(() => core.look())();
  return {
    load: () => {
      const at = fresh ? attachedAt : now();
      core.session?.end(at, 'replaced');
      open(at);
      fresh = false;
    },
    unload: (isBack = () => false) => {
      const { session } = core;
      const at = now();
      setTimeout(core.guard(() => isBack() || session?.end(at, 'exit')));
    },
  };
}
