import type { WireCounters, WireEvent } from '../../schema/probe-wire.ts';
import type { State } from './account.ts';
import { watchMedia, type Watch } from './media.ts';
import { consentOf, newId } from './privacy.ts';
import { Queue, type Header } from './queue.ts';
import { Session } from './session.ts';
import type { Rendition } from './signals.ts';
import { createTransport } from './transport.ts';
import { PROBE_VERSION } from './version.ts';

export interface ProbeOptions {
  /** Where to send to: an origin, or a full URL when the path is not `/api/v1/events`. */
  endpoint: string;
  /** Write key of the tenant. */
  key?: string;
  contentId?: string;
  title?: string;
  streamType?: 'v' | 'l' | 'll';
  /** Identity of the viewer, pseudonymous at best; never sent without consent. */
  viewerId?: string;
  app?: string;
  appVersion?: string;
  /** False: the viewer has not consented. The browser's GPC and DNT signals count as a no. */
  consent?: boolean;
  /** Seconds between heartbeats (10); the server may ask for another pace. */
  interval?: number;
  /** Share of sessions to measure, 0…1 (1). */
  sample?: number;
  /** `performance.now()` of the viewer's click, when that was before `attach`. */
  requestedAt?: number;
  /** Seconds until a start or a stall that never ends is given up (60, 120). */
  startTimeout?: number;
  stallTimeout?: number;
  /** Sees every event as it is queued. */
  onEvent?: (event: WireEvent, header: Header) => void;
}

export interface Probe {
  /** Id of the present session: the SessionId of its rows. */
  readonly sessionId: string;
  readonly state: State;
  /** The session's counters so far. */
  readonly figures: Readonly<WireCounters>;
  /** Sends what waits. */
  flush: () => Promise<void>;
  /** Ends the session, removes every listener and sends the rest. */
  detach: () => void;
}

/** What a player's adapter answers. */
export interface PlayerPort {
  name: string;
  ver: string | undefined;
  video: () => HTMLVideoElement | undefined;
  /** The rendition of that size, as the player knows it. */
  rendition: (w: number, h: number) => Rendition | undefined;
  latency: () => { ltc: number; target: number } | undefined;
  pendingMs: () => number | undefined;
}

export interface Core extends Probe {
  readonly session: Session;
  readonly header: Header;
  /** Wraps a callback so that no fault of the probe reaches the player or the page. */
  guard: <A extends unknown[]>(fn: (...args: A) => void) => (...args: A) => void;
  /** A new session begins at that time. */
  begin: (at: number) => Session;
  /** The picture or the player's choice changed: look up the rendition. */
  resized: () => void;
  /** Looks for the player's video element again. */
  find: () => void;
}

const LOOK_MS = 250;

function urlOf({ endpoint, key }: ProbeOptions): string {
  const url = new URL(endpoint, location.href);
  if (url.pathname === '/') url.pathname = '/api/v1/events';
  if (key) url.searchParams.set('k', key);
  return url.href;
}

function headerOf(options: ProbeOptions, port: PlayerPort, sample: number): Header {
  const { contentId: cid, title, streamType: st, app, appVersion: appVer } = options;
  const consent = consentOf(options.consent);
  const vid = consent ? options.viewerId : undefined;
  const pl = { name: port.name, ver: port.ver };
  const sr = sample < 1 ? sample : undefined;
  return {
    sid: newId(),
    t0: Date.now(),
    cid,
    title,
    st,
    vid,
    app,
    appVer,
    pl,
    pv: PROBE_VERSION,
    sr,
    consent,
  } as Header;
}

/** Everything around the session that is the same for every player: page, timer, queue, transport. */
export function createCore(options: ProbeOptions, port: PlayerPort): Core {
  const queue = new Queue();
  let { interval = 10, sample = 1 } = options;
  const transport = createTransport(urlOf(options), queue, (answer) => {
    interval = answer.interval ?? interval;
    sample = answer.sample ?? sample;
  });
  const stop = new AbortController();
  let session: Session;
  let header: Header;
  let watch: Watch | undefined;

  const guard: Core['guard'] =
    (fn) =>
    (...args) => {
      try {
        fn(...args);
      } catch {
        // The viewer's playback matters more than its measurement.
      }
    };

  const begin = (at: number) => {
    const h = (header = headerOf(options, port, sample));
    h.t0 += Math.round(at - performance.now());
    const measured = Math.random() < sample;
    session = new Session({
      at,
      emit: (event) => {
        if (!measured) return;
        queue.push(h, event);
        options.onEvent?.(event, h);
        if (/^(start|stall|freeze|error|end)$/.test(event.k)) transport.soon();
        else if (event.k === 'hb') void transport.flush();
      },
      paused: true,
      hidden: document.hidden,
      intervalMs: () => interval * 1000,
      startTimeoutMs: (options.startTimeout ?? 60) * 1000,
      stallTimeoutMs: (options.stallTimeout ?? 120) * 1000,
      pendingMs: port.pendingMs,
      box: () => watch && { pw: watch.video.clientWidth, ph: watch.video.clientHeight },
    });
    return session;
  };

  const find = () => {
    const video = port.video();
    if (!video || video === watch?.video) return;
    watch?.stop();
    watch = watchMedia(video, core, port);
  };

  const listen = (target: EventTarget, type: string, fn: () => void) =>
    target.addEventListener(type, guard(fn), { signal: stop.signal });

  const core: Core = {
    get session() {
      return session;
    },
    get header() {
      return header;
    },
    get sessionId() {
      return header.sid;
    },
    get state() {
      return session.state;
    },
    get figures() {
      return session.account.counters;
    },
    guard,
    begin,
    find,
    resized: () => watch?.resized(),
    flush: () => transport.flush(),
    detach: guard(() => {
      session.end(performance.now(), 'exit');
      clearInterval(timer);
      stop.abort();
      watch?.stop();
      void transport.flush();
    }),
  };
  const timer = setInterval(
    guard(() => {
      find();
      watch?.look();
    }),
    LOOK_MS,
  );
  listen(document, 'visibilitychange', () => {
    const at = performance.now();
    session.note(at, { k: 'visibility', to: document.visibilityState });
    if (document.hidden) session.beat(at);
  });
  listen(window, 'pagehide', () => {
    session.end(performance.now(), 'exit');
    transport.leave();
  });
  return core;
}
