import type { Probe, ProbeOptions } from '../../player-probe/src/index.ts';
import type { Play } from './stage.ts';

// Runs in the page. Watches the picture with means of its own: every presented frame by requestVideoFrameCallback, and the
// counter of decoded frames every 20 ms.

interface Player {
  initialize: (video: HTMLVideoElement, source: string, autoplay: boolean) => void;
  attachSource: (source: string) => void;
  updateSettings: (settings: object) => void;
  reset: () => void;
  destroy: () => void;
  seek: (seconds: number) => void;
}

export interface Oracle {
  player: Player | undefined;
  probe: Probe | undefined;
  /** performance.now() at initialize, of every frame on screen, of every change of the frame counter, of size changes. */
  startedAt: number;
  frames: number[];
  counted: { at: number; frames: number }[];
  sizes: string[];
  play: (options: Play) => Promise<void>;
}

declare global {
  interface Window {
    stage: Oracle;
    framewatch: { attach: (player: unknown, options: ProbeOptions) => Probe };
    dashjs: { MediaPlayer: () => { create: () => Player } };
  }
}

const COUNT_MS = 20;

const stage: Oracle = {
  player: undefined,
  probe: undefined,
  startedAt: 0,
  frames: [],
  counted: [],
  sizes: [],
  play: async (options) => {
    const video = document.querySelector('video')!;
    watch(video);
    const player = window.dashjs.MediaPlayer().create();
    stage.player = player;
    const bufferS = options.bufferS ?? 4;
    player.updateSettings({
      streaming: {
        buffer: {
          bufferTimeDefault: bufferS,
          bufferTimeAtTopQuality: bufferS,
          bufferTimeAtTopQualityLongForm: bufferS,
        },
      },
    });
    const attach = () => {
      stage.probe = window.framewatch.attach(player, {
        endpoint: options.endpoint,
        key: 'demo',
        interval: 2,
        ...options.probe,
      });
    };
    if (options.attachAfterMs === undefined) attach();
    stage.startedAt = performance.now();
    player.initialize(video, options.source ?? '', options.autoplay ?? true);
    if (options.attachAfterMs === undefined) return;
    await new Promise((resolve) => setTimeout(resolve, options.attachAfterMs));
    attach();
  },
};
window.stage = stage;

function watch(video: HTMLVideoElement): void {
  const next = () =>
    video.requestVideoFrameCallback((at, { width, height }) => {
      stage.frames.push(at);
      const size = `${width}x${height}`;
      if (size !== stage.sizes.at(-1)) stage.sizes.push(size);
      next();
    });
  next();
  setInterval(() => {
    const frames = video.getVideoPlaybackQuality().totalVideoFrames;
    if (frames !== stage.counted.at(-1)?.frames) stage.counted.push({ at: performance.now(), frames });
  }, COUNT_MS);
}
