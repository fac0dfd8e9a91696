// A media element as the probe sees it, that plays by a script: what is on the screen, where the playhead is and what the
// browser says are functions of the time. No DOM is needed.

/** Frames a second of every film: 25. */
export const FRAME_MS = 40;
/** Longer than any film. */
const HOUR_MS = 3_600_000;

export interface Script {
  /** Media time of the playhead at a time of `performance.now()`, ms. */
  head: (at: number) => number;
  /** Frames that have reached the screen by then. */
  shown: (at: number) => number;
  /** Frames that have been decoded by then; those of the screen when absent. */
  decoded?: (at: number) => number;
  /** Media that the browser says to be ahead, ms. */
  ahead: (at: number) => number;
  readyState: (at: number) => number;
}

/** The element; `start` is the viewer's click on play. */
export class Film extends EventTarget {
  readonly NETWORK_LOADING = 2;
  readonly networkState = 2;
  readonly duration = HOUR_MS / 1000;
  readonly videoWidth = 640;
  readonly videoHeight = 360;
  readonly seeking = false;
  readonly ended = false;
  readonly currentSrc = '';
  paused = true;
  readonly #script: Script;

  constructor(script: Script) {
    super();
    this.#script = script;
  }

  get currentTime(): number {
    return this.#script.head(performance.now()) / 1000;
  }
  get readyState(): number {
    return this.#script.readyState(performance.now());
  }
  get buffered(): { length: number; start: () => number; end: () => number } {
    const end = this.currentTime + this.#script.ahead(performance.now()) / 1000;
    return { length: 1, start: () => 0, end: () => end };
  }

  getVideoPlaybackQuality(): { totalVideoFrames: number; droppedVideoFrames: number } {
    const { shown, decoded = shown } = this.#script;
    return { totalVideoFrames: decoded(performance.now()), droppedVideoFrames: 0 };
  }

  /** Calls with the next frame, once; never, when none comes within an hour. */
  requestVideoFrameCallback(callback: (at: number) => void): number {
    const { shown } = this.#script;
    const from = performance.now();
    const seen = shown(from);
    let at = from;
    while (shown(at) <= seen) if (++at > from + HOUR_MS) return 1;
    setTimeout(() => callback(performance.now()), at - from);
    return 1;
  }

  start(): void {
    this.paused = false;
    this.dispatchEvent(new Event('play'));
  }
  /** What the element says, at that time. */
  says(type: string, at: number): void {
    setTimeout(() => this.dispatchEvent(new Event(type)), at - performance.now());
  }
}
