import type { Core, PlayerPort } from './core.ts';
import type { Sample } from './signals.ts';

const EVENTS = ['play', 'pause', 'waiting', 'seeking', 'resize', 'ended'];

/** The last frame before a stall is to be seen. */
const LOW_MS = 600;
/** Ticks to rest in calm play, and the frames that have come by half of them when it goes on. */
const REST = 3;
const SOME_FRAMES = 8;

/** Media ahead of the playhead, over all tracks: `buffered` is their intersection. */
export function bufferMs({ buffered, currentTime }: HTMLVideoElement): number {
  for (let i = buffered.length; i--;)
    if (buffered.start(i) <= currentTime + 0.1) return Math.round(Math.max(0, buffered.end(i) - currentTime) * 1000);
  return 0;
}

/** The element as it is now. */
export function sampleOf(video: HTMLVideoElement, core: Core, port: PlayerPort): Sample {
  const { currentTime, videoWidth: w, videoHeight: h, seeking } = video;
  const { totalVideoFrames: frames, droppedVideoFrames: drop } = video.getVideoPlaybackQuality();
  return {
    pt: Math.round(currentTime * 1000),
    bl: bufferMs(video),
    isLast: video.duration - currentTime < 1,
    frames,
    drop,
    w,
    h,
    kbps: port.kbps(w, h),
    // Before autoplay takes hold the element is paused, but not by the viewer.
    isPaused: video.paused && !core.willPlay,
    isSeeking: seeking,
    isEnded: video.ended,
    flow: video.readyState > 2 && !seeking,
    isHidden: document.hidden,
    force: core.force,
  };
}

/** Watches a media element, whoever feeds it, and tells the present session. Returns the look. */
export function watchMedia(video: HTMLVideoElement, core: Core, port: PlayerPort): () => void {
  let frame = 0;
  let rest = 0;
  let last: Partial<Sample> = {};

  const awaitFrame = () => {
    frame ||= video.requestVideoFrameCallback?.(
      core.guard((at: number) => {
        frame = 0;
        // The frame's own time: a busy page runs the callback later.
        look('', at, true);
      }),
    );
  };

  const look = (type = '', at = performance.now(), shown?: boolean) => {
    // The player has taken another one, or the probe is detached.
    if (core.video !== video) return;
    const isPlay = type === 'play';
    if (isPlay || type === 'pause') core.willPlay = false;
    const wasIdle = last.isPaused;
    const sample = (last = sampleOf(video, core, port));
    // A click on play begins a session, after the end of one as well. So does, without a request, what plays already: the
    // probe came late, the page was taken out of the browser's cache, or the player has recovered. Who was paused a look ago
    // has been asked to play: the event is still to come. A hidden page may be on its way out.
    const isAsked = isPlay || (sample.flow && !sample.isPaused && !wasIdle && !sample.isHidden);
    if ((core.session?.state ?? 'end') === 'end' && isAsked) core.begin(at, isPlay && {});
    rest = core.session?.look(at, sample, shown) ? REST : 0;
    // To ask for a frame costs as much as a look: only while one is waited for or the buffer runs low.
    if (sample.bl < LOW_MS || core.session?.state !== 'play') awaitFrame();
  };
  core.mayRest = () =>
    rest-- > 0 && (rest !== 1 || video.getVideoPlaybackQuality().totalVideoFrames > last.frames! + SOME_FRAMES);

  for (const type of EVENTS)
    video.addEventListener(
      type,
      core.guard(() => look(type)),
      core,
    );
  return look;
}
