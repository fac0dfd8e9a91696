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
  /** Events that the probe told. */
  told: number;
  /** Listeners and timers that are set and not cleared. */
  held: () => string[];
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

const held = new Map<object, string>();

// oxlint-disable typescript/unbound-method -- they are called with the object they belong to
/** Keeps the books of every listener on the page's objects and every interval from now on. */
function keepBooks(): void {
  const { addEventListener, removeEventListener } = EventTarget.prototype;
  const ids = new WeakMap<object, Map<string, object>>();
  const idOf = (target: object, key: string) => {
    const of = ids.get(target) ?? new Map<string, object>();
    ids.set(target, of);
    const id = of.get(key) ?? {};
    of.set(key, id);
    return id;
  };
  EventTarget.prototype.addEventListener = function add(type, listener, options) {
    const id = typeof listener === 'function' ? idOf(listener, type) : {};
    const name = `${this?.constructor?.name ?? 'Window'}:${type}`;
    const signal = typeof options === 'object' ? options.signal : undefined;
    if (!(this instanceof AbortSignal) && !(this instanceof XMLHttpRequest)) held.set(id, name);
    if (signal) addEventListener.call(signal, 'abort', () => held.delete(id));
    addEventListener.call(this, type, listener, options);
  };
  EventTarget.prototype.removeEventListener = function remove(type, listener, options) {
    if (typeof listener === 'function') held.delete(idOf(listener, type));
    removeEventListener.call(this, type, listener, options);
  };
  const { setInterval, clearInterval } = window;
  const timers = new Map<number, object>();
  window.setInterval = ((handler: TimerHandler, ...rest: number[]) => {
    const timer = setInterval(handler, ...rest);
    timers.set(timer, {});
    held.set(timers.get(timer)!, 'interval');
    return timer;
  }) as typeof window.setInterval;
  window.clearInterval = (timer) => {
    held.delete(timers.get(timer as number) ?? {});
    clearInterval(timer);
  };
}
// oxlint-enable typescript/unbound-method
keepBooks();

const stage: Oracle = {
  player: undefined,
  probe: undefined,
  startedAt: 0,
  frames: [],
  counted: [],
  sizes: [],
  told: 0,
  held: () => [...held.values()].sort(),
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
        endpoint: options.endpoint ?? '',
        key: 'demo',
        interval: 2,
        onEvent: () => stage.told++,
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
