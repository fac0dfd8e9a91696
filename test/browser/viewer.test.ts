import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Viewer, ViewerOptions } from '../../local/viewer/server.ts';
import { startViewer } from '../../local/viewer/server.ts';
import type { HistoryProgress } from '../../local/viewer/history-progress.ts';
import { launchChromium } from './chromium.ts';
import type { Answer, RecordedKusto } from './recorded-kusto.ts';
import { nocAnswer } from './noc-tables.ts';
import { startRecordedKusto } from './recorded-kusto.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const SCRIPT = '<img src=x onerror="window.hacked=1">';

let browser: Browser;
let page: Page;
let kusto: RecordedKusto;
let viewer: Viewer;
let dir: string;
let requested: string[];
let problems: string[];

const panel = (
  id: number,
  type: string,
  query: string,
  more: Record<string, unknown> = {},
): Record<string, unknown> => ({
  id,
  type,
  title: `Panel ${id}`,
  gridPos: { x: ((id - 1) % 4) * 6, y: Math.floor((id - 1) / 4) * 6, w: 6, h: 6 },
  targets: query === '' ? [] : [{ refId: 'A', queryType: 'KQL', resultFormat: 'table', query }],
  ...more,
});

const board = {
  uid: 'lab',
  title: 'Lab',
  time: { from: 'now-1h', to: 'now' },
  panels: [
    panel(1, 'table', 'Hostile'),
    panel(2, 'stat', 'Broken\n| where x'),
    panel(3, 'geomap', 'Hostile'),
    panel(4, 'stat', 'Number', {
      options: { frobnicate: true },
      fieldConfig: {
        defaults: {
          unit: 'percentunit',
          decimals: 1,
          thresholds: {
            steps: [
              { value: null, color: 'green' },
              { value: 0.04, color: 'red' },
            ],
          },
        },
        overrides: [],
      },
    }),
    panel(5, 'gauge', 'Number', { fieldConfig: { defaults: { min: 0, max: 1 }, overrides: [] } }),
    panel(6, 'bargauge', 'Bars', { options: { reduceOptions: { values: true } } }),
    panel(7, 'piechart', 'Bars', {
      options: {
        reduceOptions: { values: true },
        legend: { showLegend: true, displayMode: 'list', placement: 'right' },
      },
    }),
    panel(8, 'heatmap', 'Buckets', {
      targets: [{ refId: 'A', queryType: 'KQL', resultFormat: 'time_series', query: 'Buckets $__timeFrom $__timeTo' }],
    }),
    panel(9, 'table', 'Empty'),
    panel(10, 'text', '', {
      options: {
        mode: 'markdown',
        content: `# Head\n\n**bold** ${SCRIPT} [bad](javascript:alert(1)) [good](/explore)`,
      },
    }),
    panel(11, 'barchart', 'Bars', {
      description: 'Formula: `a / b`',
      transformations: [{ id: 'organize', options: { renameByName: { Count: 'How many' } } }],
    }),
    panel(12, 'table', 'Bars', { transformations: [{ id: 'mystery' }] }),
  ],
};

const answer = async (csl: string): Promise<Answer> => {
  // Variables come late, as from a busy engine: no panel may query without them.
  if (csl.includes('distinct')) await new Promise((resolve) => setTimeout(resolve, 700));
  if (csl.startsWith('Hostile'))
    return { columns: ['Name:string', 'At:datetime', 'N:real'], rows: [[SCRIPT, '2026-01-01T00:00:00Z', 1.5]] };
  if (csl.startsWith('Broken')) return { error: "Semantic error: the name 'x' is not known. [line:position=2:9]" };
  if (csl.startsWith('Number')) return { columns: ['value:real'], rows: [[0.0523]] };
  if (csl.startsWith('Bars'))
    return {
      columns: ['Name:string', 'Count:long'],
      rows: [
        ['one', 10],
        ['two', 30],
      ],
    };
  if (csl.startsWith('Empty')) return { columns: ['a:long'], rows: [] };
  if (csl.startsWith('Buckets'))
    return {
      columns: ['At:datetime', '100:long', '250:long'],
      rows: [1, 2, 3]
        .map((minute) => [new Date(Date.now() - minute * 600_000).toISOString(), minute, minute * 2])
        .toReversed(),
    };
  return nocAnswer(csl);
};

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'viewer-browser-'));
  await writeFile(join(dir, 'lab.json'), JSON.stringify(board));
  kusto = await startRecordedKusto(answer);
  browser = await launchChromium();
});
afterAll(async () => {
  await browser.close();
  await kusto.close();
  await rm(dir, { recursive: true, force: true });
});
afterEach(async () => {
  await page.close();
  await viewer.close();
});

async function open(dashboardsDir: string, path: string, more: Partial<ViewerOptions> = {}): Promise<void> {
  viewer = await startViewer({
    ...more,
    port: 0,
    kustoUrl: kusto.url,
    database: 'framewatch',
    dashboardsDir,
    alertsFile: join(ROOT, 'grafana/generated/alerts.json'),
  });
  page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  requested = [];
  problems = [];
  page.on('request', (request) => requested.push(request.url()));
  page.on('pageerror', (error) => problems.push(error.message));
  await page.goto(viewer.url + path);
}

