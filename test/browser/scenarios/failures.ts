import { detach, leave, moves, shows, stands } from '../hand.ts';
import type { Sight } from '../oracle.ts';
import { garbles, hangs, MEDIA, refuses, type Scenario } from './act.ts';

// Scenarios that do not end well.

const given = { timeout: 90_000, polling: 20 };

/**
 * What a player makes of garbage is open: it may say that the element broke, jump to the end, or wait for ever. The element
 * tells which it was.
 */
const said = ({ log }: Sight, ...names: string[]) => log.some(({ what }) => names.includes(what));

export const FAILURES: Scenario[] = [
  {
    name: 'left before the first frame',
    ends: ['ebvs'],
    run: async ({ page, play, throttle, ms }) => {
      await throttle(15);
      await play();
      await page.waitForTimeout(ms(400, 2500));
      return leave(page);
    },
  },
  {
    name: 'no manifest',
    ends: ['vsf'],
    run: async ({ page, play }) => {
      await play({ source: '/demo/clip/stage/none.mpd' });
      await page.waitForFunction(() => window.stage.told.some(({ k }) => k === 'end'), null, given);
      return detach(page);
    },
  },
  {
    name: 'garbage for a first segment',
    ends: ['vsf'],
    endsBy: (sight) => (said(sight, 'ended', 'error') ? ['vsf'] : ['timeout']),
    isLong: true,
    run: async ({ page, play, rules }) => {
      rules.push(garbles(/\/[0123]-001\.m4s$/), hangs(MEDIA));
      await play();
      await page.waitForFunction(() => window.stage.told.some(({ k }) => k === 'end'), null, given);
      return detach(page);
    },
  },
  {
    name: 'garbage for all segments: no frame ever comes',
    ends: ['vsf'],
    endsBy: (sight) => (said(sight, 'ended', 'error') ? ['vsf'] : ['timeout']),
    isLong: true,
    run: async ({ page, play, rules }) => {
      rules.push(garbles(MEDIA));
      await play();
      await page.waitForFunction(() => window.stage.told.some(({ k }) => k === 'end'), null, given);
      return detach(page);
    },
  },
  {
    name: 'segments that never come, and the viewer waits',
    ends: ['timeout'],
    isLong: true,
    run: async ({ page, play, rules }) => {
      rules.push(hangs(MEDIA));
      await play();
      await page.waitForFunction(() => window.stage.told.some(({ k }) => k === 'end'), null, given);
      return detach(page);
    },
  },
  {
    name: 'garbage in mid-play, and the viewer goes',
    ends: ['vpf'],
    endsBy: (sight) => (said(sight, 'ended') ? ['completed'] : ['vpf']),
    isLong: true,
    run: async ({ page, play, rules, ms }) => {
      await play({ bufferS: 2 });
      await shows(page, ms(0.5, 1.5));
      rules.push(garbles(MEDIA));
      await stands(page, ms(1500, 2500));
      return leave(page);
    },
  },
  {
    name: 'segments gone in mid-play, and the viewer goes',
    ends: ['vpf'],
    isLong: true,
    run: async ({ page, play, rules, ms }) => {
      await play({ bufferS: 3, streaming: { retryAttempts: { MediaSegment: 1 } } });
      await shows(page, ms(0.5, 2));
      rules.push(refuses(MEDIA, 404));
      await stands(page, ms(1500, 3000));
      return leave(page);
    },
  },
  {
    name: 'segments gone in mid-play, and the viewer waits',
    ends: ['vpf'],
    isLong: true,
    run: async ({ page, play, rules, ms }) => {
      await play({ bufferS: 2, streaming: { retryAttempts: { MediaSegment: 1 } } });
      await shows(page, ms(0.5, 2));
      rules.push(refuses(MEDIA, 404));
      await page.waitForFunction(() => window.stage.told.some(({ k }) => k === 'end'), null, given);
      return detach(page);
    },
  },
  {
    name: 'an error that passes is no failure',
    ends: ['exit'],
    isLong: true,
    run: async ({ page, play, rules, ms }) => {
      await play({ bufferS: 6, streaming: { retryAttempts: { MediaSegment: 1 } } });
      await shows(page, ms(1, 2));
      rules.push(refuses(/\/[012]-00[56]\.m4s$/, 404));
      await moves(page, 48);
      return detach(page);
    },
  },
];
