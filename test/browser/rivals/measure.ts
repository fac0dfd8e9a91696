// A minute of one playback, measured by every SDK at once: what each costs the page and sends. Prints the rows of the bench
// as JSON in its last line: `node test/browser/rivals/measure.ts [seconds]`.
import { availableParallelism, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import type { Page } from 'playwright-core';
import type { Row } from '../../../bench/report.ts';
import { bundleProbe, PROBE } from '../../../scripts/build-probe.ts';
import { launchChromium } from '../chromium.ts';
import { createLiveOrigin, type LiveOrigin } from '../scenarios/live-origin.ts';
import { startStage } from '../stage.ts';
import { costOf, startProfile } from './profile.ts';
import { startSink, type Sink } from './sink.ts';

const SDKS = {
  framewatch: {
    label: 'Framewatch',
    what: 'core and dash.js adapter',
    code: 'src/index.ts',
  },
  eyevinn: {
    label: 'Eyevinn 0.2.0',
    what: '@eyevinn/player-analytics-client-sdk-web',
    code: "export { PlayerAnalyticsConnector } from '@eyevinn/player-analytics-client-sdk-web'",
  },
  snowplow: {
    label: 'Snowplow 4.6.6',
    what: '@snowplow/browser-tracker and browser-plugin-media',
    code: "export * from '@snowplow/browser-plugin-media'; export { newTracker } from '@snowplow/browser-tracker'",
  },
  mux: { label: 'mux-embed 5.19.0', what: 'dash.js and hls.js inside', code: "export { default } from 'mux-embed'" },
};
type Name = keyof typeof SDKS;
const NAMES = Object.keys(SDKS) as Name[];

const here = fileURLToPath(new URL('.', import.meta.url));
const common = { bundle: true, minify: true, write: false, target: 'es2022', logLevel: 'error' } as const;

/** Ours as it is published, the others as a site would bundle them. */
async function bundle(name: string, code?: string): Promise<string> {
  if (name === 'framewatch')
    return code
      ? bundleProbe(`${PROBE}src/index.ts`, { format: 'esm' })
      : bundleProbe(`${here}framewatch.ts`, { format: 'iife' });
  const stdin = { contents: code ?? '', resolveDir: here, loader: 'ts' as const };
  const what = code
    ? { stdin, format: 'esm' as const }
    : { entryPoints: [`${here}${name}.ts`], format: 'iife' as const };
  const { outputFiles } = await build({ ...common, ...what });
  return outputFiles[0]!.text;
}

const gzipBytes = async (name: Name): Promise<number> =>
  gzipSync(await bundle(name, SDKS[name].code), { level: 9 }).length;

async function scripts(): Promise<Record<string, string>> {
  const made = await Promise.all(
    [...NAMES, 'minute', 'empty'].map(async (name) => [`/sdk/${name}.js`, await bundle(name)] as const),
  );
  return Object.fromEntries(made);
}

const PAGE = `<!doctype html><meta charset="utf-8"><title>minute</title>
<style>video{width:640px;height:360px;display:block}</style><video muted></video>
<script>window.sdks = {}</script><script src="/stage/dash-5.js"></script>
${[...NAMES, 'minute', 'empty'].map((name) => `<script src="/sdk/${name}.js"></script>`).join('\n')}`;

/** What happens in the minute; `lively`: a starved line, a jump and a pause. */
async function watch(page: Page, origin: LiveOrigin, seconds: number, isLively: boolean): Promise<void> {
  const share = (of: number) => page.waitForTimeout(of * seconds * 1000);
  if (!isLively) return share(1);
  await share(0.15);
  origin.line.kbps = 12;
  await share(0.2);
  origin.line.kbps = null;
  await share(0.2);
  await page.evaluate(() => window.stage.player!.seek(60));
  await share(0.2);
  await page.evaluate(() => document.querySelector('video')!.pause());
  await share(0.05);
  await page.evaluate(() => void document.querySelector('video')!.play());
  return share(0.2);
}

interface Minute {
  ms: Record<string, number>;
  sinks: Record<string, Sink>;
}

async function minute(made: Record<string, string>, seconds: number, isLively: boolean): Promise<Minute> {
  const stage = await startStage('');
  const origin = createLiveOrigin(120);
  const sinks = Object.fromEntries(await Promise.all(NAMES.map(async (name) => [name, await startSink()] as const)));
  stage.intercept((req, res) => {
    const path = (req.url ?? '').split('?')[0]!;
    if (path === '/minute/') res.writeHead(200, { 'content-type': 'text/html' }).end(PAGE);
    else if (made[path]) res.writeHead(200, { 'content-type': 'text/javascript' }).end(made[path]);
    else return origin.answer(req, res);
    return true;
  });
  const browser = await launchChromium();
  try {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(`${stage.origin}/minute/`);
    const stop = await startProfile(browser, await context.newCDPSession(page));
    const hosts = Object.fromEntries(NAMES.map((name) => [name, sinks[name]!.host]));
    await page.evaluate(([to, film]) => window.minute(to, film), [hosts, origin.film] as const);
    await watch(page, origin, seconds, isLively);
    const profile = await stop();
    await page.goto(`${stage.origin}/stage/away`);
    // What is sent on leaving arrives now.
    await page.waitForTimeout(1500);
    await context.close();
    const scale = 60 / seconds;
    const cost = costOf(profile, Object.fromEntries(NAMES.map((name) => [name, `/sdk/${name}.js`])));
    return { ms: Object.fromEntries(Object.entries(cost).map(([name, ms]) => [name, ms * scale])), sinks };
  } finally {
    await browser.close();
    for (const sink of Object.values(sinks)) sink.close();
    await stage.close();
  }
}

const seconds = Number(process.argv[2] ?? 60);
const made = await scripts();
const sizes = Object.fromEntries(await Promise.all(NAMES.map(async (name) => [name, await gzipBytes(name)] as const)));
const quiet = await minute(made, seconds, false);
const lively = await minute(made, seconds, true);
const scale = 60 / seconds;
const figures = ({ ms, sinks }: Minute, name: Name): string => {
  const { requests, bytes, preflights } = sinks[name]!;
  return `${ms[name]!.toFixed(0)} ms · ${Math.round(bytes * scale)} B · ${Math.round(requests * scale)} requests · ${Math.round(preflights * scale)} preflights`;
};
// On a busy machine every figure of time grows; those of one run still compare.
const busy = `load ${loadavg()[0]!.toFixed(0)} on ${availableParallelism()} cores`;
const rows: Row[] = NAMES.flatMap((name) => [
  { what: `${SDKS[name].label}: size`, figure: `${sizes[name]} B gzip`, note: SDKS[name].what },
  {
    what: `${SDKS[name].label}: a quiet minute`,
    figure: figures(quiet, name),
    note: `CPU of the main thread (${busy}) · sent, with queries · leaving included`,
  },
  {
    what: `${SDKS[name].label}: a minute with a stall, a jump and a pause`,
    figure: figures(lively, name),
    note: 'the same',
  },
]);
console.log(JSON.stringify(rows));
