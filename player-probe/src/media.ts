import type { Core, PlayerPort } from './core.ts';
import type { Sample } from './signals.ts';

const EVENTS = ['play', 'pause', 'waiting', 'seeking', 'resize', 'ended'];

/** The last frame before a stall is to be seen. */
const LOW_MS = 600;
/** In calm play there is more ahead, and so many ticks may do without a look where half a second brings so many frames. */
const CALM_MS = 2000;
const REST = 3;
const SOME_FRAMES = 10;

/** Media ahead of the playhead, over all tracks: `buffered` is their intersection. */
export function bufferMs({ buffered, currentTime }: HTMLVideoElement): number {
  for (let i = buffered.length; i--;)
    if (buffered.start(i) <= currentTime + 0.1) return Math.round(Math.max(0, buffered.end(i) - currentTime) * 1000);
  return 0;
}

/** The element as it is now. */
export function sampleOf(video: HTMLVideoElement, core: Core, port: PlayerPort): Sample {
  const { currentTime, videoWidth: w, videoHeight: h, seeking } = video;
  const { totalVideoFrames: frames, droppedVideoFrames: lost } = video.getVideoPlaybackQuality();
  return {
    pt: Math.round(currentTime * 1000),
    bl: bufferMs(video),
    isLast: video.duration - currentTime < 1,
    frames,
    lost,
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
  let frame: number | undefined;
  let wasIdle: boolean | undefined;
  let rest: number | boolean | undefined;
  /** Frames at the last look. */
  let seen = 0;

  const awaitFrame = () => {
    frame ||= video.requestVideoFrameCallback?.(
      core.guard((at: number) => {
        frame = 0;
        // The frame's own time: a busy page runs the callback later.
        look('', at, true);
      }),
    );
  };

  // oxlint-disable-next-line eslint/complexity -- one function is smaller than two, and the probe has a size budget
  const look = (type = '', at = performance.now(), shown?: boolean) => {
    // The player has taken another one, or the probe is detached.
    if (core.video !== video) return;
    const isPlay = type === 'play';
    if (isPlay || type === 'pause') core.willPlay = false;
    const sample = sampleOf(video, core, port);
    // A click on play begins a session, after the end of one as well. So does, without a request, what plays already: the
    // probe came late, the page was taken out of the browser's cache, or the player has recovered. Who was paused a look ago
    // has been asked to play: the event is still to come. A hidden page may be on its way out.
    const isAsked = isPlay || (sample.flow && !sample.isPaused && !wasIdle && !sample.isHidden);
    wasIdle = sample.isPaused;
    if ((core.session?.state ?? 'end') === 'end' && isAsked) core.begin(at, isPlay && {});
    const isCalm = core.session?.look(at, sample, shown);
    const isPlaying = core.session?.state === 'play';
    seen = sample.frames;
    // To ask for a frame costs as much as a look: only while one is waited for or the buffer runs low.
    if (!isPlaying || sample.bl < LOW_MS) awaitFrame();
    // What ends a wait comes with a frame.
    rest = isCalm && (isPlaying ? sample.bl > CALM_MS && REST : frame && 1);
  };
  core.mayRest = () =>
    (rest as number)-- > 0 && (rest !== 1 || video.getVideoPlaybackQuality().totalVideoFrames > seen + SOME_FRAMES);

  for (const type of EVENTS)
    video.addEventListener(
      type,
      core.guard(() => look(type)),
      core,
    );
  return look;
}
