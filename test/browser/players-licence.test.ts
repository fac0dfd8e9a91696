import { beforeEach, describe, expect, test } from 'vitest';
import { createLicenceServer, SECRET, type LicenceServer } from './clear-key.ts';
import { playersFixture, type DashVersion } from './players-fixture.ts';
import type { Kind } from './players-page.ts';
import { truthsOf } from './truth.ts';
import { kinds, only, sum } from './verdicts.ts';

// Encrypted media and a licence server that takes its time.

const on = playersFixture();
const KINDS = ['dashjs', 'shaka', 'hlsjs'] as const;
const isHeavy = process.env['FRAMEWATCH_HEAVY'] === '1';
const VERSIONS: DashVersion[] = isHeavy ? [4, 5] : [5];
/** A busy page runs what hears of the answer later than the answer came. */
const HEARD_MS = 250;

let server: LicenceServer;
beforeEach(() => {
  server = createLicenceServer();
});

const start = (kind: Kind) =>
  on.start({
    kind,
    source: `${SECRET}${kind === 'hlsjs' ? 'master.m3u8' : 'clip.mpd'}`,
    licence: `${on.stage.origin}${SECRET}licence/${kind}`,
  });

/** When the page asked for the player's licence and how long it waited, as the browser saw it; performance.now() ms. */
const seen = (kind: Kind) =>
  on.page.evaluate((name) => {
    const [{ startTime, duration } = { startTime: NaN, duration: NaN }] = performance.getEntriesByName(name);
    return { at: startTime, ms: duration };
  }, `${on.stage.origin}${SECRET}licence/${kind}`);

describe.each(VERSIONS)('licences, dash.js %i among the players', (dash) => {
  test.runIf(isHeavy)('a licence is told with the time that it took and with its part of the startup', async () => {
    await on.open(dash);
    on.intercept(server.answer);
    server.delayMs = 300;
    for (const [show, kind] of KINDS.entries()) {
      await start(kind);
      await on.state('play', show);
    }
    for (const [show, kind] of KINDS.entries()) {
      const sight = await on.finish(show);
      const truth = only(truthsOf(sight));
      const { ms, ph = {} } = only(kinds(sight.told, 'start'));
      const round = await seen(kind);
      const drm = only(kinds(sight.told, 'drm'));
      console.log(`${kind}: licence ${drm.ms} of ${Math.round(round.ms)} ms, startup ${ms} ms, ${JSON.stringify(ph)}`);
      expect(server.asked.filter(({ player }) => player === kind)).toHaveLength(1);
      expect(drm).toMatchObject({ ks: 'org.w3.clearkey', ok: true });
      expect(drm.ms).toBeGreaterThan(round.ms - 5);
      expect(drm.ms).toBeLessThan(round.ms + HEARD_MS + truth.blockedMs);
      // No frame without it.
      expect(ph.drm).toBeGreaterThan(0);
      expect(sum(Object.values(ph))).toBe(ms);
      expect(Math.abs(ms - truth.startupMs!)).toBeLessThan(50 + truth.blockedMs);
    }
  });

  test.runIf(isHeavy)('a licence that is refused is a failed start, told as what it was', async () => {
    await on.open(dash);
    on.intercept(server.answer);
    server.status = 403;
    for (const kind of KINDS) await start(kind);
    const isOver = (i: number) => window.players.shows[i]!.told.some(({ k }) => k === 'end');
    for (const show of KINDS.keys()) await on.page.waitForFunction(isOver, show);
    for (const [show, kind] of KINDS.entries()) {
      const { told } = await on.finish(show);
      const asked = server.asked.filter(({ player }) => player === kind).length;
      const refused = kinds(told, 'drm');
      // dash.js says how its last attempt went, Shaka of each; hls.js gives up after the first for one of its sessions.
      expect(refused.length, kind).toBeGreaterThan(0);
      expect(refused.length, kind).toBeLessThanOrEqual(asked);
      expect(new Set(refused.map(({ ok }) => ok))).toEqual(new Set([false]));
      expect(refused.every(({ ms }) => ms >= 0)).toBe(true);
      expect(kinds(told, 'error').at(-1), kind).toMatchObject({ cat: 'drm', fatal: true });
      expect(only(kinds(told, 'end')).why, kind).toBe('vsf');
    }
  });
});
