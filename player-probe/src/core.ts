import type { WireEvent } from '../../schema/probe-wire.ts';
import { guard, type Guard } from './guard.ts';
import { sampleOf, watchMedia } from './media.ts';
import { consentOf, newId } from './privacy.ts';
import { createQueue, type Header } from './queue.ts';
import { createSession, type Session } from './session.ts';
import type { Fields, Kind } from './signals.ts';
import { createTransport } from './transport.ts';
import { PROBE_VERSION } from './version.ts';

export interface ProbeOptions {
  /** Where Framewatch is; `/api/v1/events` is added. */
  endpoint: string;
  /** Write key of the tenant. */
  key: string;
  contentId?: string;
  title?: string;
  /** VOD, live or low-latency live; the player is asked when this is absent. */
  streamType?: 'v' | 'l' | 'll';
  /** Identity of the viewer, pseudonymous at best; never sent without consent. */
  viewerId?: string;
  app?: string;
  appVersion?: string;
  /** False: the viewer has not consented. The browser's GPC and DNT signals count as a no. */
  consent?: boolean;
  /** Seconds between heartbeats (10); the server may ask for another pace. */
  interval?: number;
  /** Share of sessions to measure, 0…1 (1); the server may ask for another from the next session on. */
  sample?: number;
  /** `performance.now()` of the viewer's click, when that was before `attach`. */
  requestedAt?: number;
  /** Sees every event as it is queued. */
  onEvent?: (event: WireEvent, header: Header) => void;
}

export interface Probe {
  /** The present session, or the last: its state and its counters so far. Absent until somebody asks for playback. */
  readonly session: Pick<Session, 'state' | 'totals'> | undefined;
  /** What its events are sent with; `sid` is the SessionId of its rows. */
  readonly header: Readonly<Header> | undefined;
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
  /** Bitrate of the rendition of that size, as the player knows it; 0: unknown. */
  kbps: (w: number, h: number) => number;
  latency: () => { ltc: number; target: number } | undefined;
  /** A session began: tell it what is known already. */
  begun: () => void;
}

export interface Core extends Probe {
  session: Session | undefined;
  header: Header | undefined;
  /** The player will start by itself: until it does, the paused element is not paused by anybody. */
  autoplay: boolean;
  /** Aborted by `detach`. */
  signal: AbortSignal;
  /** Wraps a callback so that no fault of the probe reaches the player or the page. */
  guard: Guard;
  /** A new session begins at that time; without a request in mid-playback. */
  begin: (at: number, request?: Omit<Fields<Kind<'request'>>, 'k'>) => void;
  /** Looks at the element now, if there is one. */
  look: () => void;
}

const LOOK_MS = 250;
/** Events worth a request of their own; the others wait for the beat. */
const NEWS = /start|stall|freeze|error|end|hb/;

/** Everything around the session that is the same for every player: page, timer, queue, transport. */
export function createCore(options: ProbeOptions, port: PlayerPort): Core {
  const { contentId: cid, title, streamType: st, app, appVersion: appVer } = options;
  let { interval = 10, sample = 1 } = options;
  const queue = createQueue();
  const transport = createTransport(`${options.endpoint}/api/v1/events?k=${options.key}`, queue, guard, (answer) => {
    interval = answer.interval ?? interval;
    sample = answer.sample ?? sample;
  });
  const stop = new AbortController();
  const { signal } = stop;
  let video: HTMLVideoElement | undefined;
  let watched: (() => void) | undefined;

  const header = (at: number): Header => {
    const consent = consentOf(options.consent);
    const vid = consent ? options.viewerId : undefined;
    const pl = { name: port.name, ver: port.ver };
    const t0 = Date.now() + Math.round(at - performance.now());
    return {
      sid: newId(),
      t0,
      cid,
      title,
      st,
      vid,
      app,
      appVer,
      pl,
      pv: PROBE_VERSION,
      sr: sample < 1 ? sample : undefined,
      // Said only when it is a no.
      consent: consent ? undefined : consent,
    } as Header;
  };

  const core: Core = {
    session: undefined,
    header: undefined,
    autoplay: false,
    signal,
    guard,
    begin: (at, request) => {
      if (!video) return;
      const h = (core.header = header(at));
      const measured = Math.random() < sample;
      const emit = (event: WireEvent) => {
        if (!measured) return;
        queue.push(h, event);
        options.onEvent?.(event, h);
        if (NEWS.test(event.k)) transport.soon(event.k === 'hb');
      };
      const config = {
        emit,
        intervalMs: () => interval * 1000,
        box: () => video && { pw: video.clientWidth, ph: video.clientHeight },
      };
      core.session = createSession(config, at, sampleOf(video, core, port), request);
      port.begun();
    },
    look: () => {
      if (!video) {
        video = port.video();
        if (video) watched = watchMedia(video, core, port, signal);
      }
      watched?.();
    },
    flush: async () => {
      try {
        await transport.flush();
      } catch {
        // As in `guard`.
      }
    },
    detach: guard(() => {
      core.session?.end(performance.now(), 'exit');
      clearInterval(timer);
      stop.abort();
      void transport.flush();
    }),
  };
  const timer = setInterval(guard(core.look), LOOK_MS);
  document.addEventListener(
    'visibilitychange',
    guard(() => {
      core.look();
      if (!document.hidden) return;
      core.session?.beat(performance.now());
      void transport.flush();
    }),
    { signal },
  );
  addEventListener(
    'pagehide',
    guard(() => {
      core.session?.end(performance.now(), 'exit');
      transport.leave();
    }),
    { signal },
  );
  return core;
}
