import { decodeCmcd, validateCmcd, validateCmcdHeaders } from '@svta/cml-cmcd';
import type { IncomingHttpHeaders } from 'node:http';
import { expect, test } from 'vitest';
import { playersFixture } from './players-fixture.ts';
import { kinds, only } from './verdicts.ts';

// CMCD on the players' own requests. Reports of events: players-measure.test.ts and recipes.test.ts.

const on = playersFixture();
const isHeavy = process.env['FRAMEWATCH_HEAVY'] === '1';
const KINDS = ['dashjs', 'shaka', 'hlsjs'] as const;
const SEGMENT = /\/\d-\d+\.m4s/;

const headersOf = (headers: IncomingHttpHeaders): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (name.startsWith('cmcd-') ? [[name, String(value)]] : [])),
  );

test.runIf(isHeavy)(
  'on the requests of three players, in the query or in headers: valid, and what was so when they were made',
  async () => {
    const { page } = on;
    const queries: Record<string, string[]> = { dashjs: [], hlsjs: [] };
    const headers: Record<string, string>[] = [];
    on.intercept((req) => {
      const { searchParams, pathname } = new URL(req.url ?? '', 'http://x');
      const text = searchParams.get('CMCD');
      const own = headersOf(req.headers);
      if (SEGMENT.test(pathname) && text) queries[searchParams.get('player') ?? '']!.push(text);
      if (SEGMENT.test(pathname) && own['cmcd-session']) headers.push(own);
      return false;
    });
    await on.open();
    for (const kind of KINDS) await on.start({ kind, autoplay: false, probe: { contentId: 'a “clip”' } });
    await page.evaluate(() => {
      for (const { driver, probe, video } of window.players.shows) {
        const { query, headers: fields } = window.players.cmcdRequests(probe!);
        const player = driver.player as {
          addRequestInterceptor?: (hook: (request: { url: string }) => Promise<object>) => void;
          getNetworkingEngine?: () => {
            registerRequestFilter: (
              filter: (type: number, request: { headers: Record<string, string> }) => void,
            ) => void;
          };
          config?: { xhrSetup: (xhr: XMLHttpRequest, url: string) => void };
        };
        const named = (url: string, name: string) => query(`${url}?player=${name}`);
        player.addRequestInterceptor?.((request) => {
          request.url = named(request.url, 'dashjs');
          return Promise.resolve(request);
        });
        player
          .getNetworkingEngine?.()
          .registerRequestFilter((_type, request) => Object.assign(request.headers, fields()));
        if (player.config) player.config.xhrSetup = (xhr, url) => xhr.open('GET', named(url, 'hlsjs'));
        void video.play();
      }
    });
    for (const show of KINDS.keys()) {
      await on.state('play', show);
      await page.evaluate((i) => (window.players.shows[i]!.video.currentTime = 20), show);
    }
    await expect
      .poll(() => [queries['dashjs']!.length, queries['hlsjs']!.length, headers.length].every((n) => n > 5))
      .toBe(true);
    const sids = await page.evaluate(() => window.players.shows.map(({ probe }) => probe!.header!.sid));
    const sights = [];
    for (const show of KINDS.keys()) sights.push(await on.finish(show));
    for (const [player, texts] of Object.entries(queries)) {
      const show = KINDS.indexOf(player as 'dashjs');
      const said = texts.map((text) => decodeCmcd(text));
      for (const data of said) expect(validateCmcd(data).issues).toEqual([]);
      for (const data of said) expect(data).toMatchObject({ sid: sids[show], v: 2 });
      // Not known before the player knows.
      expect(said.at(-1)).toMatchObject({ st: 'v' });
      // Other requests of the player count as well.
      const numbers = said.map(({ sn }) => sn!);
      expect(numbers.every((n, i) => !i || n > numbers[i - 1]!)).toBe(true);
      const { ms } = only(kinds(sights[show]!.told, 'start'));
      expect(said.flatMap(({ msd }) => msd ?? []).every((msd) => msd === ms)).toBe(true);
      expect(new Set(said.map(({ sta }) => sta)).size, player).toBeGreaterThan(1);
    }
    for (const own of headers) expect(validateCmcdHeaders(own).issues).toEqual([]);
    expect(headers.every((own) => own['cmcd-session']!.includes(`sid="${sids[1]}"`))).toBe(true);
    console.log(queries['hlsjs']!.at(-1), JSON.stringify(headers.at(-1)));
  },
);
