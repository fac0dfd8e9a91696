import { describe, expect, test } from 'vitest';
import { Random } from '../../simulate/random.ts';
import { browserFixture } from './fixture.ts';
import { changeSource, detach, hide, leave, moves, stands } from './hand.ts';
import { createLiveOrigin } from './scenarios/live-origin.ts';
import { CLIP, play } from './stage.ts';
import { truthsOf } from './truth.ts';
import { isComplete, kinds, only } from './verdicts.ts';

const on = browserFixture();
const isHeavy = process.env['FRAMEWATCH_HEAVY'] === '1';
const seed = process.env['FRAMEWATCH_SEED'] ?? '1';

describe('delivery', () => {
  test('answers 503 are retried as the server asks; nothing is lost and nothing is taken twice', async () => {
    const { page, stage, collector } = on;
    for (let i = 0; i < 3; i++) collector.answers.push({ status: 503, headers: { 'retry-after': '1' } });
    await play(page, stage, { probe: { interval: 1 } });
    await collector.until((event) => event.k === 'hb');
    await detach(page);
    await collector.until((event) => event.k === 'end');
    const refused = collector.requests.filter(({ status }) => status === 503);
    expect(refused).toHaveLength(3);
    for (const [i, request] of collector.requests.slice(1, 4).entries())
      expect(request.at - collector.requests[i]!.at).toBeGreaterThan(950);
    expect(isComplete(collector.events())).toBe(true);
  });

  test('every request is a simple one and packed; the share of sessions that the server wants holds from the next one on', async () => {
    const { page, stage, collector } = on;
    collector.answers.push({ status: 202, body: { sample: 0 } });
    await play(page, stage, { probe: { interval: 0.5 } });
    await collector.until((event) => event.k === 'hb');
    const first = await page.evaluate(() => window.stage.probe!.header!.sid);
    await changeSource(page, `${CLIP}?2`);
    await page.waitForFunction((sid) => window.stage.probe!.header!.sid !== sid, first);
    await moves(page, 24);
    await detach(page);
    await collector.until((event) => event.k === 'end');
    const kindsOf = collector.requests.map(({ method, contentType, gzip }) => `${method} ${contentType} ${gzip}`);
    expect(new Set(kindsOf)).toEqual(new Set(['POST text/plain true']));
    // The second was played to its end as well, and nobody was told.
    await page.waitForTimeout(1500);
    expect(new Set(collector.requests.flatMap(({ events }) => events.map(({ h }) => h.sid)))).toEqual(new Set([first]));
    expect(collector.requests[0]!.events[0]!.h.sr).toBe(1);
  });

  test.runIf(isHeavy)(
    'without a word of the server each pause before another try is twice the one before, or more',
    async () => {
      const { page, stage, collector } = on;
      for (let i = 0; i < 4; i++) collector.answers.push({ status: 500 });
      await play(page, stage, { probe: { interval: 1 } });
      await collector.until((event) => event.k === 'hb', 60_000);
      const times = collector.requests.slice(0, 5).map(({ at }) => at);
      const pauses = times.slice(1).map((at, i) => at - times[i]!);
      console.log(`pauses ${pauses.join()} ms`);
      // Timers may fire a moment early by another clock.
      for (const [i, ms] of pauses.entries()) expect(ms).toBeGreaterThan(1000 * 2 ** i - 50);
      // Those of many viewers must not come together: none is at the shortest.
      expect(pauses.some((ms, i) => ms > 1000 * 2 ** i + 100)).toBe(true);
    },
    120_000,
  );

  test('the server sets the pace of the beats', async () => {
    const { page, stage, collector } = on;
    collector.answers.push({ status: 202, body: { interval: 1 } });
    await play(page, stage, { probe: { interval: 60 } });
    await collector.until(() => kinds(collector.events(), 'hb').length > 2);
    const { t } = kinds(collector.events(), 'hb')[2]!;
    expect(t).toBeLessThan(60_000);
  });

  test('who leaves in mid-stall has left once, with the length of the interruption, in one beacon', async () => {
    const { page, stage, collector } = on;
    await play(page, stage, { probe: { interval: 30 } });
    await collector.until((event) => event.k === 'start');
    await moves(page, 40);
    await stage.throttle(8);
    await stands(page, 2000);
    const before = collector.requests.length;
    const [truth] = truthsOf(await leave(page));
    await collector.until((event) => event.k === 'end');
    // A second beacon would come at once.
    await page.waitForTimeout(500);
    const events = collector.events();
    expect(collector.requests.length - before).toBe(1);
    expect(isComplete(events)).toBe(true);
    const { why, c } = only(kinds(events, 'end'));
    expect(why).toBe('exit');
    // Chromium may not have said yet that it waits: then the picture has frozen.
    expect(c.stalls + c.freezes).toBeGreaterThan(0);
    const told = c.stallMs + c.freezeMs;
    expect(Math.abs(told - truth!.interruptionMs)).toBeLessThan(0.05 * truth!.interruptionMs + truth!.blockedMs);
  });

  test('a hidden page sends what it has, once, and its time is told', async () => {
    const { page, stage, collector } = on;
    await play(page, stage, { probe: { interval: 30 } });
    await collector.until((event) => event.k === 'start');
    await hide(page, true);
    await collector.until((event) => event.k === 'hb');
    await moves(page, 24);
    const { log } = await detach(page);
    await collector.until((event) => event.k === 'end');
    const events = collector.events();
    const [from, to] = ['hidden', 'over'].map((what) => log.find((entry) => entry.what === what)!.at);
    expect(isComplete(events)).toBe(true);
    const told = kinds(events, 'hb').reduce((ms, hb) => ms + (hb.ms.hidden ?? 0), 0);
    expect(Math.abs(told - (to! - from!))).toBeLessThan(50);
    expect(kinds(events, 'freeze')).toHaveLength(0);
  });

  test('a bad server, a lost line and a reload: after dedupe nothing is missing and nothing is twice', async () => {
    const { page, stage, collector } = on;
    const random = new Random(`delivery ${seed}`);
    const isBad = { now: true };
    collector.decide = () => {
      if (isBad.now && random.chance(0.2)) return { status: 500 + random.integer(0, 4) };
      // Taken, and the answer is lost: it comes again.
      return { status: 202, isMute: isBad.now && random.chance(0.1) };
    };
    const beats = async (count: number) => {
      const from = kinds(collector.events(), 'hb').length;
      await collector.until(() => kinds(collector.events(), 'hb').length >= from + count, 120_000);
    };
    const { film, answer } = createLiveOrigin(200);
    stage.intercept(answer);
    // The player may run dry while the line is lost; it must not give up.
    const patient = { retryAttempts: { MediaSegment: 200 }, retryIntervals: { MediaSegment: 500 } };
    await play(page, stage, { source: film, bufferS: 10, streaming: patient, probe: { interval: 0.5 } });
    await beats(isHeavy ? 40 : 6);
    await page.context().setOffline(true);
    await page.waitForTimeout(isHeavy ? 30_000 : 4000);
    await page.context().setOffline(false);
    await beats(isHeavy ? 40 : 6);
    // Nobody hears the answer to the last beacon: a server that refuses it has lost it.
    isBad.now = false;
    await play(page, stage, { probe: { interval: 0.5 } });
    isBad.now = true;
    await beats(6);
    await detach(page);
    const told = (await page.evaluate(() => sessionStorage.getItem('told')!)).trim().split(' ').sort();
    const taken = () => collector.requests.filter(({ status }) => status === 202).flatMap(({ events }) => events);
    const ids = () => taken().map(({ h, e }) => `${h.sid}:${e.n}`);
    await collector.until(() => new Set(ids()).size >= told.length, 60_000);
    const refused = collector.requests.filter(({ status }) => status > 499).length;
    const once = new Map(taken().map(({ h, e }) => [`${h.sid}:${e.n}`, JSON.stringify(e)]));
    console.log(
      `${told.length} events told, ${ids().length} taken, ${refused} of ${collector.requests.length} requests refused`,
    );
    expect([...once.keys()].sort()).toEqual(told);
    expect(new Set(told).size).toBe(told.length);
    // What comes twice is the same, so that it matters not which one the server keeps.
    for (const { h, e } of taken()) expect(JSON.stringify(e)).toBe(once.get(`${h.sid}:${e.n}`));
    expect(refused).toBeGreaterThan(0);
    expect(kinds(collector.events(), 'end').length).toBeGreaterThan(1);
    expect(taken().every(({ e }) => !e.d)).toBe(true);
  }, 400_000);

  test('who leaves while a request is on the line loses nothing of what came after it', async () => {
    const { page, stage, collector } = on;
    await play(page, stage, { probe: { interval: 30 } });
    await collector.until((event) => event.k === 'start');
    collector.answers.push({ status: 202, delayMs: 3000 });
    const before = collector.requests.length;
    await moves(page, 12);
    await hide(page, true);
    await collector.until(() => collector.requests.length > before);
    await leave(page);
    await collector.until((event) => event.k === 'end');
    const told = (await page.evaluate(() => sessionStorage.getItem('told')!)).trim().split(' ');
    expect(new Set(collector.requests.flatMap(({ events }) => events.map(({ h, e }) => `${h.sid}:${e.n}`)))).toEqual(
      new Set(told),
    );
  });
});
