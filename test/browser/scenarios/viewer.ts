import { changeSource, clickPlay, detach, moves, pause, rate, resume, seek, shows, stands } from '../hand.ts';
import { CLIP } from '../stage.ts';
import type { Scenario } from './act.ts';

// Scenarios of the viewer's hand.

export const VIEWER: Scenario[] = [
  {
    name: 'seek storm',
    ends: ['exit'],
    run: async ({ page, play, throttle, random, ms }) => {
      await throttle(400);
      await play();
      await shows(page, ms(0.5, 1.5));
      let at = 1;
      for (let i = 0; i < 5; i++) {
        at = (at + random.between(6, 24)) % 32;
        await seek(page, at);
        await page.waitForTimeout(ms(50, 600));
      }
      await moves(page, 36);
      return detach(page);
    },
    also: ([told]) => {
      const { seeks = 0 } = told!.end?.c ?? {};
      return seeks >= 1 && seeks <= 5 ? [] : [`${seeks} seeks`];
    },
  },
  {
    name: 'pause in a stall',
    ends: ['exit'],
    run: async ({ page, play, throttle, ms }) => {
      await play({ bufferS: 2 });
      await shows(page, ms(0.5, 1.5));
      await throttle(10);
      await stands(page, ms(700, 1500));
      await pause(page);
      await page.waitForTimeout(ms(800, 1500));
      await resume(page);
      await page.waitForTimeout(ms(500, 1000));
      await throttle(null);
      await moves(page, 36);
      return detach(page);
    },
  },
  {
    name: 'pause and resume',
    ends: ['exit'],
    isLong: true,
    run: async ({ page, play, ms }) => {
      await play();
      await shows(page, ms(0.5, 1.5));
      for (let i = 0; i < 3; i++) {
        await pause(page);
        await page.waitForTimeout(ms(100, 1500));
        await resume(page);
        await moves(page, Math.round(ms(12, 30)));
      }
      return detach(page);
    },
  },
  {
    name: 'seek out of a stall',
    ends: ['exit'],
    isLong: true,
    run: async ({ page, play, throttle, ms }) => {
      await play({ bufferS: 2 });
      await shows(page, ms(0.5, 1.5));
      await throttle(10);
      await stands(page, ms(700, 1500));
      await seek(page, ms(15, 30));
      await page.waitForTimeout(ms(300, 800));
      await throttle(null);
      await moves(page, 36);
      return detach(page);
    },
  },
  {
    name: 'another source',
    ends: ['replaced', 'exit'],
    run: async ({ page, play, ms }) => {
      await play();
      await shows(page, ms(1, 2));
      await changeSource(page, `${CLIP}?2`);
      await moves(page, 36);
      return detach(page);
    },
  },
  {
    name: 'blocked autoplay, then a click',
    ends: ['exit'],
    run: async ({ page, play, ms }) => {
      // Chromium's own policy cannot be provoked here (QoE reference §3.3.12).
      await page.addInitScript(() => {
        const { prototype } = HTMLMediaElement;
        // oxlint-disable-next-line typescript/unbound-method -- kept before it is replaced, and called with its element
        const real = prototype.play;
        const did = (what: string) => window.stage.log.some((entry) => entry.what === what);
        // What the policy would keep from playing as well.
        Object.defineProperty(prototype, 'autoplay', { get: () => true, set: () => {} });
        prototype.play = function play(this: HTMLMediaElement) {
          if (did('resume')) return real.call(this);
          if (!did('blocked')) window.stage.note('blocked');
          return Promise.reject(new DOMException('blocked', 'NotAllowedError'));
        };
      });
      await play();
      await page.waitForFunction(() => window.stage.log.some(({ what }) => what === 'blocked'));
      await page.waitForTimeout(ms(700, 2000));
      await resume(page);
      await moves(page, 36);
      return detach(page);
    },
  },
  {
    name: 'click to play',
    ends: ['exit'],
    isLong: true,
    run: async ({ page, play, ms }) => {
      await play({ autoplay: false });
      await page.waitForTimeout(ms(300, 2000));
      await clickPlay(page);
      await moves(page, 36);
      return detach(page);
    },
  },
  {
    name: 'other speeds, then a stall',
    ends: ['exit'],
    isLong: true,
    run: async ({ page, play, throttle, ms }) => {
      await play();
      await shows(page, ms(0.5, 1.5));
      await rate(page, 1.5);
      await moves(page, 48);
      await rate(page, 0.5);
      await moves(page, 24);
      await rate(page, 1);
      await throttle(10);
      await stands(page, ms(700, 2000));
      await throttle(null);
      await moves(page, 36);
      return detach(page);
    },
  },
  {
    name: 'to the end, and once more',
    ends: ['completed', 'exit'],
    isLong: true,
    run: async ({ page, play, ms }) => {
      await play();
      await shows(page, ms(0.5, 1));
      await seek(page, ms(31, 34));
      await page.waitForFunction(() => window.stage.log.some(({ what }) => what === 'ended'));
      await page.waitForTimeout(ms(300, 800));
      await clickPlay(page);
      await moves(page, 36);
      return detach(page);
    },
  },
];
