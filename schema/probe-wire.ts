// What the probe sends: the wire contract between player-probe, the `probe` dialect and the audience simulator.
// Short names because a beat goes out every ten seconds from every viewer. Types only: nothing of this is in the probe's bundle.

export const WIRE_VERSION = 1;

/** `POST /api/v1/events`, text/plain JSON, raw or gzip. Several envelopes may follow each other, one a line. */
export interface Envelope {
  v: typeof WIRE_VERSION;
  h: WireHeader;
  e: WireEvent[];
}

export interface WireHeader {
  /** Session id, UUID v4, one per playback. */
  sid: string;
  /** Epoch ms on the client's clock when the session began (t = 0). */
  t0: number;
  /** Epoch ms on the client's clock when this batch left. The server takes eventTime = received − (sent − (t0 + t)). */
  sent: number;
  /** Content id, title, stream type: VOD, live, low-latency live. */
  cid?: string;
  title?: string;
  st?: 'v' | 'l' | 'll';
  /** Viewer id given by the application; salted and hashed before anything is stored. */
  vid?: string;
  app?: string;
  appVer?: string;
  /** Player library. */
  pl?: { name: string; ver?: string };
  /** Probe version. */
  pv?: string;
  /** Sampling rate 0…1 the probe applied. */
  sr?: number;
  /** 0: the viewer has not consented to identity; vid and fine geography are dropped. */
  consent?: 0 | 1;
  /** CDN of the last segment. */
  cdn?: string;
  /** Trusted senders only (server-side, simulator): where the viewer is and what they watch with. Ignored for browser keys. */
  geo?: { country?: string; region?: string; city?: string; asn?: number };
  dev?: { type?: string; os?: string; browser?: string };
}

interface Base {
  /** Sequence number in the session, from 0. */
  n: number;
  /** ms since t0, monotonic. */
  t: number;
  /** Playhead, ms. */
  pt?: number;
  /** Events dropped by the client so far. */
  d?: number;
  /** Rendition on screen, buffer and CDN at that moment. */
  kbps?: number;
  w?: number;
  h?: number;
  bl?: number;
  cdn?: string;
}

/** Cumulative counters of the session, in the beats and in the end event. */
export interface WireCounters {
  stalls: number;
  stallMs: number;
  freezes: number;
  freezeMs: number;
  seeks: number;
  seekMs: number;
  playMs: number;
  watchMs: number;
  bits: number;
  drop: number;
  tot: number;
  err: number;
  up: number;
  down: number;
}

export type WireEvent = Base &
  (
    | { k: 'request'; auto?: boolean; src?: string; pre?: boolean }
    | {
        k: 'ready';
        ms: number;
        reps?: { id?: string; kbps: number; w?: number; h?: number; fps?: number; codec?: string }[];
        drm?: string;
      }
    | {
        k: 'start';
        ms: number;
        ph?: Partial<Record<'player' | 'manifest' | 'init' | 'drm' | 'segment' | 'decode', number>>;
      }
    | {
        k: 'stall';
        ms: number;
        cause?: 'network' | 'cdn' | 'seek' | 'decode' | 'unknown';
        pend?: number;
        open?: boolean;
      }
    | { k: 'freeze'; ms: number; open?: boolean }
    | { k: 'seek'; ms: number; from?: number; to?: number }
    | { k: 'pause' | 'resume'; auto?: boolean }
    | { k: 'rendition'; from?: number; to: number; auto?: boolean; reason?: string }
    /** Without `to`: a steering server has answered. */
    | { k: 'cdn'; from?: string; to?: string; why?: string }
    | {
        k: 'segment';
        /** Media type: video, audio, …; by its first letter in version 1. */
        ty?: string;
        idx?: number;
        by?: number;
        ttfb?: number;
        ms?: number;
        /** HTTP status, when the browser may see it. */
        rc?: number;
        /** Failed attempts. */
        tries?: number;
        /** kbit/s of its rendition. */
        br?: number;
        bad?: 'failed' | 'slow' | 'abandoned';
      }
    | {
        k: 'error';
        cat: 'manifest' | 'segment' | 'media' | 'drm' | 'capability' | 'app' | 'other';
        code: string;
        msg?: string;
        fatal?: boolean;
        biz?: boolean;
      }
    | { k: 'drm'; ms: number; ks?: string; ok?: boolean }
    | { k: 'adBreak' | 'ad'; id?: string; pos?: string; ms?: number; q?: string }
    /** The browser has refused to play without a click. */
    | { k: 'blocked' }
    | {
        k: 'visibility' | 'resize' | 'rate' | 'mute' | 'fullscreen' | 'pip';
        from?: string | number | boolean;
        to: string | number | boolean;
      }
    | { k: 'end'; why: 'completed' | 'exit' | 'ebvs' | 'vsf' | 'vpf' | 'timeout' | 'replaced'; c: WireCounters }
    | { k: 'custom'; name: string; data?: Record<string, unknown> }
    | WireBeat
  );

/** Heartbeat: goes to PlaybackBeats, everything else to PlaybackEvents. */
export interface WireBeat {
  k: 'hb';
  st: 'starting' | 'playing' | 'stalled' | 'frozen' | 'seeking' | 'paused' | 'ad' | 'ended' | 'failed';
  /** ms since the previous beat. */
  iv: number;
  /** ms per state in the interval; zero states are left out. */
  ms: Partial<Record<'starting' | 'playing' | 'stalled' | 'frozen' | 'seeking' | 'paused' | 'ad' | 'hidden', number>>;
  /** Σ kbps · playing ms of the interval = bits. */
  bits?: number;
  fr?: { tot: number; drop: number };
  by?: number;
  sg?: { n: number; err: number; slow: number };
  /** Eight counts, edges TTFB_EDGES_MS. */
  ttfb?: number[];
  thr?: number;
  blMin?: number;
  ltc?: { mean: number; max?: number; target?: number };
  rate?: number;
  pw?: number;
  ph?: number;
  /** Stalls that began in the interval. */
  ns?: number;
  c: WireCounters;
}

/** Body of a 202 answer. */
export interface IngestAnswer {
  received: number;
  accepted: number;
  rejected: number;
  duplicate: number;
  errors: { index: number; id?: string; code: string; field?: string }[];
  /** Seconds between heartbeats, when the server wants another pace. */
  interval?: number;
  /** Sampling rate 0…1, when the server wants another. */
  sample?: number;
}
