import { createCore, type Core, type Probe, type ProbeOptions } from './core.ts';
import { cutUrls } from './privacy.ts';
import type { Failure, Rendition } from './signals.ts';

// The only file that knows dash.js: 5.x, and 4.7 where that differs. Types are structural, so that neither version is needed to build.

interface Representation {
  id?: string | number;
  /** 5.x */
  bitrateInKbit?: number;
  /** 4.7, bit/s */
  bitrate?: number;
  width?: number;
  height?: number;
  codecs?: string | null;
  frameRate?: number | string;
}

interface Request {
  url?: string | null;
  type?: string | null;
  mediaType?: string | null;
  index?: number | null;
  duration?: number | null;
  startDate?: Date | null;
  endDate?: Date | null;
  bytesTotal?: number | null;
  serviceLocation?: string | null;
}

interface DashEvent {
  mediaType?: string | null;
  request?: Request;
  error?: { code?: number | string; message?: string; data?: { response?: { status?: number } } } | string | null;
  newRepresentation?: Representation | null;
  newQuality?: number;
  reason?: { rule?: string; name?: string; message?: string } | null;
  data?: { keySystem?: { systemString?: string } };
}

/** What the probe uses of a dash.js player. */
export interface DashPlayer {
  on(type: string, listener: (event: DashEvent) => void): void;
  off(type: string, listener: (event: DashEvent) => void): void;
  getVersion?(): string;
  isReady(): boolean;
  isDynamic(): boolean;
  getVideoElement(): unknown;
  getAutoPlay(): boolean;
  getSource(): string | object;
  getCurrentLiveLatency(): number;
  getTargetLiveDelay(): number;
  getSettings(): object;
  getRepresentationsByType?(type: 'video'): Representation[];
  getBitrateInfoListFor?(type: 'video'): Representation[];
}

const DASH = 'dash.js';
const MAX_MESSAGE = 120;
const MAX_URLS = 200;
const STEERED_MS = 10_000;

const kbpsOf = (of: Representation) => Math.round(of.bitrateInKbit ?? (of.bitrate ?? 0) / 1000);
const hostOf = (name: string | null | undefined) => (name ? cutUrls(name).slice(0, 64) : undefined);
const bare = (url: string) => url.split('?')[0]!;

/** Codes of dash.js to categories; the first three cannot be played around. */
function failureOf(code: number): Pick<Failure, 'cat' | 'fatal'> {
  if (code >= 100 || code === 36) return { cat: 'drm', fatal: true };
  if ([10, 11, 25, 31, 32, 34].includes(code)) return { cat: 'manifest', fatal: true };
  if ([23, 24, 35].includes(code)) return { cat: 'capability', fatal: true };
  if ([15, 17, 26, 27, 28].includes(code)) return { cat: 'segment' };
  return { cat: code < 6 || (code > 19 && code < 23) ? 'media' : 'other' };
}

/**
 * Measures what a dash.js player's viewer sees and sends it to `options.endpoint`. Call it before or after
 * `player.initialize()`; best right before, for then the startup time is exact.
 */