// A loaded machine may take its time.
const SOON = { timeout: 20_000 };

const at = (id: number) => page.locator(`[data-panel-id="${id}"]`);

describe('the committed NOC board', () => {
  beforeEach(() => open(join(ROOT, 'grafana/generated/dashboards'), '/'));

  test('every panel draws, nothing fails, nothing is fetched from elsewhere', async () => {
    await page.waitForSelector('[data-panel-type="stat"][data-state="done"]');
    await page.setViewportSize({ width: 1440, height: 3000 });
    await expect.poll(() => page.locator('.panel:not([data-state="done"])').count(), SOON).toBe(0);
    expect(await page.locator('.panel').count()).toBeGreaterThan(20);
    expect(await page.locator('.failure, .panel-strip, .panel-warning').count()).toBe(0);
    // No history is being written here.
    expect(await page.locator('[data-testid="history-banner"], .is-filling').count()).toBe(0);
    expect(problems).toEqual([]);
    expect(kusto.queries.filter((csl) => /\$\w/.test(csl))).toEqual([]);
    expect(requested.filter((url) => !url.startsWith(viewer.url) && !url.startsWith('data:'))).toEqual([]);
    // The charts hold pixels of more than one colour: they are drawn, not blank.
    const colors = await page
      .locator('[data-panel-type="timeseries"] canvas')
      .first()
      .evaluate((canvas: HTMLCanvasElement) => {
        const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
        return new Set(
          Array.from({ length: data.length / 4 }, (_, i) => `${data[i * 4]},${data[i * 4 + 1]},${data[i * 4 + 2]}`),
        ).size;
      });
    expect(colors).toBeGreaterThan(10);
    // No title is cut and nothing stands out of the page, however wide it is.
    for (const width of [1280, 1000, 390]) {
      await page.setViewportSize({ width, height: 900 });
      const cut = () =>
        page.evaluate(async () => {
          // The panels are placed anew.
          for (let i = 0; i < 3; i++) await new Promise(requestAnimationFrame);
          return [
            ...[...document.querySelectorAll('.panel-title')]
              .filter((title) => title.scrollWidth > title.clientWidth)
              .map((title) => title.textContent),
            ...(document.documentElement.scrollWidth > innerWidth ? ['the page'] : []),
          ];
        });
      await expect.poll(cut, { ...SOON, message: `${width} px wide` }).toEqual([]);
    }
  });

  test('a firing rule shows in the banner, the header and the alert list', async () => {
    await page.waitForSelector('[data-testid="alert-banner"]');
    expect(await page.textContent('[data-testid="firing-count"]')).toBe('1');
    expect(await page.textContent('[data-testid="alert-banner"]')).toContain('cdn=cdn-b,country=DE');
    await expect
      .poll(() => page.locator('[data-panel-type="alertlist"]').textContent(), SOON)
      .toContain('QoE anomaly (critical)');
  });

  test('choosing values and a range changes the address and the query that is shown', async () => {
    await page.click('[data-testid="variable-cdn"]');
    await page.click('.popover >> text="cdn-a"');
    await page.click('.popover >> text="cdn-c"');
    await page.click('.popover >> text="Apply"');
    await page.click('[data-testid="time-picker"]');
    await page.click('text="Last 15 minutes"');
    await expect.poll(() => page.url(), SOON).toContain('from=now-15m');
    expect(page.url()).toContain('var-cdn=cdn-a&var-cdn=cdn-c');
    await expect
      .poll(() => kusto.queries.filter((csl) => /^Concurrent.*'cdn-a','cdn-c'/.test(csl)).length, SOON)
      .toBeGreaterThan(1);
    const concurrent = page.locator('.panel', { hasText: 'Concurrent viewers' }).first();
    await expect.poll(() => concurrent.getAttribute('data-state'), SOON).toBe('done');
    await expect.poll(() => concurrent.locator('.panel-progress').isVisible(), SOON).toBe(false);
    await concurrent.hover();
    await concurrent.locator('.panel-menu').click();
    await page.click('text="Show query"');
    expect(await page.textContent('[data-testid="final-kql"]')).toContain("pack_array('cdn-a','cdn-c')");
  });

  test('dragging over a chart zooms into that time', async () => {
    const chart = page.locator('[data-panel-type="timeseries"] canvas').first();
    await chart.scrollIntoViewIfNeeded();
    await expect
      .poll(() => page.locator('[data-panel-type="timeseries"]').first().getAttribute('data-state'), SOON)
      .toBe('done');
    const box = (await chart.boundingBox())!;
    await page.mouse.move(box.x + box.width * 0.4, box.y + box.height / 2);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.6, box.y + box.height / 2, { steps: 4 });
    await page.mouse.up();
    await expect.poll(() => /from=\d{13}&to=\d{13}/.test(page.url()), SOON).toBe(true);
    const [, from, to] = /from=(\d+)&to=(\d+)/.exec(page.url())!;
    // A fifth of the canvas is a bit more than a fifth of six hours: the axis takes some of the width.
    expect((Number(to) - Number(from)) / 3_600_000).toBeGreaterThan(1.1);
    expect((Number(to) - Number(from)) / 3_600_000).toBeLessThan(1.8);
  });
});

