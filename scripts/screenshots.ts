// `npm run screenshots`: pictures for the docs, taken from a stack that it starts on its own ports and data.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium, type Page } from 'playwright-core';
import { startChild } from '../local/child-process.ts';
import { ensureChromium } from './chromium.ts';

const { values } = parseArgs({
  options: {
    url: { type: 'string' },
    out: { type: 'string', default: 'docs/images' },
    base: { type: 'string', default: '18000' },
  },
});
const base = Number(values.base);
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function startStack(): Promise<{ url: string; stop: () => Promise<void> }> {
  const data = mkdtempSync(join(tmpdir(), 'framewatch-pictures-'));
  const stack = await startChild({
    name: 'the stack',
    args: ['local/start.ts', '--data', join(data, 'data'), '--port-base', String(base), '--backfill', '7d'],
    ready: /History is in/,
    readyTimeoutMs: 600_000,
    log: (line) => console.log(`  ${line}`),
  });
  return {
    url: `http://127.0.0.1:${base + 4}`,
    stop: async () => {
      await stack.stop(20_000);
      rmSync(data, { recursive: true, force: true });
    },
  };
}

async function shoot(page: Page, name: string): Promise<void> {
  const path = join(values.out, `${name}.png`);
  await page.screenshot({ path });
  console.log(`wrote ${path}`);
}

/** Until the critical anomaly rule fires. */
async function untilFiring(url: string): Promise<void> {
  for (let attempt = 0; attempt < 60; attempt++) {
    const { rules } = (await (await fetch(`${url}/api/alerts`)).json()) as {
      rules: { rule: { uid: string }; state: string }[];
    };
    if (rules.some(({ rule, state }) => rule.uid === 'framewatch-anomaly-critical' && state === 'Alerting')) return;
    await sleep(5000);
  }
  throw new Error('the outage was not noticed within five minutes');
}

async function demo(page: Page, url: string): Promise<void> {
  await page.goto(`${url}/demo/`);
  await sleep(9000);
  await page.getByRole('button', { name: /throttle/i }).click();
  await sleep(16_000);
  await page.getByRole('button', { name: /restore/i }).click();
  await sleep(12_000);
  await shoot(page, 'demo');
}

/** The player of the demo page with the overlay of engineers, after a throttle. */
async function overlay(page: Page, url: string): Promise<void> {
  await page.goto(`${url}/demo/?framewatch=debug`);
  await sleep(9000);
  await page.getByRole('button', { name: /throttle/i }).click();
  await sleep(14_000);
  await page.getByRole('button', { name: /restore/i }).click();
  await sleep(8000);
  const path = join(values.out, 'overlay.png');
  await page.locator('.screen').screenshot({ path });
  console.log(`wrote ${path}`);
}

async function dashboards(page: Page, url: string): Promise<void> {
  await page.goto(`${url}/?from=now-6h&to=now`);
  await page.locator('.panel[data-state="done"]').nth(10).waitFor({ timeout: 60_000 });
  await sleep(5000);
  await shoot(page, 'noc-overview');
  await page.goto(`${url}/alerting`);
  await sleep(3000);
  await shoot(page, 'alerting');
}

mkdirSync(values.out, { recursive: true });
const stack = values.url === undefined ? await startStack() : { url: values.url, stop: () => Promise.resolve() };
const browser = await chromium.launch({
  executablePath: ensureChromium(),
  args: [
    '--no-sandbox',
    '--autoplay-policy=no-user-gesture-required',
    '--mute-audio',
    '--disable-gpu',
    '--disable-background-networking',
  ],
});
try {
  const page = await browser.newPage({ viewport: { width: 1600, height: 1100 } });
  await demo(page, stack.url);
  await overlay(page, stack.url);
  if (values.url === undefined) {
    const outage = await startChild({
      name: 'the outage',
      args: [
        'simulate/cli.ts',
        '--scenario',
        'cdn-outage',
        '--endpoint',
        `http://127.0.0.1:${base}/api/v1/events`,
        '--blob',
        'none',
      ],
      ready: /\S/,
      log: (line) => console.log(`  ${line}`),
    });
    await untilFiring(stack.url);
    await dashboards(page, stack.url);
    await outage.stop();
  } else {
    await dashboards(page, stack.url);
  }
} finally {
  await browser.close();
  await stack.stop();
}
