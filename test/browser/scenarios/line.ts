import { changeSource, detach, hide, leave, moves, shows, stands } from '../hand.ts';
import { CLIP } from '../stage.ts';
import { EDITED, manifest, MEDIA, refuses, type Scenario } from './act.ts';

// Scenarios of the line and the servers behind it.

export const LINE: Scenario[] = [
  {
    name: 'slow start',
    ends: ['exit'],
    run: async ({ page, play, throttle, ms }) => {
      await throttle(ms(60, 110));
      await play();
      await moves(page, 1);
      await throttle(null);
      await moves(page, 24);
      return detach(page);
    },
  },
  {
    name: 'a stall',
    ends: ['exit'],
    run: async ({ page, play, throttle, ms }) => {
      await play({ bufferS: 3 });
      await shows(page, ms(0.5, 2));
      await throttle(10);
      await stands(page, ms(1500, 3500));
      await throttle(null);
      await moves(page, 24);
      return detach(page);
    },
  },
  {
    name: 'three stalls',
    ends: ['exit'],
    isLong: true,
    run: async ({ page, play, throttle, ms }) => {
      await play({ bufferS: 2 });
      await shows(page, ms(0.5, 2));
      for (let i = 0; i < 3; i++) {
        await throttle(10);
        await stands(page, ms(600, 2000));
        await throttle(null);
        await moves(page, Math.round(ms(20, 60)));
      }
      return detach(page);
    },
  },
  {
    name: 'frozen picture, the sound runs on',
    ends: ['exit'],
    run: async ({ page, play, throttle, ms, rules }) => {
      rules.push(
        manifest((mpd, base) => {
          const [head, video, audio] = mpd.split(/(?=<AdaptationSet )/);
          const own = (set: string, line: string) => set.replace(/(<AdaptationSet [^>]*>)/, `$1${base(line)}`);
          return head + own(video!, 'picture') + own(audio!, 'sound');
        }),
      );
      await play({ bufferS: 4, source: EDITED });
      await shows(page, ms(0.5, 1.5));
      await throttle(3, 'picture');
      await stands(page, ms(1000, 1800));
      await throttle(null, 'picture');
      await moves(page, 48);
      return detach(page);
    },
    also: (_told, [truth]) => (truth!.freezes + truth!.stalls > 0 ? [] : ['no picture stood']),
  },
  {
    name: 'burst of 503',
    ends: ['exit'],
    isLong: true,
    run: async ({ page, play, rules, ms }) => {
      await play({
        bufferS: 2,
        streaming: { retryAttempts: { MediaSegment: 20 }, retryIntervals: { MediaSegment: 500 } },
      });
      await shows(page, ms(1, 2));
      rules.unshift(refuses(MEDIA, 503));
      await stands(page, ms(500, 2500));
      rules.shift();
      await moves(page, 48);
      return detach(page);
    },
  },
  {
    name: 'CDN failover',
    ends: ['exit'],
    run: async ({ page, play, rules, ms }) => {
      rules.push(manifest((mpd, base) => mpd.replace('<Period', `${base('alpha')}${base('beta')}<Period`)));
      await play({ source: EDITED, bufferS: 4, streaming: { retryAttempts: { MediaSegment: 1 } } });
      const at = ms(1, 3);
      await shows(page, at);
      rules.unshift(refuses(/^\/demo\/clip\/alpha\//, 503));
      await shows(page, at + 7);
      return detach(page);
    },
    also: ([told]) => {
      const moved = told!.events.flatMap((event) => (event.k === 'cdn' ? [`${event.from}→${event.to}`] : []));
      return moved.join() === 'alpha→beta' ? [] : [`CDN changes: ${moved.join() || 'none'}`];
    },
  },
  {
    name: 'offline for a while',
    ends: ['exit'],
    isLong: true,
    run: async ({ page, play, ms }) => {
      await play({
        bufferS: 2,
        streaming: { retryAttempts: { MediaSegment: 30 }, retryIntervals: { MediaSegment: 500 } },
      });
      await shows(page, ms(1, 2));
      await page.context().setOffline(true);
      await stands(page, ms(1000, 3000));
      await page.context().setOffline(false);
      await moves(page, 48);
      return detach(page);
    },
  },
  {
    name: 'live at a latency target',
    ends: ['exit'],
    run: async ({ page, play, live, ms }) => {
      const liveDelay = ms(3, 5);
      await play({ source: live.path, streaming: { delay: { liveDelay }, liveCatchup: { enabled: true } } });
      await moves(page, 150);
      return detach(page);
    },
    also: ([told], _truths, { frames, log }, { live }) => {
      const epoch = log.find(({ what }) => what === 'epoch')!.value!;
      const behind = frames.map(({ at, media }) => epoch + at - live.startedAt - media * 1000);
      const truth = behind.reduce((a, b) => a + b, 0) / behind.length;
      const means = told!.events.flatMap((event) => (event.k === 'hb' && event.ltc ? [event.ltc.mean] : []));
      const told_ = means.reduce((a, b) => a + b, 0) / means.length;
      return Math.abs(told_ - truth) <= 0.05 * truth
        ? []
        : [`latency ${Math.round(told_)}, true ${Math.round(truth)} ms`];
    },
  },
  {
    name: 'live, with a stall',
    ends: ['exit'],
    isLong: true,
    run: async ({ page, play, live, ms }) => {
      await play({ source: live.path, streaming: { delay: { liveDelay: 4 } } });
      await moves(page, 40);
      live.line.kbps = 10;
      await stands(page, ms(1000, 3000));
      live.line.kbps = null;
      await moves(page, 48);
      return detach(page);
    },
  },
  {
    name: 'renditions up and down, segments abandoned',
    ends: ['exit'],
    isLong: true,
    run: async ({ page, play, throttle, ms }) => {
      await throttle(ms(130, 180));
      await play({ bufferS: 6 });
      await shows(page, 3);
      await throttle(null);
      await shows(page, ms(11, 13));
      await throttle(ms(110, 140));
      await shows(page, 24);
      return detach(page);
    },
    also: (_told, [truth]) =>
      truth!.switches > 1 ? [] : [`${truth!.switches} switches are too few to prove anything`],
  },
  {
    name: 'navigation in mid-stall',
    ends: ['exit'],
    run: async ({ page, play, throttle, ms }) => {
      await play({ bufferS: 2 });
      await shows(page, ms(0.5, 1.5));
      await throttle(6);
      await stands(page, ms(800, 2500));
      return leave(page);
    },
  },
  {
    name: 'source change in mid-stall',
    ends: ['replaced', 'exit'],
    isLong: true,
    run: async ({ page, play, throttle, ms }) => {
      await play({ bufferS: 2 });
      await shows(page, ms(0.5, 1.5));
      await throttle(6);
      await stands(page, ms(800, 2500));
      await throttle(null);
      await changeSource(page, `${CLIP}?2`);
      await moves(page, 36);
      return detach(page);
    },
  },
  {
    name: 'hidden tab',
    ends: ['exit'],
    run: async ({ page, play, ms }) => {
      await play();
      await shows(page, ms(0.5, 1.5));
      await hide(page, true);
      await moves(page, Math.round(ms(30, 60)));
      await hide(page, false);
      await moves(page, 30);
      return detach(page);
    },
    also: ([told], _truths, { log }) => {
      const [from, to] = ['hidden', 'visible'].map((what) => log.find((entry) => entry.what === what)!.at);
      const hidden = told!.events.reduce((ms, event) => ms + (event.k === 'hb' ? (event.ms.hidden ?? 0) : 0), 0);
      return Math.abs(hidden - (to! - from!)) <= 50 ? [] : [`hidden ${hidden}, true ${Math.round(to! - from!)} ms`];
    },
  },
];
