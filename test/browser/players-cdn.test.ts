import { afterEach, expect, test } from 'vitest';
import { mpdOver, playlistOver, startCdn, type Cdn } from './cdn.ts';
import { playersFixture } from './players-fixture.ts';
import { kinds, only } from './verdicts.ts';

// Players whose segments come from other origins than their page.

const on = playersFixture();
const isHeavy = process.env['FRAMEWATCH_HEAVY'] === '1';
const KINDS = ['shaka', 'hlsjs', 'dashjs'] as const;
const STEER = '/steer';
/** Requests whose timings a browser keeps by itself. */
const KEPT = 250;

const cdns: Cdn[] = [];
afterEach(async () => {
  for (const { close } of cdns.splice(0)) await close();
});

/** Serves `/over/<hosts>/<player>.*`: the clip's manifest over those CDNs. */
function serve(hosts: Record<string, Record<string, string>>, steering: string, order: () => string[]): void {
  on.intercept(({ url = '' }, res) => {
    const [, name = '', player = ''] = /^\/over\/(\w+)\/(\w+)\./.exec(url) ?? [];
    const over = player === 'hlsjs' ? playlistOver : mpdOver;
    if (hosts[name]) res.writeHead(200).end(over(hosts[name], player, steering));
    else if (url.startsWith(STEER))
      res
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify({ VERSION: 1, TTL: 1, 'PATHWAY-PRIORITY': order() }));
    else return false;
    return true;
  });
}

const start = (kind: (typeof KINDS)[number], hosts: string) =>
  on.start({ kind, source: `/over/${hosts}/${kind}.${kind === 'hlsjs' ? 'm3u8' : 'mpd'}`, probe: { interval: 0.5 } });

test.runIf(isHeavy)('a steering server sends three players to another CDN, and each says so', async () => {
  const { page } = on;
  cdns.push(await startCdn(), await startCdn());
  const [alpha, beta] = cdns.map(({ host }) => host) as [string, string];
  let order = ['alpha', 'beta'];
  serve({ two: { alpha, beta } }, on.stage.origin + STEER, () => order);
  await on.open();
  for (const kind of KINDS) await start(kind, 'two');
  for (const show of KINDS.keys()) await on.state('play', show);
  order = ['beta', 'alpha'];
  const isMoved = (i: number) => window.players.shows[i]!.told.some((event) => event.k === 'cdn' && event.to);
  for (const show of KINDS.keys()) await page.waitForFunction(isMoved, show, { timeout: 20_000 });
  for (const [show, kind] of KINDS.entries()) {
    const { told } = await on.finish(show);
    const { from, to, why } = only(kinds(told, 'cdn').filter((event) => event.to));
    // Shaka names no pathways: there it is the host.
    expect([from, to]).toEqual(kind === 'shaka' ? [alpha, beta] : ['alpha', 'beta']);
    expect(why, kind).toBe('steering');
    // And so it was: both have served it.
    for (const { served } of cdns) expect(served.get(kind), kind).toBeGreaterThan(0);
  }
});

test('the time to first byte is what Resource Timing says, none where that is silent, and goes on when its buffer is full', async () => {
  const { page } = on;
  cdns.push(await startCdn(true), await startCdn(false));
  const [open, shut] = cdns.map(({ host }) => host) as [string, string];
  serve({ open: { open }, shut: { shut } }, '', () => []);
  // dash.js 5.x empties the page's buffer when it is full; 4.7 lives by what the probes of the others have made of it.
  await on.open(4);
  await page.evaluate(async (count) => {
    const seen: { name: string; ttfb: number }[] = [];
    Object.assign(window, { seen });
    // Observers hear of every request, full buffer or not.
    new PerformanceObserver((list) => {
      for (const { name, requestStart, responseStart } of list.getEntries() as PerformanceResourceTiming[])
        seen.push({ name, ttfb: responseStart - requestStart });
    }).observe({ type: 'resource' });
    for (let i = 0; i <= count; i++) await fetch(`/stage/away?${i}`);
  }, KEPT);
  for (const hosts of ['open', 'shut']) for (const kind of KINDS) await start(kind, hosts);
  const isEnough = (i: number) => window.players.shows[i]!.told.filter(({ k }) => k === 'hb').length > 1;
  for (let show = 0; show < 2 * KINDS.length; show++) await page.waitForFunction(isEnough, show, { timeout: 20_000 });
  const edges = [50, 100, 200, 400, 800, 1600, 3200, Infinity];
  for (const [show, kind] of [...KINDS, ...KINDS].entries()) {
    const { told } = await on.finish(show);
    const seen = await page.evaluate(() => (window as unknown as { seen: { name: string; ttfb: number }[] }).seen);
    const mine = seen.filter(({ name }) => name.includes(`//${open}/${kind}/`) && /\/\d-\d+\.m4s$/.test(name));
    const truth = edges.map((edge, i) => mine.filter(({ ttfb }) => ttfb <= edge && ttfb > (edges[i - 1] ?? -1)).length);
    const beats = kinds(told, 'hb').map(({ ttfb }) => ttfb ?? []);
    const said = edges.map((_, i) => beats.reduce((sum, ttfb) => sum + (ttfb[i] ?? 0), 0));
    console.log(`${kind}: ${said.join()}, truly ${truth.join()}`);
    if (show < KINDS.length) expect(truth[1]! + truth[2]!, kind).toBeGreaterThan(0);
    // A segment may be told or seen while the other has it still to come.
    const off = said.map((count, i) => Math.abs(count - truth[i]!)).reduce((a, b) => a + b, 0);
    if (show < KINDS.length) expect(off, kind).toBeLessThanOrEqual(1);
    else expect(said, kind).toEqual(edges.map(() => 0));
  }
});
