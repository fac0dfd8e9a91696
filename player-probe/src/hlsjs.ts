import { createCore, type Probe, type ProbeOptions } from './core.ts';
import type { Failure } from './signals.ts';
import { hostOf, kbpsOf, messageOf, now, watchSource, watchTimings } from './source.ts';

// The only file that knows hls.js, 1.5 and later. Types are structural, so that it is not needed to build.

export type { Probe, ProbeOptions } from './core.ts';

interface Level {
  /** bit/s, the peak: BANDWIDTH of the playlist, audio included. */
  bitrate: number;
  width: number;
  height: number;
  /** Pathway of content steering; `.` when there is none. */
  pathwayId?: string;
}

interface Fragment {
  url: string;
  type: string;
  /** `initSegment` for what comes before the media. */
  sn: number | string;
  level: number;
  duration: number;
  stats: { total: number; loaded: number; loading: { start: number; end: number } };
}

interface HlsData {
  frag?: Fragment;
  level?: number;
  type?: string;
  details?: string;
  fatal?: boolean;
  error?: { message: string };
}

/** What the probe uses of an hls.js player. */
export interface HlsPlayer {
  on(type: string, listener: (type: string, data: HlsData) => void): void;
  off(type: string, listener: (type: string, data: HlsData) => void): void;
  readonly media: HTMLMediaElement | null;
  readonly url: string | null;
  readonly levels: Level[];
  readonly latency: number;
  readonly targetLatency: number | null;
  readonly latestLevelDetails: { live: boolean } | null;
}

/** What hls.js says of the element being short of data is left to the picture. */
const HEARSAY = /^buffer(Stalled|Nudge|SeekOver)/;

function categoryOf({ type = '', details = '' }: HlsData): Failure['cat'] {
  if (type.startsWith('key')) return 'drm';
  if (/odec|ncompatible/.test(details)) return 'capability';
  if (/^(manifest|level|audioTrack|subtitle)/.test(details)) return 'manifest';
  if (/^(frag|key)/.test(details)) return 'segment';
  return type.startsWith('m') ? 'media' : 'other';
}

/** Measures what an hls.js player's viewer sees. Call it before or after `loadSource` and `attachMedia`; best before both. */
export function attach(player: HlsPlayer, options: ProbeOptions): Probe {
  const { version } = player.constructor as { version?: string };
  let chosen = 0;
  let waiting = false;

  const video = () => (player.media as HTMLVideoElement | null) ?? undefined;
  const rungs = () =>
    player.levels.map(({ bitrate, width: w, height: h }) => ({ kbps: Math.round(bitrate / 1000), w, h }));
  const core = createCore(options, {
    name: 'hls.js',
    ver: version,
    video,
    kbps: (w, h) => kbpsOf(rungs(), w, h, chosen),
    latency: () =>
      player.latestLevelDetails?.live
        ? { ltc: Math.round(player.latency * 1000), target: Math.round((player.targetLatency ?? 0) * 1000) }
        : undefined,
    begun: () => ready(),
  });
  const ready = () => {
    const reps = rungs();
    if (!core.session || !reps.length) return;
    const { latestLevelDetails: details } = player;
    if (details) core.header!.st ??= details.live ? 'l' : 'v';
    core.session.ready(now(), reps);
  };
  const asked = watchTimings(core);
  const load = () => {
    waiting = !player.media;
    if (!waiting) source.load();
  };
  const handlers: Record<string, (data: HlsData) => void> = {
    MediaAttaching: () => waiting && load(),
    MediaDetaching: () => source.unload(),
    Destroying: () => source.unload(),
    ManifestLoading: () => {
      chosen = 0;
      load();
      core.session?.mark(now(), 'player');
    },
    ManifestParsed: () => {
      core.session?.mark(now(), 'manifest');
      ready();
    },
    LevelSwitched: ({ level }) => {
      chosen = rungs()[level!]?.kbps ?? 0;
      core.look();
    },
    FragLoading: ({ frag }) => asked(frag!.url),
    FragLoaded: ({ frag }) => segment(frag!, false),
    Error: (data) => {
      const { details = '', frag, fatal = false, error } = data;
      if (HEARSAY.test(details)) return;
      const cat = categoryOf(data);
      if (frag && cat === 'segment') segment(frag, true);
      core.session?.error(now(), { cat, code: details, msg: messageOf(error?.message), fatal });
    },
  };
  const segment = ({ url, type, sn, level, duration, stats }: Fragment, failed: boolean) => {
    const { start, end } = stats.loading;
    const ty = type === 'main' ? 'video' : type;
    const at = now();
    const pathway = player.levels[level]?.pathwayId ?? '.';
    if (ty === 'video' && !failed) core.session?.mark(at, sn === 'initSegment' ? 'init' : 'segment');
    if (sn === 'initSegment') return;
    const cdn = pathway === '.' ? hostOf(url) : pathway;
    core.session?.segment(at, { ty, by: stats.loaded, ms: end - start, mediaMs: duration * 1000, failed, cdn });
  };
  for (const [name, handler] of Object.entries(handlers)) {
    const listener = core.guard((_type: string, data: HlsData) => handler(data));
    player.on(`hls${name}`, listener);
    core.signal.addEventListener('abort', () => player.off(`hls${name}`, listener));
  }
  const source = watchSource(core, options, video);
  core.guard(() => {
    if (!core.session && player.url) load();
  })();
  return core;
}
