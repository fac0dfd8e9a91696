import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { createBuckets, type TokenBucket } from './token-bucket.ts';

export interface DemoOptions {
  /** Where the probe sends to: the functions' origin. */
  endpoint: string;
  /** Write key. */
  key: string;
}

/** Answers what is under /demo and returns true; returns false for everything else. */
export type DemoHandler = (req: IncomingMessage, res: ServerResponse) => Promise<boolean>;

const DEMO = new URL('../../player-probe/demo/', import.meta.url);
const CHUNK_BYTES = 1024;
const MAX_BODY_BYTES = 1024;
const TYPES: Record<string, string> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
  mpd: 'application/dash+xml',
  m4s: 'video/iso.segment',
};

const typeOf = (name: string) => TYPES[name.slice(name.lastIndexOf('.') + 1)] ?? 'application/octet-stream';

async function bundle(): Promise<Uint8Array> {
  const entry = fileURLToPath(new URL('demo.ts', DEMO));
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    format: 'esm',
    target: 'es2022',
    write: false,
  });
  return outputFiles[0]!.contents;
}

/** dash.js as a site would load it: the published script. */
async function dashScript(): Promise<Uint8Array> {
  const main = createRequire(import.meta.url).resolve('dashjs');
  return readFile(main);
}

function send(res: ServerResponse, name: string, body: Uint8Array | string): void {
  res.writeHead(200, { 'content-type': typeOf(name), 'cache-control': 'no-store' });
  res.end(body);
}

async function sendThrottled(res: ServerResponse, name: string, bucket: TokenBucket): Promise<void> {
  const body = await readFile(new URL(`clip/${name}`, DEMO)).catch(() => undefined);
  if (!body) {
    res.writeHead(404).end();
    return;
  }
  if (bucket.latencyMs) await sleep(bucket.latencyMs);
  res.writeHead(200, {
    'content-type': typeOf(name),
    'content-length': body.length,
    'cache-control': 'no-store',
    'timing-allow-origin': '*',
  });
  for (let at = 0; at < body.length && !res.destroyed; at += CHUNK_BYTES) {
    const chunk = body.subarray(at, at + CHUNK_BYTES);
    await bucket.take(chunk.length);
    res.write(chunk);
  }
  res.end();
}

async function readJson(req: IncomingMessage): Promise<Record<string, unknown> | undefined> {
  let text = '';
  for await (const chunk of req) {
    text += String(chunk);
    if (text.length > MAX_BODY_BYTES) return undefined;
  }
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** `{ visitor, kbps: number | null, latencyMs? }`: null gives the line back. */
async function throttle(
  req: IncomingMessage,
  res: ServerResponse,
  bucketOf: (visitor: string) => TokenBucket,
): Promise<void> {
  const { visitor, kbps = null, latencyMs = 0 } = (await readJson(req)) ?? {};
  const rate = kbps === null || (typeof kbps === 'number' && kbps > 0);
  if (typeof visitor !== 'string' || !rate || typeof latencyMs !== 'number' || !(latencyMs >= 0)) {
    res
      .writeHead(400, { 'content-type': 'text/plain' })
      .end('expected {"visitor": string, "kbps": number > 0 or null}');
    return;
  }
  Object.assign(bucketOf(visitor), { kbps, latencyMs });
  res.writeHead(204).end();
}

/**
 * The demo page with its player, clip and throttle, for any node:http server. The clip is served as
 * `/demo/clip/<visitor>/<file>`, so that each visitor has a line of their own.
 */
export function createDemoHandler({ endpoint, key }: DemoOptions): DemoHandler {
  const bucketOf = createBuckets();
  let script: Promise<Uint8Array> | undefined;
  let dash: Promise<Uint8Array> | undefined;
  const files: Record<string, () => Promise<Uint8Array | string>> = {
    'index.html': async () => {
      const html = await readFile(new URL('index.html', DEMO), 'utf8');
      const attribute = (value: string) =>
        value.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
      return html.replace('{{endpoint}}', attribute(endpoint)).replace('{{key}}', attribute(key));
    },
    'demo.css': () => readFile(new URL('demo.css', DEMO)),
    'demo.js': () => (script ??= bundle()),
    'dash.js': () => (dash ??= dashScript()),
  };
  return async (req, res) => {
    const { pathname } = new URL(req.url ?? '/', 'http://localhost');
    if (pathname === '/demo') {
      res.writeHead(308, { location: '/demo/' }).end();
      return true;
    }
    if (!pathname.startsWith('/demo/')) return false;
    const path = pathname.slice('/demo/'.length) || 'index.html';
    if (path === 'api/throttle' && req.method === 'POST') {
      await throttle(req, res, bucketOf);
      return true;
    }
    const clip = /^clip\/([\w-]{1,64})\/([\w-]+\.(?:mpd|m4s))$/.exec(path);
    const file = Object.hasOwn(files, path) ? files[path] : undefined;
    if (req.method !== 'GET' && req.method !== 'HEAD') res.writeHead(405, { allow: 'GET, HEAD' }).end();
    else if (clip) await sendThrottled(res, clip[2]!, bucketOf(clip[1]!));
    else if (file) send(res, path, await file());
    else res.writeHead(404).end();
    return true;
  };
}
