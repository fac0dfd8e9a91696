// The main job: what stands still on a viewer's screen is a row in Kusto, with the length it had on the screen.
import { Client } from 'azure-kusto-data';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { FunctionsHost } from '../../local/functions-host/supervisor.ts';
import { startKusto, type KustoServer } from '../../local/kusto/http/server.ts';
import { builtApp, testSettings, type BuiltApp } from '../support/functions-app.ts';
import { createTables } from '../support/kusto-tables.ts';
import { launchChromium } from './chromium.ts';
import { detach, moves, stands } from './hand.ts';
import { play, startStage, type Stage } from './stage.ts';
import { truthsOf } from './truth.ts';
import { sum } from './verdicts.ts';

let kusto: KustoServer;
let app: BuiltApp;
let host: FunctionsHost;
let lines: string[];
let client: Client;
let stage: Stage;
let browser: Browser;

beforeAll(async () => {
  stage = await startStage('');
  kusto = await startKusto({ file: ':memory:', port: 0 });
  app = await builtApp();
  await createTables(kusto.url);
  const keys = { demo: { tenant: 'default', origins: [stage.origin] } };
  ({ host, lines } = await app.start({ ...testSettings(kusto.url), FRAMEWATCH_KEYS: JSON.stringify(keys) }));
  client = new Client(`Data Source=${kusto.url};Initial Catalog=framewatch`);
  browser = await launchChromium();
});

afterAll(async () => {
  await browser?.close();
  await host?.close();
  client?.close();
  await kusto?.close();
  await stage?.close();
  app?.remove();
});

interface EventRow {
  Sequence: number;
  Kind: string;
  DurationMs: number | null;
  Cause: string;
  EndReason: string;
  IsOpen: boolean | null;
  StallCount: number | null;
  StallMs: number | null;
  FreezeMs: number | null;
  TimeFlag: string;
  Tenant: string;
}

const rowsOf = async <Row>(table: string, sid: string): Promise<Row[]> => {
  const csl = `${table} | where SessionId == '${sid}' | order by Sequence asc`;
  return (await client.execute('framewatch', csl)).primaryResults[0]?.toJSON<Row>().data ?? [];
};

async function until(sid: string, kind: string): Promise<EventRow[]> {
  for (let i = 0; i < 300; i++) {
    const rows = await rowsOf<EventRow>('PlaybackEvents', sid);
    if (rows.some(({ Kind }) => Kind === kind)) return rows;
    await new Promise((resolve) => {
      setTimeout(resolve, 200);
    });
  }
  throw new Error(`no row of kind ${kind} came\n${lines.slice(-20).join('\n')}`);
}

describe('Chromium → probe → built functions in the local host → Kusto → azure-kusto-data', () => {
  test('the stall’s row is within 10 % of the frame clock, the startup within 100 ms, and nothing is lost', async () => {
    const page = await browser.newPage();
    await play(page, stage, { endpoint: host.url });
    await moves(page, 48);
    const sid = await page.evaluate(() => window.stage.probe!.header!.sid);
    await stage.throttle(12);
    await stands(page, 3000);
    await stage.throttle(null);
    await moves(page, 24);
    const truth = truthsOf(await detach(page))[0]!;
    const events = await page.evaluate(() => window.stage.told.length);
    const rows = await until(sid, 'end');
    await page.close();

    const stalls = rows.filter(({ Kind, IsOpen }) => Kind === 'stall' && !IsOpen);
    const freezes = rows.filter(({ Kind, IsOpen }) => Kind === 'freeze' && !IsOpen);
    const start = rows.find(({ Kind }) => Kind === 'start')!;
    const told = sum([...stalls, ...freezes].map(({ DurationMs }) => DurationMs!));
    console.log(
      `rows: startup ${start.DurationMs} ms, on screen ${Math.round(truth.startupMs!)} ms; ` +
        `interruption ${told} ms, on screen ${Math.round(truth.interruptionMs)} ms; blocked ${Math.round(truth.blockedMs)} ms`,
    );
    // Where the machine blocked the page as the picture stood, how often it did is no evidence.
    if (!truth.blockedMs) {
      expect(stalls.length + freezes.length).toBe(truth.stalls + truth.freezes + truth.either);
      expect(stalls.length).toBeGreaterThanOrEqual(truth.stalls);
    }
    expect(stalls[0]?.Cause ?? 'network').toBe('network');
    expect(truth.interruptionMs).toBeGreaterThan(2500);
    expect(Math.abs(told - truth.interruptionMs)).toBeLessThan(0.1 * truth.interruptionMs + truth.blockedMs);
    expect(Math.abs(start.DurationMs! - truth.startupMs!)).toBeLessThan(100 + truth.blockedMs);

    const end = rows.find(({ Kind }) => Kind === 'end')!;
    expect(end).toMatchObject({
      EndReason: 'exit',
      StallCount: stalls.length,
      StallMs: sum(stalls.map(({ DurationMs }) => DurationMs!)),
      Tenant: 'default',
    });
    expect(end.FreezeMs).toBe(sum(freezes.map(({ DurationMs }) => DurationMs!)));
    // Every event that the probe told is one row, in one table or the other.
    const beats = await rowsOf<EventRow>('PlaybackBeats', sid);
    const sequence = [...rows, ...beats].map(({ Sequence }) => Sequence).sort((a, b) => a - b);
    expect(sequence).toEqual(Array.from({ length: events }, (_, n) => n));
    expect(rows.every(({ TimeFlag }) => TimeFlag !== 'replaced')).toBe(true);
  });
});
