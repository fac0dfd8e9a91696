import { createCore, type PlayerPort, type Probe, type ProbeOptions } from './core.ts';
import { guard, NO_PROBE } from './guard.ts';
import type { Failure } from './signals.ts';
import { addDetails, timingOf } from './details.ts';
import { atLast, fit, type Rung, kbpsOf, now, watchSource } from './source.ts';

// The only file that knows Shaka Player, 4.11 and later. Types are structural, so that it is not needed to build.

export type { Probe, ProbeOptions } from './core.ts';

interface ShakaError {
  severity: number;
  category: number;
  code: number;
}

interface ShakaEvent {
  requestType?: number;
  request?: { uris: string[]; drmInfo?: { keySystem: string } | null };
  context?: {
    type?: number;
    stream?: { type: string } | null;
    segment?: { getStartTime(): number; getEndTime(): number } | null;
  };
  response?: { uri: string; data: ArrayBuffer | ArrayBufferView; timeMs?: number };
  aborted?: boolean;
  error?: ShakaError | null;
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
  load: (...args: never[]) => Promise<unknown>;
  getMediaElement(): HTMLMediaElement | null;
  getAssetUri(): string | null;
  getVariantTracks(): Track[];
  isLive(): boolean;
  getStats(): { liveLatency: number };
  getConfiguration(): { streaming: object };
}

/** Since 4.12. */
interface LiveSync {
  liveSync?: { enabled: boolean; targetLatency: number };
}

/** Types of requests. */
const LICENCE = 2;
const STEERING = 8;
/** Startup phases that requests of Shaka's advanced types 0 and 1 end. */
const PHASES = ['init', 'segment'] as const;
const INTERRUPTED = 7000;
/** No request failed, but there will be no other. */
const EXHAUSTED = 1010;
const CRITICAL = 2;

/** Shaka's categories of the network, media, manifest and DRM; the others are its own affairs. */
const CATEGORIES: Record<number, Failure['cat']> = { 1: 'segment', 3: 'media', 4: 'manifest', 6: 'drm' };

function measure(player: ShakaPlayer, options: ProbeOptions): Probe {
  const { version } = player.constructor as { version?: string };
  let chosen = 0;
  let loads = 0;

  const video = () => player.getMediaElement() as HTMLVideoElement;
  let rungs: Rung[] = [];
  const rung = ({ videoBandwidth, bandwidth, width, height }: Track) => ({
    kbps: Math.round((videoBandwidth ?? bandwidth) / 1000),
    w: width ?? 0,
    h: height ?? 0,
  });
  const port: PlayerPort = {
    name: 'shaka',
    ver: version?.slice(1),
    video,
    kbps: (w, h) => kbpsOf(rungs, w, h, chosen),
  };
  const core = createCore(options, port);
  const details = addDetails(core, {
    lag: () => {
      const { liveSync } = player.getConfiguration().streaming as LiveSync;
      return [player.getStats().liveLatency, liveSync?.enabled ? liveSync.targetLatency : 0];
    },
    reps: () => rungs,
  });
  const ready = () => {
    rungs = player.getVariantTracks().map(rung);
    if (rungs[0]) port.st = player.isLive() ? 'l' : 'v';
    details.ready();
  };
  // Before there are tracks it is the manifest that could not be had.
  const fail = ({ category, code, severity }: ShakaError, fatal = severity === CRITICAL) => {
    details.fail({
      cat: rungs[0] || category > 1 ? CATEGORIES[category] : 'manifest',
      code,
      fatal,
    });
  };
  const changed = ({ newTrack }: ShakaEvent) => {
    chosen = rung(newTrack!).kbps;
  };
  const handlers: Record<string, (event: ShakaEvent) => void> = {
    manifestparsed: () => details.mark('manifest'),
    trackschanged: ready,
    unloading: () => loads || source.unload(),
    variantchanged: changed,
    adaptation: changed,
    downloadcompleted: (event) => segment(event, false),
    downloadfailed: (event) => event.aborted || event.error?.code === EXHAUSTED || segment(event, true),
    error: ({ detail }) => fail(detail!),
  };
  const segment = ({ requestType, request, context, response }: ShakaEvent, failed: boolean) => {
    const { type, stream, segment: part } = context ?? {};
    const [asked] = request!.uris;
    const timing = timingOf(asked!);
    const { data, timeMs: ms = timing.ms, uri = asked } = response ?? {};
    const ty = stream?.type;
    const phase = PHASES[type!];
    if (requestType === LICENCE) details.licence(now() - ms, !failed, request!.drmInfo?.keySystem);
    if (requestType === STEERING && !failed) details.steer();
    if (ty === 'video' && !failed && phase) details.mark(phase);
    if (phase !== 'segment') return;
    details.segment({
      ...timing,
      ty,
      cdn: fit(uri),
      by: data?.byteLength as number,
      ms,
      mediaMs: (part!.getEndTime() - part!.getStartTime()) * 1000,
      failed,
    });
  };
  for (const type in handlers) {
    const listener = core.guard(handlers[type]!) as (event: Event) => void;
    player.addEventListener(type, listener);
    atLast(core, () => player.removeEventListener(type, listener));
  }
  // No event tells that `load` was called or that it failed: only its caller learns that.
  const { load } = player;
  player.load = (...args) => {
    const loading = load.apply(player, args);
    if (core.signal.aborted) return loading;
    loads++;
    core.guard(() => {
      rungs = [];
      source.load();
      details.mark('player');
    })();
    void loading
      .catch(
        core.guard((error: ShakaError) => {
          if (error.code !== INTERRUPTED) fail(error, true);
          // By another load it is replaced.
          else if (loads < 2) source.unload();
        }),
      )
      .then(() => loads--);
    return loading;
  };
  const { load: watched } = player;
  atLast(core, () => player.load === watched && (player.load = load));
  const source = watchSource(core, options, video);
  core.guard(() => {
    // What plays already is no attempt: the look finds it.
    core.look();
    if (!core.session && player.getAssetUri()) source.load();
  })();
  return core;
}

/** Measures what a Shaka player's viewer sees. Call it before `load`: its failures are known from then on. Never throws. */
export const attach = (player: ShakaPlayer, options: ProbeOptions): Probe =>
  guard(measure)(player, options) ?? NO_PROBE;
