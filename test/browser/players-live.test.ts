import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { hlsPlaylists } from './players-media.ts';
import { playersFixture } from './players-fixture.ts';
import type { Kind } from './players-page.ts';
import { createLiveOrigin } from './scenarios/live-origin.ts';
import { kinds, only, sum } from './verdicts.ts';

const on = playersFixture();
const CLIP = new URL('../../player-probe/demo/clip/', import.meta.url);
const SEGMENT_S = 2;

test('how far behind a live channel the picture is, in Shaka and hls.js', async () => {
  const { page } = on;
  const live = createLiveOrigin(28);
  const players = ['shaka', 'hlsjs'] as const;
  on.intercept(live.answer);
  await on.open();
  for (const [show, kind] of players.entries()) {
    await on.start({ kind, source: kind === 'hlsjs' ? live.hls : live.path, probe: { interval: 0.5 } });
    await on.state('play', show);
  }
  for (const show of players.keys())
    await page.waitForFunction((i) => window.players.shows[i]!.told.filter(({ k }) => k === 'hb').length > 3, show);
  const epoch = await page.evaluate(() => performance.timeOrigin);
  for (const [show, kind] of players.entries()) {
    const { frames, told } = await on.finish(show);
    // hls.js puts its zero at the first segment that its first playlist lists.
    const zero = kind === 'hlsjs' ? (live.firstListed! - 1) * SEGMENT_S * 1000 : 0;
    const behind = frames.map(({ at, media }) => epoch + at - live.startedAt - media * 1000 - zero);
    const truth = sum(behind) / behind.length;
    // The first beat has looks at the player before its first frame.
    const means = kinds(told, 'hb').flatMap(({ ltc }, i) => (ltc && i ? [ltc.mean] : []));
    const mean = sum(means) / means.length;
    console.log(`${kind}: latency ${Math.round(mean)} of ${Math.round(truth)} ms`);
    expect(means.length).toBeGreaterThan(1);
    expect(Math.abs(mean - truth)).toBeLessThan(0.05 * truth);
  }
});

interface Cdn {
  host: string;
  /** Media segments of the picture that each player has had here. */
  served: Map<string, number>;
  close: () => Promise<void>;
}

/** The clip below `/<player>/`, for pages of any origin. */
async function startCdn(): Promise<Cdn> {
  const served = new Map<string, number>();
  const playlists = hlsPlaylists();
  const server = createServer((req, res) => {
    const [, player = '', name = ''] = /^\/(\w+)\/([\w.-]+)/.exec(req.url ?? '') ?? [];
    const list = playlists[name];
    if (/^[012]-\d+\.m4s$/.test(name)) served.set(player, (served.get(player) ?? 0) + 1);
    res.writeHead(200, {
      'access-control-allow-origin': '*',
      'timing-allow-origin': '*',
      'content-type': list ? 'application/vnd.apple.mpegurl' : 'video/mp4',
    });
    res.end(list ?? readFileSync(new URL(name, CLIP)));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    served,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

const cdns: Cdn[] = [];
afterEach(async () => {
  for (const { close } of cdns.splice(0)) await close();
});

const STEER = '/steer';

function manifest(kind: Kind): string {
  const names = ['alpha', 'beta'];
  if (kind !== 'hlsjs') {
    const bases = cdns.map(({ host }, i) => `<BaseURL serviceLocation="${names[i]}">http://${host}/${kind}/</BaseURL>`);
    const steering = `<ContentSteering defaultServiceLocation="alpha" queryBeforeStart="true">${on.stage.origin}${STEER}</ContentSteering>`;
    return readFileSync(new URL('clip.mpd', CLIP), 'utf8').replace('<Period', `${bases.join('')}${steering}<Period`);
  }
  const [head = '', ...lines] = hlsPlaylists()['master.m3u8']!.split('\n');
  const ways = cdns.map(({ host }, i) =>
    lines
      .join('\n')
      .replaceAll(/^(\d\.m3u8)$/gm, `http://${host}/hlsjs/$1`)
      .replaceAll('URI="', `URI="http://${host}/hlsjs/`)
      .replaceAll('#EXT-X-STREAM-INF:', `#EXT-X-STREAM-INF:PATHWAY-ID="${names[i]}",`)
      .replaceAll(/"a"/g, `"${names[i]}"`),
  );
  const steering = `#EXT-X-CONTENT-STEERING:SERVER-URI="${on.stage.origin}${STEER}",PATHWAY-ID="alpha"`;
  return [head, steering, ...ways].join('\n');
}

test('a steering server sends three players to another CDN, and each says so', async () => {
  const { page } = on;
  const players = ['dashjs', 'shaka', 'hlsjs'] as const;
  cdns.push(await startCdn(), await startCdn());
  let order = ['alpha', 'beta'];
  on.intercept(({ url = '' }, res) => {
    const [, kind] = /^\/steered\/(\w+)\./.exec(url) ?? [];
    if (kind) res.writeHead(200).end(manifest(kind as Kind));
    else if (url.startsWith(STEER))
      res
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify({ VERSION: 1, TTL: 1, 'PATHWAY-PRIORITY': order }));
    return Boolean(kind) || url.startsWith(STEER);
  });
  await on.open();
  for (const kind of players) await on.start({ kind, source: `/steered/${kind}.${kind === 'hlsjs' ? 'm3u8' : 'mpd'}` });
  for (const show of players.keys()) await on.state('play', show);
  order = ['beta', 'alpha'];
  const isMoved = (i: number) => window.players.shows[i]!.told.some((event) => event.k === 'cdn' && event.to);
  for (const show of players.keys()) await page.waitForFunction(isMoved, show, { timeout: 20_000 });
  for (const [show, kind] of players.entries()) {
    const { told } = await on.finish(show);
    const cdn = kinds(told, 'cdn');
    console.log(kind, JSON.stringify(cdn.map(({ from, to, why, t }) => ({ from, to, why, t }))));
    const named = kind === 'shaka' ? cdns.map(({ host }) => host) : ['alpha', 'beta'];
    const { from, to, why } = only(cdn.filter((event) => event.to));
    expect([from, to]).toEqual(named);
    expect(why).toBe('steering');
    // And so it was: both have served it.
    for (const { served } of cdns) expect(served.get(kind), kind).toBeGreaterThan(0);
  }
});
