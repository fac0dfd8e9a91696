// The README's recipes as a site would run them: from the built package, in Chromium, with real players and media.
import { validateCmcdEvents } from '@svta/cml-cmcd';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildProbe, PROBE } from '../../scripts/build-probe.ts';
import { recipes } from '../support/recipes.ts';
import { CMCD, playersFixture, SOURCES } from './players-fixture.ts';
import { kinds } from './verdicts.ts';

const on = playersFixture();
const root = join(import.meta.dirname, '../..');
let home: string;
let dist: string;

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'framewatch-recipes-'));
  const installed = join(home, 'node_modules/@framewatch/player-probe');
  dist = join(installed, 'dist');
  mkdirSync(installed, { recursive: true });
  cpSync(join(PROBE, 'package.json'), join(installed, 'package.json'));
  await buildProbe(dist);
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

const codeOf = (name: string): string => recipes().find((recipe) => recipe.name === name)!.code;
/** The recipe with this page's addresses in place of the examples. */
const here = (code: string) =>
  code
    .replaceAll('https://quality.example.com', on.collector.url)
    .replaceAll('https://collector.example.com/cmcd', CMCD)
    .replaceAll('live.mpd', SOURCES.dashjs);

/** Bundles `main` beside the recipes, which it imports by their names, and serves it in a page with `body`. */
async function open(page: { body: string; main: string; head?: string }): Promise<void> {
  for (const { name, language, code } of recipes()) writeFileSync(join(home, `${name}.${language}`), here(code));
  const { outputFiles } = await build({
    stdin: { contents: page.main, resolveDir: home, loader: 'tsx' },
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    jsx: 'automatic',
    nodePaths: [join(root, 'node_modules')],
    define: { 'process.env.NODE_ENV': '"production"' },
  });
  const html = `<!doctype html><meta charset="utf-8"><body style="margin:0">${page.body}<script type="module" src="/recipe/main.js"></script>`;
  on.intercept(({ url = '' }, res) => {
    if (url === '/recipe/') res.writeHead(200, { 'content-type': 'text/html' }).end(html);
    else if (url === '/recipe/main.js')
      res.writeHead(200, { 'content-type': 'text/javascript' }).end(outputFiles[0]!.contents);
    else return false;
    return true;
  });
  await on.page.goto(`${on.stage.origin}/recipe/`);
}

/** Its source comes when the recipes have attached. */
const VIDEO = `<video id="one" muted autoplay style="width:640px;height:360px;display:block"></video>`;
const sent = () => on.collector.requests.flatMap(({ events }) => events);

