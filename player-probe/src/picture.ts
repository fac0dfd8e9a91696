import type { Sample } from './signals.ts';

const STILL_MS = 500;
/** The last second is left alone: sound and picture rarely end together. */
const LAST_MS = 1000;
/** Below this many frames the frame rate is a guess. */
const KNOWN_FRAMES = 10;
const RECENT_MS = 300;

/**
 * Is the picture moving? Events cannot tell: Chromium lets the sound run on over a frozen picture for up to 3 s before it
 * says `waiting`, and sometimes says nothing at all. The counter of decoded frames can.
 */
export class Picture {
  sample: Sample = { pt: 0, bl: 0, left: Infinity, w: 0, h: 0, rate: 1, flow: false };
  /** Last time a frame was seen, and last time the playhead moved. */
  #frameAt = 0;
  #moveAt = 0;
  #at = 0;
  #counted = false;
  /** What the last look showed: there are frames to watch, new ones came, the playhead moved. */
  visible = false;
  fresh = false;
  moved = false;

  /** Takes a look; returns the frames decoded and dropped since the one before. */
  look(now: number, next: Sample, hidden: boolean, frameMs: number): { frames: number; drop: number } {
    const last = this.sample;
    const since = (a = 0, b = 0) => (!this.#counted ? 0 : b < a ? b : b - a);
    const frames = since(last.frames, next.frames);
    const drop = since(last.drop, next.drop);
    this.#counted = next.frames !== undefined;
    this.visible = this.#counted && next.w > 0 && !hidden;
    this.fresh = frames > 0;
    this.moved = last.flow && next.flow && next.pt > last.pt;
    if (this.moved) this.#moveAt = now;
    // Frames that stopped between two looks: count on from the earlier one.
    if (frames) this.shown(Math.min(now, Math.round(this.#at + frames * frameMs) || now));
    this.#at = now;
    this.sample = next;
    return { frames, drop };
  }

  /** A frame was on screen at that time. */
  shown(at: number): void {
    this.#frameAt = Math.max(this.#frameAt, at);
  }

  /** What was before is no evidence: after a pause, a seek, a hidden page. */
  forget(now: number): void {
    this.#frameAt = this.#moveAt = now;
  }

  /** ms since the last sign of life. */
  still(now: number): number {
    return now - (this.visible ? this.#frameAt : this.#moveAt);
  }

  /** Called in `playing`: has the picture frozen, or everything stopped without a word? */
  verdict(now: number, totalFrames: number, frameMs: number): 'frozen' | 'stalled' | undefined {
    if (this.sample.left < LAST_MS) return undefined;
    const idle = now - this.#moveAt;
    if (idle >= STILL_MS && this.still(now) >= STILL_MS) return 'stalled';
    if (!this.visible || totalFrames < KNOWN_FRAMES || idle > RECENT_MS) return undefined;
    return this.still(now) >= Math.max(STILL_MS, 3 * frameMs) ? 'frozen' : undefined;
  }
}
