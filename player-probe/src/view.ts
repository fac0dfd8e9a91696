import type { Core } from './core.ts';
import type { Kind } from './signals.ts';

type Fact = Kind<'visibility'>['k'];

/** Viewers choose a rate in steps of a quarter; players that catch up with a live edge take those in between. */
const RATE_STEP = 0.25;

const now = () => performance.now();

/**
 * For `plugins`: how the player stands on the page. Page hidden, size, playback rate chosen by the viewer, sound off, full
 * screen and picture in picture are told as they change; every beat says size and rate.
 */
export const view = (core: Core): void => {
  let last: Record<string, string | number | boolean> | undefined;
  let of: unknown;
  let rate = 1;
  const { look, more } = core;

  const lookMore = core.guard(() => {
    const { session, video } = core;
    if (!session || !video) return;
    // In a live stream a rate between the steps is the player's doing, and so is its way back.
    if (video.duration < Infinity || video.playbackRate % RATE_STEP === 0) rate = video.playbackRate;
    const facts = {
      visibility: document.visibilityState,
      resize: `${video.clientWidth}x${video.clientHeight}`,
      rate,
      mute: video.muted || !video.volume,
      fullscreen: !!document.fullscreenElement?.contains(video),
      pip: document.pictureInPictureElement === video,
    };
    for (const [k, to] of Object.entries(facts) as [Fact, string | number | boolean][]) {
      const from = last?.[k];
      if (of === session && from !== to) session.tell(now(), { k, from, to });
    }
    last = facts;
    of = session;
  });
  core.look = () => {
    look();
    lookMore();
  };
  core.more = () => {
    const { video } = core;
    return { ...more?.(), ...(video && { pw: video.clientWidth, ph: video.clientHeight, rate: video.playbackRate }) };
  };
  for (const type of ['fullscreenchange', 'visibilitychange'])
    document.addEventListener(
      type,
      core.guard(() => core.look()),
      { signal: core.signal },
    );
};
