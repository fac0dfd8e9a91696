import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { Page } from 'playwright-core';
import { bundleProbe } from '../../scripts/build-probe.ts';
import { createDemoHandler } from '../../local/demo/handler.ts';

// A page with a player, the probe and an oracle that knows nothing of the probe.

export interface Stage {
  origin: string;
  /** Sets the rate of the page's line, or of another one by its name. */
  throttle: (kbps: number | null, line?: string) => Promise<void>;
  /** Called before the demo's own routes; returns true when it has answered. */
  intercept: (handler: (req: IncomingMessage, res: ServerResponse) => boolean) => void;
  /** Where the probe sends to. */
  endpoint: string;
  close: () => Promise<void>;
}

const PROBE_SOURCE = fileURLToPath(new URL('../../player-probe/src/complete.ts', import.meta.url));
const VISITOR = 'stage';
export const CLIP = `/demo/clip/${VISITOR}/clip.mpd`;
/** Packages of the two generations of dash.js. */
const DASH = { 4: 'dashjs-4', 5: 'dashjs' };

const html = (dash: string) => `<!doctype html><meta charset="utf-8"><title>stage</title>
<style>html,body{margin:0;background:#000}video{width:640px;height:360px;display:block}</style>
<video id="video" muted></video>
<script src="/stage/dash-${dash}.js"></script>
<script src="/stage/framewatch.js"></script>
<script src="/stage/oracle.js"></script>`;

async function bundle(entry: string, globalName?: string): Promise<Uint8Array> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(entry, import.meta.url))],
    bundle: true,
    write: false,
    minify: true,
    format: 'iife',
    target: 'es2022',
    ...(globalName && { globalName }),
  });
  return outputFiles[0]!.contents;
}

const dashScript = (name: string) => readFile(createRequire(import.meta.url).resolve(name));

async function makeScripts(): Promise<Record<string, Uint8Array>> {
  return {
    '/stage/dash-4.js': await dashScript(DASH[4]),
    '/stage/dash-5.js': await dashScript(DASH[5]),
    // As it is published.
    '/stage/framewatch.js': Buffer.from(await bundleProbe(PROBE_SOURCE, { format: 'iife', globalName: 'framewatch' })),
    '/stage/oracle.js': await bundle('./oracle.ts'),
  };
}
let made: Promise<Record<string, Uint8Array>> | undefined;

/** `probe`: another script in the probe's place. */
export async function startStage(endpoint: string, probe?: Uint8Array): Promise<Stage> {
  const demo = createDemoHandler({ endpoint, key: 'demo' });
  const scripts: Record<string, Uint8Array> = {
    ...(await (made ??= makeScripts())),
    ...(probe && { '/stage/framewatch.js': probe }),
  };
  let intercepted: Parameters<Stage['intercept']>[0] = () => false;
  const server = createServer((req, res) => {
    const [path = '', query = ''] = (req.url ?? '').split('?');
    if (intercepted(req, res)) return;
    if (scripts[path]) res.writeHead(200, { 'content-type': 'text/javascript' }).end(scripts[path]);
    else if (path === '/stage/') res.writeHead(200, { 'content-type': 'text/html' }).end(html(query || '5'));
    else if (path === '/stage/away') res.writeHead(200, { 'content-type': 'text/html' }).end('<title>away</title>');
    else void demo(req, res).then((handled) => handled || res.writeHead(404).end());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    endpoint,
    throttle: async (kbps, line = VISITOR) => {
      const body = JSON.stringify({ visitor: line, kbps });
      const answer = await fetch(`${origin}/demo/api/throttle`, { method: 'POST', body });
      if (!answer.ok) throw new Error(`throttle: ${answer.status}`);
    },
    intercept: (handler) => {
      intercepted = handler;
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

export interface Play {
  endpoint?: string;
  /** attach, then initialize (default), or the other way round with at least that many ms between. */
  attachAfterMs?: number;
  /** attach, and so long later initialize. */
  attachBeforeMs?: number;
  autoplay?: boolean;
  source?: string;
  /** Seconds of buffer the player aims at; small, so that a throttle shows soon. */
  bufferS?: number;
  probe?: Record<string, unknown>;
  /** More of dash.js's settings under `streaming`. */
  streaming?: Record<string, unknown>;
  dash?: keyof typeof DASH;
}

/** Opens the stage and starts playback; the oracle counts from `initialize`. */
export async function play(page: Page, stage: Stage, options: Play = {}): Promise<void> {
  await page.goto(`${stage.origin}/stage/?${options.dash ?? 5}`);
  await page.evaluate((given) => window.stage.play(given), {
    source: CLIP,
    bufferS: 4,
    autoplay: true,
    endpoint: stage.endpoint,
    ...options,
  });
}
