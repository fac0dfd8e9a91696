import type { LeanEvent } from '../../schema/probe-wire-v2.ts';
import { guard, type Guard } from './guard.ts';
import { sampleOf, watchMedia } from './media.ts';
import { newId, refused } from './privacy.ts';
import { createQueue, type Header, type Queue } from './queue.ts';
import { createSession } from './session.ts';
import type { Fields, Kind, Session } from './signals.ts';
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
  /** Dimensions of the application's own. */
  props?: Record<string, string | number | boolean>;
  /** False: the viewer has not consented. The browser's GPC and DNT signals count as a no. */
  consent?: boolean;
  /** Seconds between heartbeats (10); the server may ask for another pace. */
  interval?: number;
  /** Share of sessions to measure, 0…1 (1); the server may ask for another from the next session on. */
  sample?: number;
  /** `performance.now()` of the viewer's click, when that was before `attach`. */
  requestedAt?: number;
  /** Sees every event as it is queued. */
  onEvent?: (event: LeanEvent, header: Header) => void;
  /** Parts that not everybody needs: entry points of their own. */
  plugins?: ((core: Core) => void)[];
}

export interface Probe {
  /** The present session, or the last: its state and its counters so far. Absent until somebody asks for playback. */
  readonly session?: Pick<Session, 'state' | 'totals'>;
  /** What its events are sent with; `sid` is the SessionId of its rows. */
  readonly header?: Readonly<Header>;
  /** Sends what waits. */
  flush: () => Promise<void>;
  /** Ends the session, removes every listener and sends the rest. */
  detach: () => void;
}

/** What a player's adapter answers. */
export interface PlayerPort {
  name: string;
  ver: string | undefined;
  /** May throw as long as the player has none. */
  video: () => HTMLVideoElement | undefined;
  /** Bitrate of the rendition of that size, as the player knows it; 0: unknown. */
  kbps: (w: number, h: number) => number;
  /** Stream type, as soon as it is known. */
  st?: 'v' | 'l' | undefined;
}

export interface Core extends Probe {
  session?: Session;
  header?: Header;
  /** The player will start by itself: until it does, the paused element is not paused by anybody. */
  willPlay?: boolean;
  /** What the viewer sees whatever the element says: an advertisement, or nothing, for the player is mending it. */
  force?: 'ad' | 'stall' | undefined;
  queue: Queue;
  /** The session is one of the share that is sent. */
  isMeasured?: boolean;
  /** Seconds between beats. */
  interval: number;
  /** Every event passes here on its way to the queue; a plugin may put itself in between. */
  emit: (event: LeanEvent) => void;
  /** All is calm: a look now and then is enough, for what happens brings one of its own. Asked at each tick. */
  mayRest?: () => boolean;
  /** The element of the moment. */
  video?: HTMLVideoElement | undefined;
  /** What plugins add to a beat. */
  more?: () => object;
  /** Aborted by `detach`. */
  signal: AbortSignal;
  /** Wraps a callback so that no fault of the probe reaches the player or the page. */
  guard: Guard;
  /** A new session begins at that time; without a request in mid-playback. */
  begin: (at: number, request?: Omit<Fields<Kind<'request'>>, 'k'> | false) => void;
  /** Looks at the element now, if there is one. */
  look: () => void;
}

const LOOK_MS = 250;
/** Start, end and beat are worth a request of their own; the others wait for the next. */
const NEWS = /rt|^en|hb/;

/** Everything around the session that is the same for every player: page, timer, queue, transport. */
export function createCore(options: ProbeOptions, port: PlayerPort): Core {
  const { endpoint, key, viewerId, onEvent, plugins, ...about } = options;
  let { sample } = about;
  const queue = createQueue();
  const transport = createTransport(`${endpoint}/api/v1/events?k=${key}`, queue, (answer) => {
    ({ sample = sample, interval: core.interval = core.interval } = answer);
  });
  const stop = new AbortController();
  let watch: ReturnType<typeof watchMedia> | undefined;

  const core: Core = {
    queue,
    interval: about.interval ?? 10,
    signal: stop.signal,
    guard,
    emit: (event) => {
      if (!core.isMeasured) return;
      queue.put(core.header!, event);
      if (NEWS.test(event.k)) transport.soon();
      // Where there is none the guard has nothing to do but guard.
      guard(onEvent!)(event, core.header!);
    },
    begin: (at, request) => {
      const view = sampleOf(core.video!, core, port);
      const mayTell = about.consent !== false && !refused();
      core.header = {
        ...about,
        sid: newId(),
        t0: Math.round(Date.now() + at - performance.now()),
        // As JSON a port is its name, version and stream type.
        pl: port,
        pv: PROBE_VERSION,
        sample,
        // What is not said is a yes.
        ...(mayTell ? { vid: viewerId } : { consent: 0 }),
      } as Header;
      core.isMeasured = !(Math.random() >= sample!);
      core.session = createSession(core, at, view, request);
    },
    look: () => {
      const element = port.video();
      // Without one this throws.
      if (element !== core.video) watch = watchMedia((core.video = element)!, core, port);
      watch?.();
    },
    flush: transport.flush,
    detach: guard(() => {
      clearInterval(timer);
      core.session?.end(performance.now(), 'exit');
      stop.abort();
      core.video = undefined;
      void transport.flush();
    }),
  };
  const timer = setInterval(
    guard(() => core.mayRest?.() || core.look()),
    LOOK_MS,
  );
  document.addEventListener(
    'visibilitychange',
    guard(() => {
      core.look();
      if (!document.hidden) return;
      core.session?.beat(performance.now());
      transport.leave();
    }),
    core,
  );
  addEventListener(
    'pagehide',
    guard(() => {
      core.session?.end(performance.now(), 'exit');
      transport.leave();
    }),
    core,
  );
  for (const plugin of plugins ?? []) guard(plugin)(core);
  return core;
}
