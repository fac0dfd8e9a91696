import type { Probe, ProbeOptions } from '../../player-probe/src/index.ts';
import { held, keepBooks } from './books.ts';
import type { Play } from './stage.ts';

// Runs in the page. Writes down what is on the screen (every presented frame, by requestVideoFrameCallback), what the viewer
// does and what the element says, all on the page's clock. It takes nothing from the probe.

interface Player {
  initialize: (video: HTMLVideoElement, source: string, autoplay: boolean) => void;
  attachSource: (source: string) => void;
  updateSettings: (settings: object) => void;
  reset: () => void;
  destroy: () => void;
  seek: (seconds: number) => void;
}

/** A frame that reached the screen: when, its media time and where the playhead was, s, its size. */
export interface Frame {
  at: number;
  media: number;
  head?: number;
  size: string;
}

/**
 * What the viewer did, or an event of the element, and where the playhead was, s. `value`: where a seek goes, s; the new
 * rate; the page's epoch in ms; of `resize` the new height; of another event, readyState by the time it is heard.
 */
export interface Entry {
  at: number;
  what: string;
  head?: number;
  value?: number;
}

/** Everything seen, to be judged outside the page. */
export interface Sight {
  frames: Frame[];
  log: Entry[];
  /** Times in which the page could do nothing, from BLOCK_MS on: no evidence can come from there. */
  blocks: { at: number; ms: number }[];
}

export interface Oracle extends Sight {
  player: Player | undefined;
  probe: Probe | undefined;
  /** performance.now() at `attach` and at `initialize`. */
  attachedAt: number;
  startedAt: number;
  /** Events that the probe told. */
  told: { k: string; n: number }[];
  /** Listeners and timers that are set and not cleared. */
  held: () => string[];
  /** Writes down what the viewer does at this moment. */
  note: (what: string, value?: number) => void;
  play: (options: Play) => Promise<void>;
}

declare global {
  interface Window {
    stage: Oracle;
    framewatch: { attach: (player: unknown, options: ProbeOptions) => Probe };
    dashjs: { MediaPlayer: () => { create: () => Player } };
  }
}

const BLOCK_MS = 200;
/** Where the sight is kept when the page goes: the next page of the origin finds it there. */
const KEPT = 'sight';
/** The ids of all events that the probe told in this tab. */
const TOLD = 'told';
const EVENTS = ['waiting', 'playing', 'seeking', 'seeked', 'resize', 'ended', 'emptied', 'error'];

keepBooks();

const stage: Oracle = {
  player: undefined,
  probe: undefined,
  attachedAt: 0,
  startedAt: 0,
  frames: [],
  log: [],
  blocks: [],
  told: [],
  held: () => [...held.values()].sort(),
  note: (what, value) => {
    const head = document.querySelector('video')?.currentTime ?? 0;
    stage.log.push({ at: performance.now(), what, head, ...(value !== undefined && { value }) });
  },
  play: async (options) => {
    const video = document.querySelector('video')!;
    watch(video);
    stage.note('epoch', performance.timeOrigin);
    const player = window.dashjs.MediaPlayer().create();
    stage.player = player;
    const bufferS = options.bufferS ?? 4;
    player.updateSettings({
      streaming: {
        buffer: {
          bufferTimeDefault: bufferS,
          // Its name in 4.7.
          ...(options.dash === 4 && { stableBufferTime: bufferS }),
          bufferTimeAtTopQuality: bufferS,
          bufferTimeAtTopQualityLongForm: bufferS,
        },
        // dash.js asks a public server for the time otherwise.
        utcSynchronization: { enabled: false },
        ...options.streaming,
      },
    });
    const attach = () => {
      stage.attachedAt = performance.now();
      stage.probe = window.framewatch.attach(player, {
        endpoint: options.endpoint ?? '',
        key: 'demo',
        interval: 2,
        onEvent: (event, { sid }) => {
          stage.told.push(event);
          sessionStorage.setItem(TOLD, `${sessionStorage.getItem(TOLD) ?? ''} ${sid}:${event.n}`);
        },
        ...options.probe,
      });
    };
    const pause = (ms = 0) => new Promise((resolve) => setTimeout(resolve, ms));
    if (options.attachAfterMs === undefined) attach();
    if (options.attachBeforeMs) await pause(options.attachBeforeMs);
    stage.startedAt = performance.now();
    if (options.autoplay !== false) stage.note('request');
    player.initialize(video, options.source ?? '', options.autoplay ?? true);
    if (options.attachAfterMs === undefined) return;
    await pause(options.attachAfterMs);
    attach();
  },
};
window.stage = stage;

function watch(video: HTMLVideoElement): void {
  const next = () =>
    video.requestVideoFrameCallback((at, { mediaTime: media, width, height }) => {
      stage.frames.push({ at, media, head: video.currentTime, size: `${width}x${height}` });
      next();
    });
  next();
  for (const type of EVENTS)
    video.addEventListener(type, () => stage.note(type, type === 'resize' ? video.videoHeight : video.readyState));
}

function watchThread(): void {
  let last = performance.now();
  const next = (at: number) => {
    if (at - last >= BLOCK_MS) stage.blocks.push({ at: last, ms: at - last });
    last = at;
    requestAnimationFrame(next);
  };
  requestAnimationFrame(next);
}
watchThread();

addEventListener('pagehide', () => {
  stage.note('over');
  const { frames, log, blocks } = stage;
  sessionStorage.setItem(KEPT, JSON.stringify({ frames, log, blocks }));
});