export function attach(player: DashPlayer, options: ProbeOptions): Probe {
  const attachedAt = options.requestedAt ?? performance.now();
  const pending = new Map<Request, number>();
  const urls = new Set<string>();
  let fresh = true;
  let tornAt = 0;
  let chosen: DashEvent = {};
  let rendered: Representation | undefined;
  let steeredAt = -Infinity;
  let licenceAt = 0;
  let failed: string | undefined;
  let keySystem: string | undefined;
  const now = () => performance.now();

  const representations = () =>
    player.getRepresentationsByType?.('video') ?? player.getBitrateInfoListFor?.('video') ?? [];

  const core: Core = createCore(options, {
    name: DASH,
    ver: player.getVersion?.(),
    video: () => {
      try {
        return player.getVideoElement() as HTMLVideoElement;
      } catch {
        return undefined; // Not initialised yet.
      }
    },
    rendition: (w, h): Rendition | undefined => {
      const same = representations().filter((one) => one.width === w && one.height === h);
      const shown =
        same.length === 1
          ? same[0]
          : (same.find((one) => rendered && kbpsOf(one) === kbpsOf(rendered)) ?? rendered ?? same[0]);
      const reason = chosen.reason?.rule ?? chosen.reason?.name ?? chosen.reason?.message;
      return shown && { kbps: kbpsOf(shown), reason: reason?.slice(0, 64) };
    },
    latency: () => {
      if (!player.isReady() || !player.isDynamic()) return undefined;
      return {
        ltc: Math.round(player.getCurrentLiveLatency() * 1000),
        target: Math.round(player.getTargetLiveDelay() * 1000),
      };
    },
    pendingMs: () => (pending.size ? Math.round(now() - Math.min(...pending.values())) : undefined),
  });

  /** A source is there. With autoplay that is the request; without, the viewer's click on play will be. */
  const loading = (at: number) => {
    core.find();
    const source = player.getSource();
    const src = typeof source === 'string' ? hostOf(new URL(source, location.href).href) : undefined;
    if (player.getAutoPlay()) core.session.request(at, { auto: true, src });
  };

  const loaded = ({ request, error }: DashEvent) => {
    if (!request) return;
    const { type, mediaType: ty, duration, startDate, endDate, bytesTotal, serviceLocation } = request;
    pending.delete(request);
    const at = now();
    if (ty === 'video' && !error) core.session.mark(at, type === 'MediaSegment' ? 'segment' : 'init');
    if (type !== 'MediaSegment') return;
    const cdn = hostOf(serviceLocation);
    const why = at - steeredAt < STEERED_MS ? 'steering' : failed ? 'failover' : 'abr';
    failed = error ? cdn : undefined;
    const ms = startDate && endDate ? endDate.getTime() - startDate.getTime() : undefined;
    const mediaMs = (duration ?? 0) * 1000;
    core.session.segment(at, { ty: ty ?? undefined, cdn, why, by: bytesTotal ?? 0, ms, mediaMs, failed: !!error });
    if (error) lost(request, 'failed', typeof error === 'object' ? error.data?.response?.status : undefined, ms);
  };

  const lost = (
    { mediaType, index, serviceLocation }: Request,
    bad: 'failed' | 'abandoned',
    rc?: number,
    ms?: number,
  ) => {
    const ty = mediaType === 'video' ? 'v' : 'a';
    core.session.note(now(), {
      k: 'segment',
      ty,
      idx: index ?? undefined,
      rc,
      ms,
      bad,
      cdn: hostOf(serviceLocation),
    });
  };

  const handlers: Record<string, (event: DashEvent) => void> = {
    playbackInitialized: () => {
      const at = tornAt || (fresh ? attachedAt : now());
      if (tornAt) core.session.end(tornAt, 'replaced');
      if (!fresh) core.begin(at);
      tornAt = 0;
      loading(at);
    },
    manifestLoadingStarted: () => core.session.mark(now(), 'player'),
    manifestLoaded: () => core.session.mark(now(), 'manifest'),
    streamInitialized: () => {
      core.header.st ??= player.isDynamic() ? 'l' : 'v';
      const reps = representations().map((one) => ({
        id: `${one.id ?? ''}`,
        kbps: kbpsOf(one),
        w: one.width ?? 0,
        h: one.height ?? 0,
        ...(one.codecs && { codec: one.codecs }),
      }));
      core.session.ready(now(), { reps, drm: keySystem });
    },
    fragmentLoadingStarted: ({ request }) => {
      if (!request) return;
      pending.set(request, now());
      if (urls.size > MAX_URLS) urls.clear();
      if (request.url) urls.add(bare(request.url));
    },
    fragmentLoadingCompleted: loaded,
    fragmentLoadingAbandoned: ({ request }) => {
      if (!request) return;
      pending.delete(request);
      lost(request, 'abandoned');
    },
    qualityChangeRequested: (event) => {
      if (event.mediaType === 'video') chosen = event;
    },
    qualityChangeRendered: (event) => {
      if (event.mediaType !== 'video') return;
      rendered = event.newRepresentation ?? representations()[event.newQuality ?? -1];
      core.resized();
    },
    contentSteeringRequestCompleted: () => {
      steeredAt = now();
    },
    playbackNotAllowed: () => core.session.pause(now()),
    public_keySystemSelected: ({ data }) => {
      keySystem = data?.keySystem?.systemString;
    },
    public_licenseRequestSending: () => {
      licenceAt = now();
    },
    public_licenseRequestComplete: ({ error }) => {
      core.session.mark(now(), 'drm');
      core.session.note(now(), { k: 'drm', ms: Math.round(now() - licenceAt), ks: keySystem, ok: !error });
    },
    error: ({ error }) => {
      const { code = 0, message = '' } = typeof error === 'object' && error ? error : { message: error ?? '' };
      const msg = cutUrls(message).slice(0, MAX_MESSAGE);
      core.session.error(now(), { ...failureOf(Number(code)), code: `${code}`, msg });
    },
    streamTeardownComplete: () => {
      tornAt = now();
      pending.clear();
      // A new source follows at once, or none does.
      setTimeout(
        core.guard(() => {
          if (tornAt) core.session.end(tornAt, 'exit');
          tornAt = 0;
        }),
      );
    },
  };

  const listeners = Object.entries(handlers).map(([type, handler]) => [type, core.guard(handler)] as const);
  for (const [type, listener] of listeners) player.on(type, listener);
  const timings = new PerformanceObserver(
    core.guard((list: PerformanceObserverEntryList) => {
      for (const entry of list.getEntries() as PerformanceResourceTiming[]) {
        // 0 means that the server does not allow us to see it: no figure rather than a false one.
        if (entry.requestStart && urls.delete(bare(entry.name)))
          core.session.ttfb(entry.responseStart - entry.requestStart);
      }
    }),
  );
  timings.observe({ type: 'resource' });
  setTimeout(() => (fresh = false));

  core.begin(attachedAt);
  core.guard(() => {
    core.find();
    if (player.isReady()) loading(attachedAt);
  })();

  return {
    get sessionId() {
      return core.sessionId;
    },
    get state() {
      return core.state;
    },
    get figures() {
      return core.figures;
    },
    flush: core.flush,
    detach: () => {
      for (const [type, listener] of listeners) player.off(type, listener);
      timings.disconnect();
      core.detach();
    },
  };
}
