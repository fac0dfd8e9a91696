import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Page } from 'playwright-core';
import type { WireEvent } from '../../../schema/probe-wire.ts';
import type { Random } from '../../../simulate/random.ts';
import type { Sight } from '../oracle.ts';
import { play, type Play, type Stage } from '../stage.ts';
import type { Truth } from '../truth.ts';
import { createLiveOrigin, type LiveOrigin } from './live-origin.ts';

export type EndReason = Extract<WireEvent, { k: 'end' }>['why'];

/** What the probe told of one playback. */
export interface Told {
  events: WireEvent[];
  start: Extract<WireEvent, { k: 'start' }> | undefined;
  end: Extract<WireEvent, { k: 'end' }> | undefined;
}

export interface Scenario {
  name: string;
  /** Why each of its playbacks ends, in order. */
  ends: EndReason[];
  /** Where the player itself may lead to one or another end: the right one for what was seen. */
  endsBy?: (sight: Sight) => EndReason[];
  /** Takes longer than the default run may. */
  isLong?: boolean;
  /** Plays it; answers what was seen. */
  run: (act: Act) => Promise<Sight>;
  /** What else must hold; answers what does not. */
  also?: (told: Told[], truths: Truth[], sight: Sight, act: Act) => string[];
}

/** Answers a request and says so, or leaves it to the next. */
type Rule = (path: string, req: IncomingMessage, res: ServerResponse) => boolean;

export interface Act {
  page: Page;
  stage: Stage;
  random: Random;
  live: LiveOrigin;
  /** Faults of the server, the newest first. */
  rules: Rule[];
  play: (options?: Play) => Promise<void>;
  /** A real number of ms, drawn for this run. */
  ms: (least: number, most: number) => number;
  /** A line's rate drawn for this run, kbit/s; null gives it back. */
  throttle: Stage['throttle'];
}

/** Media segments of the clip and of the channel. */
export const MEDIA = /\/\d-\d+\.m4s$/;

export const refuses =
  (what: RegExp, status: number): Rule =>
  (path, _req, res) => {
    if (!what.test(path)) return false;
    res.writeHead(status).end();
    return true;
  };

/** Never answers. */
export const hangs =
  (what: RegExp): Rule =>
  (path) =>
    what.test(path);

/** Bytes that are no media, as many as a segment has. */
export const garbles =
  (what: RegExp): Rule =>
  (path, _req, res) => {
    if (!what.test(path)) return false;
    res.writeHead(200, { 'timing-allow-origin': '*' }).end(randomBytes(12_000));
    return true;
  };

const CLIP_MPD = new URL('../../../player-probe/demo/clip/clip.mpd', import.meta.url);

/** The clip's manifest with other base addresses, at `/edited.mpd`. Each line's name is a throttle of its own. */
export const manifest =
  (edit: (mpd: string, base: (line: string) => string) => string): Rule =>
  (path, req, res) => {
    if (path !== '/edited.mpd') return false;
    const base = (line: string) =>
      `<BaseURL serviceLocation="${line}">http://${req.headers.host}/demo/clip/${line}/</BaseURL>`;
    res.writeHead(200, { 'content-type': 'application/dash+xml' }).end(edit(readFileSync(CLIP_MPD, 'utf8'), base));
    return true;
  };
export const EDITED = '/edited.mpd';

export function createAct(page: Page, stage: Stage, random: Random, more: Play): Act {
  const live = createLiveOrigin(random.between(24, 32));
  const act: Act = {
    page,
    stage,
    random,
    live,
    rules: [],
    play: (options) => play(page, stage, { ...more, ...options }),
    ms: (least, most) => random.between(least, most),
    throttle: stage.throttle,
  };
  stage.intercept((req, res) => {
    const path = (req.url ?? '').split('?')[0]!;
    return act.rules.some((rule) => rule(path, req, res)) || live.answer(req, res);
  });
  return act;
}
