import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { TokenBucket } from '../../local/demo/token-bucket.ts';
import { launchChromium } from './chromium.ts';
import { startCollector, type Collector } from './collector.ts';
import type { Show, ShowOptions } from './players-page.ts';
import { hlsPlaylists, progressiveFile } from './players-media.ts';
import { CLIP, startStage, type Stage } from './stage.ts';

// A page on which any of the players plays the demo's clip, and its server.

const BASE = CLIP.slice(0, CLIP.lastIndexOf('/') + 1);
/** Takes CMCD reports. */
export const CMCD = '/players/cmcd';
export const SOURCES = {
  video: '/players/clip.mp4',
  hlsjs: `${BASE}master.m3u8`,
  shaka: CLIP,
  dashjs: CLIP,
} as const;

/** Both generations of dash.js call themselves `dashjs`: a page has one of them. */
export type DashVersion = 4 | 5;
const DASH = { 4: '/players/dash-4.js', 5: '/players/dash-5.js' };
const LIBRARIES: Record<string, string> = {
  '/players/hls.js': 'hls.js/dist/hls.js',
  '/players/shaka.js': 'shaka-player',
  [DASH[4]]: 'dashjs-4',
  [DASH[5]]: 'dashjs',
};
const pageWith = (dash: DashVersion) => `<!doctype html><meta charset="utf-8"><title>players</title>
<style>html,body{margin:0;background:#000}video{width:320px;height:180px}</style>
<body><script src="/players/page.js"></script>
${Object.keys(LIBRARIES)
  .filter((path) => path !== DASH[dash === 4 ? 5 : 4])
  .map((path) => `<script src="${path}"></script>`)
  .join('\n')}`;
const CHUNK_BYTES = 1024;

async function pageScript(): Promise<Uint8Array> {
  const entry = fileURLToPath(new URL('./players-page.ts', import.meta.url));
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: 'iife',
    target: 'es2022',
  });
  return outputFiles[0]!.contents;
}

/** Resolves when more may be written, or nobody listens any more; leaves no listener behind. */
const roomIn = (res: ServerResponse): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      res.off('drain', done).off('close', done);
      resolve();
    };
    res.once('drain', done).once('close', done);
  });

/** A file with ranges, so that the browser can seek in it, at the line's rate. */
async function sendRange(req: IncomingMessage, res: ServerResponse, file: Buffer, line: TokenBucket): Promise<void> {
  const [, from = '0', to = ''] = /^bytes=(\d+)-(\d*)$/.exec(req.headers.range ?? '') ?? [];
  const part = file.subarray(Number(from), to ? Number(to) + 1 : file.length);
  res.writeHead(req.headers.range ? 206 : 200, {
    'content-type': 'video/mp4',
    'accept-ranges': 'bytes',
    'content-length': part.length,
    'cache-control': 'no-store',
    ...(req.headers.range && { 'content-range': `bytes ${from}-${Number(from) + part.length - 1}/${file.length}` }),
  });
  for (let at = 0; at < part.length && !res.destroyed; at += CHUNK_BYTES) {
    const chunk = part.subarray(at, at + CHUNK_BYTES);
    await line.take(chunk.length);
    if (!res.write(chunk)) await roomIn(res);
  }
  res.end();
}

export interface PlayersFixture {
  collector: Collector;
  /** Bodies of the CMCD reports with their content type. */
  cmcd: { type: string | undefined; body: string }[];
  stage: Stage;
  page: Page;
  /** Of the segments and, where that is another rate, of the progressive file. */
  throttle: (kbps: number | null, file?: number | null) => Promise<void>;
  /** Asked first; true when it has answered. */
  intercept: (handler: Parameters<Stage['intercept']>[0]) => void;
  open: (dash?: DashVersion) => Promise<void>;
  start: (options: Omit<ShowOptions, 'endpoint' | 'source'> & { source?: string }) => Promise<void>;
  state: (name: string, show?: number) => Promise<void>;
  /** What the page saw; the probe is detached before. */
  finish: (show?: number) => Promise<Pick<Show, 'frames' | 'log' | 'blocks' | 'told'>>;
}

/** One Chromium for the file; a fresh collector, server and page for each test. */
export function playersFixture(): PlayersFixture {
  let browser: Browser;
  const on = {} as PlayersFixture;
  const line = new TokenBucket();
  const files: Record<string, Uint8Array | string> = { '/players/4': pageWith(4), '/players/5': pageWith(5) };
  const playlists = hlsPlaylists();
  const mp4 = progressiveFile();
  let first: Parameters<Stage['intercept']>[0] = () => false;

  beforeAll(async () => {
    browser = await launchChromium();
    files['/players/page.js'] = await pageScript();
    for (const [path, name] of Object.entries(LIBRARIES))
      files[path] = await readFile(createRequire(import.meta.url).resolve(name));
  });
  afterAll(() => browser?.close());
  beforeEach(async () => {
    line.kbps = null;
    on.cmcd = [];
    first = () => false;
    on.collector = await startCollector();
    on.stage = await startStage(on.collector.url);
    on.stage.intercept((req, res) => {
      const path = (req.url ?? '').split('?')[0]!;
      const list = path.startsWith(BASE) ? playlists[path.slice(BASE.length)] : undefined;
      if (first(req, res)) return true;
      if (path === CMCD) {
        void text(req).then((body) => {
          on.cmcd.push({ type: req.headers['content-type'], body });
          res.writeHead(204).end();
        });
      } else if (path === SOURCES.video) void sendRange(req, res, mp4, line);
      else if (list) res.writeHead(200, { 'content-type': 'application/vnd.apple.mpegurl' }).end(list);
      else if (Object.hasOwn(files, path))
        res.writeHead(200, { 'content-type': path.endsWith('.js') ? 'text/javascript' : 'text/html' }).end(files[path]);
      else return false;
      return true;
    });
    on.page = await browser.newPage();
  });
  afterEach(async () => {
    await on.page.close();
    await on.stage.close();
    await on.collector.close();
  });

  on.throttle = async (kbps, file = kbps) => {
    line.kbps = file;
    await on.stage.throttle(kbps);
  };
  on.intercept = (handler) => (first = handler);
  on.open = async (dash = 5) => void (await on.page.goto(`${on.stage.origin}/players/${dash}`));
  on.start = async (options) => {
    const given = { source: SOURCES[options.kind], endpoint: on.collector.url, ...options };
    await on.page.evaluate((all) => window.players.start(all), given);
  };
  on.state = async (name, show = 0) => {
    const state = ([wanted, i]: readonly [string, number]) => window.players.shows[i]?.probe?.session?.state === wanted;
    await on.page.waitForFunction(state, [name, show] as const, { timeout: 30_000, polling: 20 });
  };
  on.finish = (show = 0) =>
    on.page.evaluate((i) => {
      const { probe, frames, log, blocks, told } = window.players.shows[i]!;
      window.players.note(i, 'over');
      probe!.detach();
      return { frames, log, blocks, told };
    }, show);
  return on;
}