describe('recipes', () => {
  test('plain page: two scripts with integrity; the overlay adds itself where the address asks for it', async () => {
    const { page, collector, stage } = on;
    const hashes = JSON.parse(readFileSync(join(dist, 'integrity.json'), 'utf8')) as Record<string, string>;
    const tag = (name: string) => `<script src="${name}" integrity="${hashes[name]}" crossorigin="anonymous"></script>`;
    const html = here(codeOf('plain-page'))
      .replace('dash.all.min.js', '/players/dash-5.js')
      .replace('<script src="framewatch.js"></script>', tag('framewatch.js') + tag('framewatch-overlay.js'));
    expect(html).toContain('integrity="sha384-');
    on.intercept(({ url = '' }, res) => {
      const [, script] = /^\/recipe\/(framewatch[\w-]*\.js)$/.exec(url) ?? [];
      if (script) res.writeHead(200, { 'content-type': 'text/javascript' }).end(readFileSync(join(dist, script)));
      else if (url.startsWith('/recipe/?')) res.writeHead(200, { 'content-type': 'text/html' }).end(html);
      else return false;
      return true;
    });
    await page.goto(`${stage.origin}/recipe/?framewatch=debug`);
    await collector.until(({ k }) => k === 'start');
    await page.locator('section[aria-label=Framewatch]').waitFor();
    // With a wrong hash the browser would not have run it.
    expect(await page.evaluate(() => Object.keys(window.framewatch).sort())).toEqual(['attach', 'dashjs', 'overlay']);
  });

  test('overlay, CMCD and P.1203 beside each other on one element', async () => {
    const { page, collector } = on;
    await open({
      body: VIDEO,
      main: `import { probe } from './overlay.ts'; import './cmcd.ts'; import { exported, probe as told } from './p1203.ts';
        document.querySelector('video').src = '${SOURCES.video}';
        Object.assign(window, { probe, exported, told });`,
    });
    await page.waitForFunction(() => document.querySelector('video')!.currentTime > 1.5);
    const panel = page.locator('section[aria-label=Framewatch]');
    await panel.locator('dl div').nth(7).waitFor();
    await expect.poll(() => panel.locator('b').textContent()).toBe('● play');
    expect((await panel.locator('dl div').allTextContents()).join(' ')).toMatch(
      /^Startup\d+\.\d s Stalls\d · \d+\.\d s Frozen\d · \d+\.\d s Seeks0 Picture360p Dropped\d+\.\d % Errors0 Session[\da-f]{8}$/,
    );
    // A machine that stands still may add a freeze.
    expect((await panel.locator('li').allTextContents()).slice(0, 3)).toEqual([
      expect.stringMatching(/^0\.0 s request auto true/),
      expect.stringMatching(/^\d\.\d s ready /),
      expect.stringMatching(/^\d\.\d s start ms \d+ ph /),
    ]);
    expect(await panel.locator('svg path').count()).toBe(8);
    // A click on the panel is a click on the player; Escape within it closes it, and nothing else.
    const box = (await panel.boundingBox())!;
    const under = await page.evaluate(
      ([x, y]) => document.elementFromPoint(x!, y!)?.tagName,
      [box.x + 20, box.y + box.height - 20],
    );
    expect(under).toBe('VIDEO');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Escape');
    await expect.poll(() => panel.count()).toBe(0);
    const input = await page.evaluate(() => {
      interface Site {
        exported: () => unknown;
        probe: { detach: () => void };
        told: { detach: () => void };
      }
      const { exported, probe, told } = window as unknown as Site;
      probe.detach();
      told.detach();
      return exported();
    });
    expect(input).toMatchObject({
      IGen: { device: 'pc', displaySize: expect.stringMatching(/^\d+x\d+$/) },
      I11: { segments: [{ start: 0, codec: 'aaclc' }] },
      I13: { segments: [{ start: 0, bitrate: 210, codec: 'h264', resolution: '640x360' }] },
      I23: { stalling: [[0, expect.any(Number)]] },
    });
    await collector.until(({ k }) => k === 'end');
    expect(on.cmcd.length).toBeGreaterThan(0);
    for (const { body } of on.cmcd) expect(validateCmcdEvents(body).issues).toEqual([]);
  });

  test('React, a single-page application, several players, consent', async () => {
    const { page, collector } = on;
    await open({
      body: `<main></main><div style="display:none">${VIDEO}<video id="two"></video></div><video id="spa" muted autoplay></video><video id="asks" muted></video>`,
      main: `import { createRoot } from 'react-dom/client'; import { Player } from './react.tsx';
        import { openPlayer } from './spa.ts'; import { probes } from './several.ts'; import { play } from './consent.ts';
        document.querySelector('#one').src = '${SOURCES.video}';
        const tree = createRoot(document.querySelector('main'));
        tree.render(<Player source="${SOURCES.dashjs}" contentId="react" />);
        Object.assign(window, { tree, openPlayer, probes, play });`,
    });
    interface Site {
      tree: { unmount: () => void };
      openPlayer: (video: Element) => { show: (source: string) => void; close: () => void };
      probes: { detach: () => void }[];
      play: (video: Element, source: string, hasConsented: boolean) => Promise<{ detach: () => void }>;
    }
    const of = (contentId: string) => sent().filter(({ h }) => h.cid === contentId);
    await collector.until(() => of('react').some(({ e }) => e.k === 'start'));
    await page.evaluate(() => {
      const { tree, probes } = window as unknown as Site;
      tree.unmount();
      for (const probe of probes) probe.detach();
    });
    for (const id of ['react', 'one']) await collector.until(() => of(id).some(({ e }) => e.k === 'end'));
    expect(
      kinds(
        of('react').map(({ e }) => e),
        'end',
      ).map(({ why }) => why),
    ).toEqual(['exit']);

    // Whom the others did not name.
    const named = (name: string) => sent().filter(({ h }) => h.pl?.name === name);
    await page.evaluate(
      ([source]) => {
        const player = (window as unknown as Site).openPlayer(document.querySelector('#spa')!);
        player.show(source!);
        Object.assign(window, { player });
      },
      [SOURCES.hlsjs],
    );
    await collector.until(() => named('hls.js').some(({ e }) => e.k === 'start'));
    await page.evaluate(
      ([source]) => {
        const { player } = window as unknown as { player: ReturnType<Site['openPlayer']> };
        player.show(`${source!}?2`);
      },
      [SOURCES.hlsjs],
    );
    await collector.until(() => named('hls.js').filter(({ e }) => e.k === 'start').length === 2);
    await page.evaluate(() => (window as unknown as { player: ReturnType<Site['openPlayer']> }).player.close());
    await collector.until(() => named('hls.js').filter(({ e }) => e.k === 'end').length === 2);
    expect(
      kinds(
        named('hls.js').map(({ e }) => e),
        'end',
      ).map(({ why }) => why),
    ).toEqual(['replaced', 'exit']);

    await page.evaluate(
      async ([source]) => {
        const probe = await (window as unknown as Site).play(document.querySelector('#asks')!, source!, false);
        await new Promise((resolve) => setTimeout(resolve, 500));
        probe.detach();
      },
      [SOURCES.shaka],
    );
    await collector.until(() => named('shaka').some(({ e }) => e.k === 'end'));
    expect(named('shaka')[0]!.h.consent).toBe(0);
    expect(JSON.stringify(named('shaka'))).not.toContain('pseudonym');
  });
});
