import type { Page } from 'playwright-core';
import type { Sight } from './oracle.ts';

// What a viewer does, written down in the page at the moment it is done; and conditions that wait for what is on the screen,
// never for the probe and never for a nominal time.

const POLL = { timeout: 60_000, polling: 20 };

/** Waits until the picture has come to that media time, s. */
export async function shows(page: Page, media: number): Promise<void> {
  await page.waitForFunction((to) => (window.stage.frames.at(-1)?.media ?? 0) >= to, media, POLL);
}

/** Waits for `count` more frames: the picture moves. */
export async function moves(page: Page, count = 12): Promise<void> {
  const seen = await page.evaluate(() => window.stage.frames.length);
  await page.waitForFunction((to) => window.stage.frames.length >= to, seen + count, POLL);
}

/** Waits until no frame has come for that long. */
export async function stands(page: Page, ms: number): Promise<void> {
  await page.waitForFunction(
    (least) => performance.now() - (window.stage.frames.at(-1)?.at ?? Infinity) >= least,
    ms,
    POLL,
  );
}

export const pause = (page: Page): Promise<void> =>
  page.evaluate(() => {
    window.stage.note('pause');
    document.querySelector('video')!.pause();
  });

export const resume = (page: Page): Promise<void> =>
  page.evaluate(() => {
    window.stage.note('resume');
    void document.querySelector('video')!.play();
  });

/** The click on play that begins a playback. */
export const clickPlay = (page: Page): Promise<void> =>
  page.evaluate(() => {
    window.stage.note('request');
    void document.querySelector('video')!.play();
  });

export const seek = (page: Page, to: number): Promise<void> =>
  page.evaluate((seconds) => {
    window.stage.note('seek', seconds);
    window.stage.player!.seek(seconds);
  }, to);

export const changeSource = (page: Page, source: string): Promise<void> =>
  page.evaluate((url) => {
    window.stage.note('over');
    window.stage.note('request');
    window.stage.player!.attachSource(url);
  }, source);

/** Playwright's pages are never hidden: the page is made to say so. */
export const hide = (page: Page, isHidden: boolean): Promise<void> =>
  page.evaluate((hidden) => {
    Object.defineProperty(document, 'visibilityState', {
      value: hidden ? 'hidden' : 'visible',
      configurable: true,
    });
    Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
    window.stage.note(hidden ? 'hidden' : 'visible');
    document.dispatchEvent(new Event('visibilitychange'));
  }, isHidden);

const sightOf = (page: Page): Promise<Sight> =>
  page.evaluate(() => {
    const { frames, log, blocks } = window.stage;
    return { frames, log, blocks };
  });

/** The measuring is over, the page stays. */
export async function detach(page: Page): Promise<Sight> {
  await page.evaluate(() => {
    window.stage.note('over');
    window.stage.probe!.detach();
  });
  return sightOf(page);
}

/** The viewer goes to another page of the site, which finds what the oracle saw until then. */
export async function leave(page: Page): Promise<Sight> {
  await page.goto(new URL('/stage/away', page.url()).href);
  return page.evaluate(() => JSON.parse(sessionStorage.getItem('sight')!) as Sight);
}

export const rate = (page: Page, to: number): Promise<void> =>
  page.evaluate((value) => {
    window.stage.note('rate', value);
    document.querySelector('video')!.playbackRate = value;
  }, to);
