import { createCore, type PlayerPort, type Probe, type ProbeOptions } from './core.ts';
import { guard, NO_PROBE } from './guard.ts';
import type { Failure } from './signals.ts';
import { addDetails, timingOf } from './details.ts';
import { atLast, fit, type Rung, kbpsOf, now, watchSource } from './source.ts';

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
  /** No number at all for what comes before the media. */
  sn: number;
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

type LicenceSetup = (xhr: XMLHttpRequest, url: string, of: { keySystem: string }, ...rest: never[]) => unknown;

/** What the probe uses of an hls.js player. */
export interface HlsPlayer {
  on(type: string, listener: (type: string, data: HlsData) => void): void;
  off(type: string, listener: (type: string, data: HlsData) => void): void;
  readonly media: HTMLMediaElement | null;
  readonly url: string | null;
  readonly levels: Level[];
  readonly latency: number;
  readonly targetLatency: number | null;
  readonly playingDate: Date | null;
  readonly latestLevelDetails: { live: boolean } | null;
  readonly config: { licenseXhrSetup?: unknown };
}

/**
 * hls.js knows the live edge to a segment: it takes it from the last playlist. Dates in the stream tell it exactly, unless the
 * viewer's clock is off by more than a segment may be long.
 */
const CLOCK_S = 10;

function categoryOf({ type, details }: HlsData): Failure['cat'] {
  if (/key/.test(type!)) return 'drm';
  if (/odec/.test(details!)) return 'capability';
  // Manifest, level, audio track, subtitle; fragment, key.
  if (/^(ma|le|au|su)/.test(details!)) return 'manifest';
  if (/^[fk]/.test(details!)) return 'segment';
  return /med|mux/.test(type!) ? 'media' : 'other';
}

function measure(player: HlsPlayer, options: ProbeOptions): Probe {
  let chosen = 0;
  let waiting = false;

  const video = () => player.media as HTMLVideoElement;
  let rungs: Rung[] = [];
  const port: PlayerPort = {
    name: 'hls.js',
    ver: (player.constructor as { version?: string }).version,
    video,
    kbps: (w, h) => kbpsOf(rungs, w, h, chosen),
  };
  const core = createCore(options, port);
  const more = addDetails(core, {
    lag: () => {
      const { latency, playingDate, targetLatency } = player;
      const dated = (Date.now() - +playingDate!) / 1000;
      return [Math.abs(dated - latency) < CLOCK_S ? dated : latency, targetLatency!];
    },
    reps: () => rungs,
  });
  const ready = () => {
    const { levels, latestLevelDetails: level } = player;
    rungs = levels.map(({ bitrate, width: w, height: h }) => ({ kbps: Math.round(bitrate / 1000), w, h }));
    if (level) port.st = level.live ? 'l' : 'v';
    more.ready();
  };
  const load = () => {
    waiting = !player.media;
    if (!waiting) source.load();
  };
  const handlers: Record<string, (data: HlsData) => void> = {
    MediaAttaching: () => waiting && load(),
    // To mend a media error it lets go of the element and takes it again.
    MediaDetaching: () => source.unload(() => player.media),
    ManifestLoading: () => {
      rungs = [];
      load();
      more.mark('player');
    },
    ManifestParsed: () => {
      more.mark('manifest');
      ready();
    },
    LevelSwitched: ({ level }) => {
      ready();
      chosen = rungs[level!]!.kbps;
    },
    FragLoaded: ({ frag }) => segment(frag!, false),
    SteeringManifestLoaded: more.steer,
    Error: (data) => {
      const { details, frag, fatal, error } = data;
      // What it says of the element being short of data (stalled, nudge, seek over a hole) is left to the picture.
      if (/^buffer[SN]/.test(details!)) return;
      const cat = categoryOf(data);
      if (frag && cat === 'segment') segment(frag, true);
      more.fail({
        cat,
        code: details!,
        msg: fit(error!.message),
        fatal,
      });
    },
  };
  const segment = ({ url, type, sn, level, duration, stats }: Fragment, failed: boolean) => {
    const { start, end } = stats.loading;
    const ty = type === 'main' ? 'video' : type;
    const pathway = player.levels[level]?.pathwayId ?? '.';
    if (!(sn >= 0)) return;
    if (ty === 'video' && !failed) more.mark('segment');
    const cdn = pathway === '.' ? fit(url) : pathway;
    more.segment({
      ...timingOf(url),
      ty,
      cdn,
      by: stats.loaded,
      ms: end - start,
      mediaMs: duration * 1000,
      failed,
      idx: sn,
    });
  };
  for (const name in handlers) {
    const listener = core.guard((_type: string, data: HlsData) => handlers[name]!(data));
    player.on(`hls${name}`, listener);
    atLast(core, () => player.off(`hls${name}`, listener));
  }
  // No event tells of a licence.
  const { config } = player;
  const setup = config.licenseXhrSetup as LicenceSetup | undefined;
  const watched: LicenceSetup = (...args) => {
    // A setup that needs an open request throws at first and is called again.
    const result = setup?.apply(player, args);
    const [xhr, , { keySystem }] = args;
    const at = now();
    const listener = core.guard(() => {
      const ok = xhr.status === 200;
      // Of a refusal before hls.js hears of it, for which the session is over then.
      if (xhr.readyState === (ok ? 4 : 2)) more.licence(at, ok, keySystem);
    });
    xhr.addEventListener('readystatechange', listener);
    return result;
  };
  config.licenseXhrSetup = watched;
  atLast(core, () => config.licenseXhrSetup === watched && (config.licenseXhrSetup = setup));
  const source = watchSource(core, options, video);
  core.guard(() => {
    // What plays already is no attempt: the look finds it.
    core.look();
    if (!core.session && player.url) load();
  })();
  return core;
}

/** Measures what an hls.js player's viewer sees. Call it before or after `loadSource` and `attachMedia`; best before both. Never throws. */
export const attach = (player: HlsPlayer, options: ProbeOptions): Probe => guard(measure)(player, options) ?? NO_PROBE;
