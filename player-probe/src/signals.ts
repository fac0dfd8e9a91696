import type { WireEvent } from '../../schema/probe-wire.ts';

// What a player's adapter tells the session.

export type Kind<K> = Extract<WireEvent, { k: K }>;
type Loose<T> = { [K in keyof T]: T[K] | undefined };
/** The event's own fields; the session adds number, time, playhead, rendition and buffer. */
export type Fields<T> = T extends { k: string } ? Loose<Omit<T, 'k' | 'n' | 't'>> & Pick<T, 'k'> : never;

export type Phase = keyof NonNullable<Kind<'start'>['ph']>;
export type EndReason = Kind<'end'>['why'];
/** Events that the session passes through. */
export type Note = Fields<
  Kind<'segment' | 'drm' | 'adBreak' | 'ad' | 'visibility' | 'resize' | 'rate' | 'mute' | 'fullscreen' | 'custom'>
>;

/** A look at the media element, taken four times a second and before each of its events. */
export interface Sample {
  /** Playhead, buffered media ahead of it and media left to the end, all ms. */
  pt: number;
  bl: number;
  left: number;
  /** Frames decoded and dropped since the element was loaded; absent where the browser does not count. */
  frames?: number | undefined;
  drop?: number | undefined;
  /** Size of the picture; 0 without video. */
  w: number;
  h: number;
  rate: number;
  /** The element has data to play on and is not seeking. */
  flow: boolean;
  /** Live latency and its target, ms. */
  ltc?: number | undefined;
  target?: number | undefined;
}

/** A media segment that arrived or failed. */
export interface Load {
  /** Media type, as the player names it. */
  ty?: string | undefined;
  cdn?: string | undefined;
  /** What made the player change the CDN, if it did. */
  why?: string | undefined;
  /** Bytes; duration of the download and of the media in ms. */
  by?: number | undefined;
  ms?: number | undefined;
  mediaMs?: number | undefined;
  failed?: boolean | undefined;
}

export interface Failure extends Pick<Kind<'error'>, 'cat' | 'code'> {
  msg?: string | undefined;
  biz?: boolean | undefined;
  /** Nothing can start after it. */
  fatal?: boolean | undefined;
  /** Media type of the failed segment: the next good one of that type clears the failure. */
  ty?: string | undefined;
}

export interface Rendition {
  kbps: number;
  auto?: boolean | undefined;
  reason?: string | undefined;
}

export interface SessionConfig {
  emit: (event: WireEvent) => void;
  /** The clock's reading at the start of the session, ms. */
  at: number;
  paused: boolean;
  hidden: boolean;
  /** ms between beats; read at each sample, because the server may change it. */
  intervalMs: () => number;
  startTimeoutMs: number;
  stallTimeoutMs: number;
  /** Age of the oldest open segment request, ms. */
  pendingMs?: () => number | undefined;
  /** Size of the player on the page, CSS px. */
  box?: () => { pw: number; ph: number } | undefined;
}