describe('a fresh stack', () => {
  test('the page says how far the demo history is written, and asks again for everything once it is in', async () => {
    let history: HistoryProgress | undefined = { fraction: 0 };
    await open(dir, '/d/lab', { statusProvider: () => ({ history }) });
    const banner = page.locator('[data-testid="history-banner"]');
    await expect
      .poll(() => banner.textContent(), SOON)
      .toContain('Writing demo history: 0 %Oldest day first; the time');
    history = { fraction: 0.638, at: Date.parse('2026-03-09T12:00:00Z'), etaSeconds: 19.2 };
    await expect.poll(() => banner.textContent(), SOON).toContain('63 %, about 20 s left');
    expect(await banner.textContent()).toContain('Oldest day first, 9 Mar by now');
    await expect.poll(() => at(9).textContent(), SOON).toContain('No data');
    const noteOf = () =>
      at(9)
        .locator('.is-empty')
        .evaluate((box) => getComputedStyle(box, '::after').content);
    expect(await noteOf()).toContain('yet');
    const asked = () => kusto.queries.filter((csl) => csl.startsWith('Empty')).length;
    const before = asked();
    history = undefined;
    await expect.poll(() => banner.count(), SOON).toBe(0);
    await expect.poll(asked, SOON).toBeGreaterThan(before);
    expect(await noteOf()).not.toContain('yet');
  });
});

describe('hostile, broken and unknown', () => {
  beforeEach(() => open(dir, '/d/lab'));

  test('data and Markdown become text, never markup', async () => {
    await expect.poll(() => at(1).textContent(), SOON).toContain(SCRIPT);
    await expect.poll(() => at(10).textContent(), SOON).toContain(SCRIPT);
    expect(await page.locator('main img').count()).toBe(0);
    expect(await page.evaluate(() => (window as { hacked?: number }).hacked)).toBeUndefined();
    expect(
      await at(10)
        .locator('a')
        .evaluateAll((links) => links.map((link) => link.getAttribute('href'))),
    ).toEqual(['/explore']);
  });

  test('a failing query is told in its panel, with its line; the others draw', async () => {
    await expect.poll(() => at(2).getAttribute('data-state'), SOON).toBe('error');
    expect(await at(2).textContent()).toContain('line 2, column 9');
    expect(await at(2).locator('.failure-line').textContent()).toContain('| where x');
    await expect.poll(() => at(4).locator('[data-testid="stat-value"]').textContent(), SOON).toBe('5.2%');
    expect(
      await at(4)
        .locator('.stat-tile')
        .evaluate((tile) => getComputedStyle(tile).color),
    ).toBe('rgb(242, 73, 92)');
  });

  test('what the viewer does not know is named where it is missing', async () => {
    await expect.poll(() => at(3).textContent(), SOON).toContain("Panel type 'geomap' is not drawn");
    expect(await at(4).locator('.panel-strip').textContent()).toContain("option 'frobnicate'");
    await expect.poll(() => at(12).textContent(), SOON).toContain("transformation 'mystery' is not supported");
    await expect.poll(() => at(9).textContent(), SOON).toContain('No data');
  });

  test('every other panel type draws', async () => {
    for (const id of [5, 6, 7, 8, 11])
      await expect.poll(() => at(id).getAttribute('data-state'), { ...SOON, message: `panel ${id}` }).toBe('done');
    expect(await at(5).textContent()).toContain('0.052');
    expect(await at(6).locator('.bar-name').allTextContents()).toEqual(['one', 'two']);
    expect(await at(7).locator('.legend-name').allTextContents()).toEqual(['two', 'one']);
    await at(11).locator('[data-testid="panel-description"]').hover();
    expect(await page.textContent('.hover-card')).toContain('Formula: a / b');
    expect(problems).toEqual([]);
  });
});

describe('Explore', () => {
  beforeEach(() => open(dir, '/explore?csl=Bars'));

  test('a query gives a table, a chart, or an error with its place', async () => {
    await expect.poll(() => page.textContent('.explore-result'), SOON).toContain('two');
    await page.click('[data-testid="view-chart"]');
    await page.waitForSelector('.explore-chart canvas');
    await page.fill('[data-testid="kql-editor"]', 'Broken\n| where x');
    await page.keyboard.press('Control+Enter');
    await expect.poll(() => page.textContent('.explore-result'), SOON).toContain("the name 'x' is not known");
    expect(await page.textContent('.gutter .is-failed')).toBe('2\n');
    expect(await page.textContent('.failure-line')).toMatch(/\| where x\n\s+\|\s{9}\^/);
  });

  test('a command is refused', async () => {
    await page.fill('[data-testid="kql-editor"]', '.drop table X');
    await page.click('[data-testid="run-query"]');
    await expect.poll(() => page.textContent('.explore-result'), SOON).toContain('only reads');
  });
});
