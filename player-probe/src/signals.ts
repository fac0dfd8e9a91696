import type { WireEvent } from '../../schema/probe-wire.ts';

// What a player's adapter and the watch on the media element tell the session.

export type Kind<K> = Extract<WireEvent, { k: K }>;
type Loose<T> = { [K in keyof T]: T[K] | undefined };
/** The event's own fields; the session adds number, time, playhead, rendition and buffer. */
export type Fields<T> = T extends { k: string } ? Loose<Omit<T, 'k' | 'n' | 't'>> & Pick<T, 'k'> : never;

export type Phase = keyof NonNullable<Kind<'start'>['ph']>;
export type EndReason = Kind<'end'>['why'];

/** A look at the media element: four times a second, at each of its events and at a frame that was waited for. */
export interface Sample {
  /** Playhead, buffered media ahead of it and media left to the end, all ms. */
  pt: number;
  bl: number;
  left: number;
  /** Frames decoded and dropped since the element was loaded. */
  frames: number;
  drop: number;
  /** Size of the picture, 0 without video, and the bitrate of the rendition of that size. */
  w: number;
  h: number;
  kbps: number;
  paused: boolean;
  seeking: boolean;
  ended: boolean;
  /** The element has data to play on. */
  flow: boolean;
  visibility: string;
  /** Live latency and its target, ms. */
  ltc?: number | undefined;
  target?: number | undefined;
}

/** A media segment that arrived or failed. */
export interface Load {
  /** Media type, as the player names it. */
  ty: string | null | undefined;
  cdn: string | undefined;
  /** Bytes; duration of the download and of the media in ms. */
  by: number;
  ms: number;
  mediaMs: number;
  failed: boolean;
}

export interface Failure extends Pick<Kind<'error'>, 'cat' | 'code'> {
  msg?: string | undefined;
  /** Nothing can start after it. */
  fatal?: boolean | undefined;
  /** The element has let go of its media: there is no picture until the player has mended it. */
  stops?: boolean | undefined;
}

export interface SessionConfig {
  emit: (event: WireEvent) => void;
  /** ms between beats; read at each look, because the server may change it. */
  intervalMs: () => number;
  /** Size of the player on the page, CSS px. */
  box: () => { pw: number; ph: number } | undefined;
}
