import type { Core, PlayerPort } from './core.ts';
import type { Sample } from './signals.ts';

const EVENTS = ['play', 'pause', 'waiting', 'playing', 'seeking', 'seeked', 'ended', 'resize'];

/** The last frame before a stall is to be seen. */
const LOW_MS = 1000;

/** Media ahead of the playhead in ms, over all tracks: `buffered` is their intersection. */
function bufferMs({ buffered, currentTime }: HTMLVideoElement): number {
  for (let i = 0; i < buffered.length; i++) {
    const ahead = buffered.end(i) - currentTime;
    if (ahead >= 0 && buffered.start(i) <= currentTime + 0.1) return Math.round(ahead * 1000);
  }
  return 0;
}

/** The element as it is now. */
export function sampleOf(video: HTMLVideoElement, core: Core, port: PlayerPort): Sample {
  const { currentTime, duration, videoWidth: w, videoHeight: h, ended, seeking } = video;
  const { totalVideoFrames: frames, droppedVideoFrames: drop } = video.getVideoPlaybackQuality();
  return {
    pt: Math.round(currentTime * 1000),
    bl: bufferMs(video),
    left: (duration - currentTime) * 1000 || 0,
    frames,
    drop,
    w,
    h,
    kbps: port.kbps(w, h),
    // Before autoplay takes hold the element is paused, but not by the viewer.
    paused: video.paused && !core.autoplay,
    seeking,
    ended,
    flow: video.readyState > 2 && !seeking,
    visibility: document.visibilityState,
    ...port.latency(),
  };
}

/** Watches a media element, whoever feeds it, and tells the present session. Returns the look and the end of the watch. */
export function watchMedia(video: HTMLVideoElement, core: Core, port: PlayerPort, signal: AbortSignal): () => void {
  let frame = 0;
  let low = false;

  const look = (type?: string, shown?: boolean, at = performance.now()) => {
    if (type === 'play' || type === 'pause') core.autoplay = false;
    const sample = sampleOf(video, core, port);
    // A click on play begins a session, after the end of one as well.
    if (type === 'play' && (core.session?.state ?? 'ended') === 'ended') core.begin(at, { pre: video.readyState > 0 });
    low = sample.bl < LOW_MS;
    core.session?.look(at, sample, shown);
    // To ask for a frame costs 0.1 ms and more: only while one is waited for or the buffer runs low.
    const waits = () => low || core.session?.state !== 'playing';
    if (waits())
      frame ||= video.requestVideoFrameCallback?.(
        core.guard((shownAt: number) => {
          frame = 0;
          // The frame's own time: a busy page runs the callback later.
          if (waits()) look('', true, shownAt);
        }),
      );
  };

  for (const type of EVENTS)
    video.addEventListener(
      type,
      core.guard(() => look(type)),
      { signal },
    );
  signal.addEventListener(
    'abort',
    core.guard(() => video.cancelVideoFrameCallback?.(frame)),
  );
  return look;
}
