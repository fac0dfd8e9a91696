import type Hls from 'hls.js';
import type shaka from 'shaka-player';
import { attach as attachDash, type DashPlayer } from '../../player-probe/src/complete.ts';
import { cmcdRequests, createCmcd } from '../../player-probe/src/cmcd.ts';
import { attach as attachHls } from '../../player-probe/src/hlsjs.ts';
import { attach as attachShaka } from '../../player-probe/src/shaka.ts';
import { ads } from '../../player-probe/src/breaks.ts';
import { view as viewOf } from '../../player-probe/src/view.ts';
import { attach as attachVideo } from '../../player-probe/src/video.ts';
import type { Probe, ProbeOptions } from '../../player-probe/src/index.ts';
import { upgradeEvent } from '../../schema/probe-upgrade.ts';
import type { WireEvent } from '../../schema/probe-wire.ts';
import { held, keepBooks } from './books.ts';
import type { Sight } from './oracle.ts';

// Runs in the page: any number of players of any kind, each with its probe and with somebody who watches its picture.

export type Kind = 'video' | 'hlsjs' | 'shaka' | 'dashjs';

export interface ShowOptions {
  kind: Kind;
  source: string;
  endpoint: string;
  autoplay?: boolean;
  /** ms after the source was given to the player; before it when absent. */
  attachAfterMs?: number;
  bufferS?: number;
  /** Where CMCD reports of it go to as well. */
  cmcd?: string;
  /** Tells how the player stands on the page as well. */
  view?: boolean;
  /** Where the key of an encrypted source is to be had. */
  licence?: string;
  probe?: Partial<ProbeOptions>;
}

interface Driver {
  player: object;
  load: (source: string) => void;
  unload: () => Promise<unknown>;
  attach: (options: ProbeOptions) => Probe;
  /** The player is made and knows its element. */
  made?: Promise<unknown>;
}

export interface Show extends Sight {
  video: HTMLVideoElement;
  driver: Driver;
  probe: Probe | undefined;
  told: WireEvent[];
}

export interface Players {
  cmcdRequests: typeof cmcdRequests;
  ads: typeof ads;
  shows: Show[];
  held: () => string[];
  start: (options: ShowOptions) => Promise<void>;
  note: (show: number, what: string, value?: number) => void;
}

declare global {
  interface Window {
    players: Players;
  }
}
type HlsClass = typeof Hls;
type Shaka = typeof shaka.default;
interface Dash extends DashPlayer {
  initialize: (video: HTMLVideoElement, source: string, autoplay: boolean) => void;
  attachSource: (source: string) => void;
  updateSettings: (settings: object) => void;
  setProtectionData: (servers: object) => void;
  destroy: () => void;
}
/** From script tags, as sites load them. */
interface Libraries {
  Hls: HlsClass;
  shaka: Shaka;
  dashjs: { MediaPlayer: () => { create: () => Dash } };
}
const library = <K extends keyof Libraries>(name: K) => (window as unknown as Libraries)[name];

const EVENTS = ['waiting', 'playing', 'seeking', 'seeked', 'resize', 'ended', 'emptied', 'error'];
const BLOCK_MS = 200;
const blocks: Sight['blocks'] = [];

keepBooks();

const CLEAR_KEY = 'org.w3.clearkey';

interface Given {
  bufferS: number;
  autoplay: boolean;
  licence: string | undefined;
}

