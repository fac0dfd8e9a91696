import { createCore, type Probe, type ProbeOptions } from './core.ts';
import type { Failure } from './signals.ts';
import { hostOf, kbpsOf, messageOf, now, watchSource, watchTimings } from './source.ts';

// The only file that knows Shaka Player, 4.11 and later. Types are structural, so that it is not needed to build.

export type { Probe, ProbeOptions } from './core.ts';

interface ShakaError {
  severity: number;
  category: number;
  code: number;
  message?: string;
}

interface ShakaEvent {
  requestType?: number;
  request?: { uris: string[] };
  context?: {
    type?: number;
    stream?: { type: string } | null;
    segment?: { getStartTime(): number; getEndTime(): number } | null;
  };
  response?: { uri: string; data: ArrayBuffer | ArrayBufferView; timeMs?: number };
  aborted?: boolean;
  detail?: ShakaError;
  newTrack?: Track;
}

interface Track {
  active: boolean;
  /** bit/s */
  bandwidth: number;
  videoBandwidth?: number | null;
  width?: number | null;
  height?: number | null;
}

/** What the probe uses of a Shaka player. */
export interface ShakaPlayer {
  addEventListener(type: string, listener: (event: Event) => void): void;
  removeEventListener(type: string, listener: (event: Event) => void): void;
  load(...args: unknown[]): Promise<unknown>;
  getMediaElement(): HTMLMediaElement | null;
  getAssetUri(): string | null;
  getVariantTracks(): Track[];
  isLive(): boolean;
  getStats(): { liveLatency: number };
  getConfiguration(): { streaming: object };
}

const MEDIA_SEGMENT = 1;
const SEGMENT = 1;
const INTERRUPTED = 7000;
const CRITICAL = 2;

/** Shaka's categories from 1: network, text, media, manifest, streaming, DRM, player. */
const CATEGORIES: Failure['cat'][] = ['other', 'segment', 'other', 'media', 'manifest', 'segment', 'drm'];

/** Measures what a Shaka player's viewer sees. Call it before `load`: its failures are known from then on. */
export function attach(player: ShakaPlayer, options: ProbeOptions): Probe {
  const { version } = player.constructor as { version?: string };
  let chosen = 0;
  let loads = 0;

  const video = () => (player.getMediaElement() as HTMLVideoElement | null) ?? undefined;
  const tracks = () => player.getVariantTracks();
  const rung = ({ videoBandwidth, bandwidth, width, height }: Track) => ({
    kbps: Math.round((videoBandwidth ?? bandwidth) / 1000),
    w: width ?? 0,
    h: height ?? 0,
  });
  const core = createCore(options, {
    name: 'shaka',
    ver: version?.replace('v', ''),
    video,
    kbps: (w, h) => kbpsOf(tracks().map(rung), w, h, chosen),
    latency: () => {
      if (!player.isLive()) return undefined;
      const { liveSync } = player.getConfiguration().streaming as {
        liveSync?: { enabled: boolean; targetLatency: number };
      };
      const target = liveSync?.enabled ? liveSync.targetLatency : 0;
      return { ltc: Math.round(player.getStats().liveLatency * 1000), target: target * 1000 };
    },
    begun: () => ready(),
  });
  const ready = () => {
    const reps = tracks().map(rung);
    if (!core.session || !reps.length) return;
    core.header!.st ??= player.isLive() ? 'l' : 'v';
    core.session.ready(now(), reps);
  };
  const asked = watchTimings(core);
  const failed = ({ category, code, message, severity }: ShakaError, fatal = severity === CRITICAL) => {
    // Before there are tracks it is the manifest that could not be had.
    const cat = tracks().length || category > 1 ? (CATEGORIES[category] ?? 'other') : 'manifest';
    core.session?.error(now(), { cat, code: `${code}`, msg: messageOf(message), fatal });
  };
  const handlers: Record<string, (event: ShakaEvent) => void> = {
    manifestparsed: () => {
      core.session?.mark(now(), 'manifest');
    },
    trackschanged: ready,
    unloading: () => loads || source.unload(),
    variantchanged: ({ newTrack }) => {
      chosen = newTrack ? rung(newTrack).kbps : 0;
      core.look();
    },
    adaptation: ({ newTrack }) => {
      chosen = newTrack ? rung(newTrack).kbps : 0;
      core.look();
    },
    downloadheadersreceived: ({ request }) => asked(request!.uris[0]!),
    downloadcompleted: (event) => segment(event, false),
    downloadfailed: (event) => event.aborted || segment(event, true),
    error: ({ detail }) => failed(detail!),
  };
  const segment = ({ requestType, request, context, response }: ShakaEvent, bad: boolean) => {
    if (requestType !== SEGMENT) return;
    const { type, stream, segment: part } = context ?? {};
    const ty = stream?.type;
    const at = now();
    const media = type === MEDIA_SEGMENT;
    if (ty === 'video' && !bad) core.session?.mark(at, media ? 'segment' : 'init');
    if (!media) return;
    const mediaMs = part ? (part.getEndTime() - part.getStartTime()) * 1000 : 0;
    const { data, timeMs = 0, uri = request!.uris[0]! } = response ?? {};
    core.session?.segment(at, { ty, by: data?.byteLength ?? 0, ms: timeMs, mediaMs, failed: bad, cdn: hostOf(uri) });
  };
  for (const [type, handler] of Object.entries(handlers)) {
    const listener = core.guard(handler) as (event: Event) => void;
    player.addEventListener(type, listener);
    core.signal.addEventListener('abort', () => player.removeEventListener(type, listener));
  }
  // No event tells that `load` was called or that it failed: only its caller learns that.
  const load = player.load.bind(player);
  const own = Object.hasOwn(player, 'load');
  const watched = (...args: unknown[]): Promise<unknown> => {
    const loading = load(...args);
    if (core.signal.aborted) return loading;
    loads++;
    core.guard(() => {
      source.load();
      core.session?.mark(now(), 'player');
    })();
    loading.then(
      core.guard(() => void loads--),
      core.guard((error: ShakaError) => {
        if (error.code === INTERRUPTED) {
          if (!--loads) source.unload();
        } else {
          failed(error, true);
          loads--;
        }
      }),
    );
    return loading;
  };
  player.load = watched;
  core.signal.addEventListener('abort', () => {
    if (player.load !== watched) return;
    if (own) player.load = load;
    else delete (player as Partial<ShakaPlayer>).load;
  });
  const source = watchSource(core, options, video);
  core.guard(() => {
    if (!core.session && player.getAssetUri()) source.load();
  })();
  return core;
}
