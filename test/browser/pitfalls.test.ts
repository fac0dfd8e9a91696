import { expect, test } from 'vitest';
import { browserFixture } from './fixture.ts';
import { detach, moves } from './hand.ts';
import { play } from './stage.ts';
import { truthsOf } from './truth.ts';
import { kinds } from './verdicts.ts';

const on = browserFixture();

test('a page reaches nobody but this machine', async () => {
  const { page, stage } = on;
  await page.goto(`${stage.origin}/stage/?5`);
  const asked = (url: string) =>
    page.evaluate(
      (address) =>
        fetch(address, { mode: 'no-cors' }).then(
          () => 'answered',
          () => 'not found',
        ),
      url,
    );
  // The time server that dash.js asks unless it is told another.
  expect(await asked('https://time.akamai.com/?iso&ms')).toBe('not found');
  expect(await asked(`${stage.origin}/stage/away`)).toBe('answered');
});

test('attached long before there is an element, it waits without a word and then sees the start', async () => {
  const { page, stage, collector } = on;
  const wrong: string[] = [];
  page.on('pageerror', ({ message }) => wrong.push(message));
  await play(page, stage, { attachBeforeMs: 600 });
  await moves(page, 12);
  const [truth] = truthsOf(await detach(page));
  await collector.until(({ k }) => k === 'end');
  const late = await page.evaluate(() => window.stage.startedAt - window.stage.attachedAt);
  const [start] = kinds(collector.events(), 'start');
  expect(late).toBeGreaterThan(500);
  expect(Math.abs(start!.ms - truth!.startupMs!)).toBeLessThan(50 + truth!.blockedMs);
  expect(wrong).toEqual([]);
});
