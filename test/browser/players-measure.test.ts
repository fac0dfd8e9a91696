import { decodeCmcd, validateCmcdEvents } from '@svta/cml-cmcd';
import { describe, expect, test } from 'vitest';
import type { WireEvent } from '../../schema/probe-wire.ts';
import { CMCD, playersFixture, type DashVersion } from './players-fixture.ts';
import type { Kind } from './players-page.ts';
import { truthsOf, type Truth } from './truth.ts';
import { isComplete, kinds, only, sum } from './verdicts.ts';

const on = playersFixture();
const KINDS: Kind[] = ['hlsjs', 'shaka', 'dashjs', 'video'];
const NAMES = { hlsjs: 'hls.js', shaka: 'shaka', dashjs: 'dash.js', video: 'html5' };

/** A progressive file is fetched as far as the line allows: only a narrow one runs dry. */
const FILE_KBPS = 350;
/** As long an element may say that it has nothing to play without a frame that is missed. */
const BLIP_MS = 84;

function holds(kind: Kind, events: WireEvent[], truth: Truth): void {
  const start = only(kinds(events, 'start'));
  const { c, why } = only(kinds(events, 'end'));
  const reported = c.stallMs + c.freezeMs;
  console.log(
    `${kind}: startup ${start.ms} of ${Math.round(truth.startupMs!)} ms, interruption ${reported} of ${Math.round(truth.interruptionMs)} ms, ` +
      `${c.stalls} and ${c.freezes} of ${truth.stalls}, ${truth.freezes} and ${truth.either} of either kind, ${truth.blips} blips, page blocked ${Math.round(truth.blockedMs)} ms`,
  );
  expect(why).toBe('exit');
  expect(Math.abs(start.ms - truth.startupMs!)).toBeLessThan(50 + truth.blockedMs);
  expect(sum(Object.values(start.ph ?? {}))).toBe(start.ms);
  expect(truth.interruptionMs).toBeGreaterThan(1000);
  const gaps = truth.stalls + truth.freezes + truth.either;
  // A page that is blocked as a picture stands may see nothing of it, or see it late: what it tells of that is no evidence.
  if (!truth.blockedMs) {
    expect(Math.abs(reported - truth.interruptionMs)).toBeLessThan(0.05 * truth.interruptionMs + BLIP_MS * truth.blips);
    expect(c.stalls + c.freezes).toBeGreaterThanOrEqual(gaps);
    expect(c.stalls + c.freezes).toBeLessThanOrEqual(gaps + truth.blips);
    expect(c.stalls).toBeGreaterThanOrEqual(truth.stalls);
    expect(c.freezes).toBeGreaterThanOrEqual(truth.freezes);
  }
  expect(c.stalls).toBeGreaterThan(0);
  // Whatever the browser guesses to be ahead in a file. A segment that failed may be taken for the CDN's.
  if (kind === 'video') expect(kinds(events, 'stall').some(({ cause }) => cause === 'network')).toBe(true);
  expect(c.seeks).toBe(1);
  expect(Math.round(only(kinds(events, 'seek')).to! / 1000)).toBe(30);
  expect(kinds(events, 'rendition')).toHaveLength(truth.switches);
}

const VERSIONS: DashVersion[] = process.env['FRAMEWATCH_HEAVY'] ? [4, 5] : [4];

/** The same sessions as CMCD v2 told them to another collector. */
function cmcdHolds(reports: typeof on.cmcd, sid: string, events: WireEvent[]): void {
  const lines = reports.flatMap(({ body }) => body.split('\n')).filter((line) => line.includes(`sid="${sid}"`));
  const said = lines.map((line) => decodeCmcd(line));
  const { c } = only(kinds(events, 'end'));
  expect(said.map(({ sn }) => sn)).toEqual(lines.map((_, i) => i));
  expect(said.find(({ msd }) => msd !== undefined)?.msd).toBe(only(kinds(events, 'start')).ms);
  expect(lines.filter((line) => /,e=ps,.*,sta=r,/.test(line))).toHaveLength(c.stalls);
  expect(lines.at(-1)).toMatch(new RegExp(`bsa=\\(${c.stalls};v\\),bsda=\\(${c.stallMs};v\\).*,sta=q,`));
}

describe.each(VERSIONS)('four players of four kinds on one page, dash.js %i among them', (dash) => {
  test('of each the startup, the stall, the seek and the renditions are what was on its screen', async () => {
    const { page, collector } = on;
    await on.open(dash);
    await on.throttle(null, FILE_KBPS);
    for (const [show, kind] of KINDS.entries()) {
      await on.start({ kind, cmcd: CMCD, probe: { interval: 30, contentId: 'clip' } });
      await on.state('play', show);
    }
    await page.waitForTimeout(1500);
    await on.throttle(8);
    for (const show of KINDS.keys()) await on.state('stall', show);
    await page.waitForTimeout(2500);
    await on.throttle(null);
    for (const show of KINDS.keys()) await on.state('play', show);
    await page.waitForTimeout(1000);
    for (const show of KINDS.keys())
      await page.evaluate((i) => {
        window.players.note(i, 'seek', 30);
        window.players.shows[i]!.video.currentTime = 30;
      }, show);
    for (const show of KINDS.keys()) await on.state('play', show);
    await page.waitForTimeout(1000);
    const sids = await page.evaluate(() => window.players.shows.map(({ probe }) => probe!.header!.sid));
    expect(new Set(sids).size).toBe(KINDS.length);
    const told: WireEvent[][] = [];
    for (const [show, kind] of KINDS.entries()) {
      const sight = await on.finish(show);
      holds(kind, sight.told, only(truthsOf(sight)));
      told.push(sight.told);
    }
    expect(on.cmcd.length).toBeGreaterThan(KINDS.length);
    for (const { type, body } of on.cmcd) {
      expect(type).toBe('application/cmcd');
      expect(validateCmcdEvents(body).issues).toEqual([]);
    }
    for (const [i, kind] of KINDS.entries()) {
      await collector.until(() => collector.events(sids[i]).some(({ k }) => k === 'end'));
      expect(isComplete(collector.events(sids[i])), kind).toBe(true);
      const { h } = collector.requests.flatMap(({ events }) => events).find((event) => event.h.sid === sids[i])!;
      expect(h.pl?.name).toBe(NAMES[kind]);
      cmcdHolds(on.cmcd, sids[i]!, told[i]!);
      if (kind !== 'video') expect(h.pl?.ver).toMatch(/^\d+\.\d+\.\d+/);
    }
  });
});