const drivers: Record<Kind, (video: HTMLVideoElement, given: Given) => Driver> = {
  video: (video) => ({
    player: video,
    load: (source) => (video.src = source),
    unload: () => {
      video.removeAttribute('src');
      video.load();
      return Promise.resolve();
    },
    attach: (options) => attachVideo(video, { ...options, kbps: (_w, h) => (h === 360 ? 210 : 0) }),
  }),
  hlsjs: (video, { bufferS, licence }) => {
    const player = new (library('Hls'))({
      maxBufferLength: bufferS,
      maxMaxBufferLength: bufferS,
      enableWorker: false,
      ...(licence && { emeEnabled: true, drmSystems: { [CLEAR_KEY]: { licenseUrl: licence } } }),
    });
    player.attachMedia(video);
    return {
      player,
      load: (source) => player.loadSource(source),
      unload: () => Promise.resolve(player.destroy()),
      attach: (options) => attachHls(player, options),
    };
  },
  shaka: (video, { bufferS, licence }) => {
    const player = new (library('shaka').Player)();
    player.configure({
      streaming: { bufferingGoal: bufferS, rebufferingGoal: 1 },
      ...(licence && { drm: { servers: { [CLEAR_KEY]: licence } } }),
    });
    return {
      player,
      made: player.attach(video),
      load: (source) => void player.load(source).catch(() => undefined),
      unload: () => player.destroy(),
      attach: (options) => attachShaka(player, options),
    };
  },
  dashjs: (video, { bufferS, autoplay, licence }) => {
    const player = library('dashjs').MediaPlayer().create();
    const buffer = {
      bufferTimeDefault: bufferS,
      bufferTimeAtTopQuality: bufferS,
      bufferTimeAtTopQualityLongForm: bufferS,
      // Its name in 4.7.
      ...(player.getVersion().startsWith('4') && { stableBufferTime: bufferS }),
    };
    player.updateSettings({ streaming: { buffer } });
    if (licence) player.setProtectionData({ [CLEAR_KEY]: { serverURL: licence } });
    let ready = false;
    return {
      player,
      load: (source) => {
        if (ready) player.attachSource(source);
        else player.initialize(video, source, autoplay);
        ready = true;
      },
      unload: () => Promise.resolve(player.destroy()),
      attach: (options) => attachDash(player, options),
    };
  },
};

function watch(show: Show): void {
  const { video, frames, log } = show;
  const next = () =>
    video.requestVideoFrameCallback((at, { mediaTime: media, width, height }) => {
      frames.push({ at, media, head: video.currentTime, size: `${width}x${height}` });
      next();
    });
  next();
  for (const type of EVENTS)
    video.addEventListener(type, () =>
      log.push({
        at: performance.now(),
        what: type,
        head: video.currentTime,
        value: type === 'resize' ? video.videoHeight : video.readyState,
      }),
    );
}

const players: Players = {
  cmcdRequests,
  ads,
  shows: [],
  held: () => [...held.values()].sort(),
  note: (show, what, value) => {
    players.shows[show]!.log.push({ at: performance.now(), what, ...(value !== undefined && { value }) });
  },
  start: async ({
    kind,
    source,
    endpoint,
    autoplay = true,
    attachAfterMs,
    bufferS = 4,
    cmcd,
    licence,
    view,
    probe,
  }) => {
    const video = document.createElement('video');
    video.muted = true;
    video.autoplay = autoplay;
    document.body.append(video);
    const driver = drivers[kind](video, { bufferS, autoplay, licence });
    const show: Show = { video, driver, probe: undefined, told: [], frames: [], log: [], blocks };
    players.shows.push(show);
    watch(show);
    await driver.made;
    const attach = () => {
      const report = cmcd ? createCmcd({ url: cmcd }) : undefined;
      const onEvent: ProbeOptions['onEvent'] = (event, header) => {
        show.told.push(upgradeEvent(event, header.pl?.name) as WireEvent);
        report?.(event, header);
      };
      show.probe = driver.attach({
        endpoint,
        key: 'demo',
        interval: 2,
        onEvent,
        ...(view && { plugins: [viewOf] }),
        ...probe,
      });
    };
    if (attachAfterMs === undefined) attach();
    if (autoplay) show.log.push({ at: performance.now(), what: 'request' });
    driver.load(source);
    if (attachAfterMs === undefined) return;
    await new Promise((resolve) => setTimeout(resolve, attachAfterMs));
    attach();
  },
};
window.players = players;

let last = performance.now();
const tick = (at: number) => {
  if (at - last >= BLOCK_MS) blocks.push({ at: last, ms: at - last });
  last = at;
  requestAnimationFrame(tick);
};
requestAnimationFrame(tick);
