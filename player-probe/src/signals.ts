import type { LeanEvent } from '../../schema/probe-wire-v2.ts';

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
  drop: number;
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
