import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { code, zipOf } from '../code.ts';
import { httpFor } from '../support/http.ts';
import { publish } from '../support/publish.ts';
import { environment, run } from './environment.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'framewatch-code-'));
  mkdirSync(join(folder, 'dist', 'functions'), { recursive: true });
  writeFileSync(join(folder, 'dist', 'functions', 'index.js'), 'export {};');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the zip', () => {
  it('holds files under their own paths', () => {
    writeFileSync(join(folder, 'host.json'), '{}');
    const files = unzipSync(zipOf(folder));
    expect(Object.keys(files).toSorted((a, b) => a.localeCompare(b))).toEqual(['dist/functions/index.js', 'host.json']);
    expect(Buffer.from(files['host.json'] ?? []).toString()).toBe('{}');
  });

  it('a folder that is no package is refused', () => expect(() => zipOf(folder)).toThrow(/npm run package/));
});

it('one region: there is nothing to do, azd has deployed', async () => {
  const { code: exit, output } = await run(code, [], environment());
  expect([exit, output]).toEqual([0, 'one region: azd has deployed the code']);
});

describe('publishing', () => {
  /** A deployment endpoint that answers with these in turn: a status, or 404. */
  async function endpoint(
    progress: readonly number[],
  ): Promise<{ url: string; seen: string[]; body: () => Buffer; close: () => void }> {
    const seen: string[] = [];
    let sent = Buffer.alloc(0);
    const left = [...progress];
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        seen.push(`${request.method ?? ''} ${request.url ?? ''} ${request.headers['content-type'] ?? ''}`.trim());
        if (request.method === 'POST') {
          sent = Buffer.concat(chunks);
          response.writeHead(202).end('"d-1"');
          return;
        }
        const status = left.shift() ?? 4;
        if (status === 404) response.writeHead(404).end();
        else response.writeHead(200).end(JSON.stringify({ id: 'd-1', status, status_text: 'why' }));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return { url, seen, body: () => sent, close: () => server.close() };
  }
  const zip = new Uint8Array(Buffer.from('PK'));
  const go = (url: string): Promise<void> => publish(httpFor(undefined), url, zip, { waitMs: 3000, pollMs: 5 });

  it.each([
    ['waits until it has ended', [404, 0, 2, 4]],
    ['takes a 404 after its end as its end', [1, 404]],
  ])('%s', async (_, progress) => {
    const server = await endpoint(progress);
    try {
      await go(server.url);
      expect(server.seen[0]).toBe('POST /api/publish?RemoteBuild=false&Deployer=framewatch application/zip');
      expect(server.seen.slice(1)).toEqual(progress.map(() => 'GET /api/deployments/d-1'));
      expect(server.body().toString()).toBe('PK');
    } finally {
      server.close();
    }
  });

  it.each([
    ['failed why', [1, 3]],
    ['another deployment is under way', [5]],
    ['no such deployment', [404, 404, 404, 404, 404]],
    ['did not end', Array.from({ length: 2000 }, () => 1)],
  ])('says %s', async (message, progress) => {
    const server = await endpoint(progress);
    try {
      const waitMs = message === 'did not end' ? 60 : 3000;
      await expect(publish(httpFor(undefined), server.url, zip, { waitMs, pollMs: 5 })).rejects.toThrow(message);
    } finally {
      server.close();
    }
  });
});
