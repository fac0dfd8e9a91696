import type { LeanEvent } from '../../schema/probe-wire-v2.ts';
import type { State, Totals } from './totals.ts';

// What a player's adapter and the watch on the media element tell the session.

export type Kind<K> = Extract<LeanEvent, { k: K }>;
type Loose<T> = { [K in keyof T]: T[K] | undefined };
/** The event's own fields; the session adds number, time, playhead, rendition and buffer. */
export type Fields<T> = T extends { k: string } ? Loose<Omit<T, 'k' | 'n' | 't'>> & Pick<T, 'k'> : never;

export type Phase = keyof NonNullable<Kind<'start'>['ph']>;
export type EndReason = Kind<'end'>['why'];

/** A look at the media element: four times a second, at each of its events and at a frame that was waited for. */
export interface Sample {
  /** Playhead and buffered media ahead of it, ms. */
  pt: number;
  bl: number;
  /** Within the last second. */
  isLast: boolean;
  /** Frames decoded and dropped since the element was loaded. */
  frames: number;
  lost: number;
  /** Size of the picture, 0 without video, and the bitrate of the rendition of that size. */
  w: number;
  h: number;
  kbps: number;
  isPaused: boolean;
  isSeeking: boolean;
  isEnded: boolean;
  /** The element has data to play on. */
  flow: boolean;
  /** The page is hidden. */
  isHidden: boolean;
  /** What the viewer sees whatever the rest says. */
  force: 'ad' | 'stall' | undefined;
}

/** A media segment that arrived or failed. */
export interface Load {
  /** Media type, as the player names it. */
  ty: string | null | undefined;
  cdn: string | undefined;
  /** Bytes. */
  by: number;
  failed: boolean;
}

export interface Failure {
  cat?: Kind<'error'>['cat'] | undefined;
  msg?: string | undefined;
  biz?: boolean | undefined;
  code: string | number;
  /** Nothing can start after it. */
  fatal?: boolean | undefined;
}

export interface SessionConfig {
  emit: (event: LeanEvent) => void;
  /** Seconds between beats; read at each look, because the server may change it. */
  interval: number;
  /** Asked at each beat for what else it is to say. */
  more?: () => object;
}

/** What `createSession` gives. */
export interface Session {
  readonly state: State;
  readonly totals: Readonly<Totals>;
  /**
   * The element as it is now. `shown`: a frame has just reached the screen. True when all is calm: it plays or is paused, no
   * frame is missed, and there is so much ahead that a starved player is far off.
   */
  look: (at: number, look: Sample, shown?: boolean) => boolean | undefined;
  /** Without a time, for the clock costs more than the rest of it and this comes often: it counts as of the last look. */
  segment: (load: Load) => void;
  /** An error is fatal when nothing can start after it, or later, when the playhead stays stuck: players often play on. */
  error: (at: number, failure: Failure) => void;
  /** An event, a figure that the session itself knows nothing of. */
  tell: (at: number, event: Fields<LeanEvent>) => void;
  /** For the next beat; without a time, as `segment`. */
  count: (name: keyof Totals, by: number) => void;
  /** Books the time until now to the present state. */
  book: (at: number) => void;
  /** In turn from `look`; out of turn when the page is hidden. */
  beat: (at: number) => void;
  end: (at: number, why: EndReason) => void;
}
