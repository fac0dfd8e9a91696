import type { Core, PlayerPort } from './core.ts';
import type { Sample } from './signals.ts';

export interface Watch {
  readonly video: HTMLVideoElement;
  look: () => void;
  resized: () => void;
  stop: () => void;
}

const LATENCY_EVERY = 4;

/** Media ahead of the playhead in ms, over all tracks: `buffered` is their intersection. */
function bufferMs({ buffered, currentTime }: HTMLVideoElement): number {
  for (let i = 0; i < buffered.length; i++) {
    const ahead = buffered.end(i) - currentTime;
    if (ahead >= 0 && buffered.start(i) <= currentTime + 0.1) return Math.round(ahead * 1000);
  }
  return 0;
}

function sampleOf(video: HTMLVideoElement): Sample {
  const { currentTime, duration, videoWidth: w, videoHeight: h, playbackRate: rate } = video;
  const quality = video.getVideoPlaybackQuality?.();
  return {
    pt: Math.round(currentTime * 1000),
    bl: bufferMs(video),
    left: (duration - currentTime) * 1000 || 0,
    frames: quality?.totalVideoFrames,
    drop: quality?.droppedVideoFrames,
    w,
    h,
    rate,
    flow: video.readyState > 2 && !video.seeking,
  };
}

/** Watches a media element, whoever feeds it, and tells the present session. */
export function watchMedia(video: HTMLVideoElement, core: Core, port: PlayerPort): Watch {
  const stop = new AbortController();
  const now = () => performance.now();
  let frame = 0;
  let looks = 0;
  let live: { ltc: number; target: number } | undefined;
  let muted = video.muted;
  let rate = video.playbackRate;
  let restAt = 0;

  const look = () => {
    if (looks++ % LATENCY_EVERY === 0) live = port.latency();
    const sample = { ...sampleOf(video), ...live };
    // Playback goes on after a session ended in a failure or in the page cache: a new session, but no new attempt.
    if (core.session.closed && sample.flow && !video.paused && restAt && sample.pt > restAt)
      core.begin(now()).adopt(now());
    restAt = sample.flow ? sample.pt : 0;
    core.session.sample(now(), sample);
    arm();
  };

  // One callback per look, not per frame; only while a frame is waited for does it follow each one.
  const arm = () => {
    if (frame || !video.requestVideoFrameCallback) return;
    frame = video.requestVideoFrameCallback(
      core.guard((at: number, { presentationTime }: VideoFrameCallbackMetadata) => {
        frame = 0;
        if (!core.session.started) resized();
        core.session.frame(presentationTime || at, video.readyState > 2 && !video.seeking);
        if (core.session.state !== 'playing') arm();
      }),
    );
  };

  const resized = () => {
    const next = port.rendition(video.videoWidth, video.videoHeight);
    if (next) core.session.rendition(now(), next);
  };

  const on = (type: string, fn: () => void) => video.addEventListener(type, core.guard(fn), { signal: stop.signal });
  on('play', () => {
    const { session } = core;
    (session.closed ? core.begin(now()) : session).request(now(), { pre: video.readyState > 0 });
    core.session.play(now());
    arm();
  });
  on('pause', () => core.session.pause(now()));
  on('waiting', () => {
    look();
    core.session.waiting(now());
  });
  on('playing', look);
  on('seeking', () => {
    core.session.seeking(now(), Math.round(video.currentTime * 1000));
    arm();
  });
  on('seeked', () => {
    core.session.seeked(now());
    arm();
  });
  on('ended', () => {
    look();
    core.session.end(now(), 'completed');
  });
  on('resize', () => {
    look();
    resized();
  });
  on('volumechange', () => {
    if (video.muted === muted) return;
    muted = !muted;
    core.session.note(now(), { k: 'mute', to: muted ? 'on' : 'off' });
  });
  on('ratechange', () => {
    const from = rate;
    rate = video.playbackRate;
    // A live player trims the rate all the time to keep its latency; that is not the viewer's wish.
    if (rate !== from && !live) core.session.note(now(), { k: 'rate', from: `${from}`, to: `${rate}` });
  });
  arm();

  return {
    video,
    look,
    resized,
    stop: () => {
      stop.abort();
      if (frame) video.cancelVideoFrameCallback(frame);
    },
  };
}
