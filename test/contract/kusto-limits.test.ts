// What a runaway query meets: time, rows, bytes and memory; and who goes on meanwhile.

import { afterEach, beforeEach, expect, it } from 'vitest';
import { startEngineProcess, type EngineProcess } from './kusto-process.ts';

let engine: EngineProcess;

beforeEach(async () => {
  engine = await startEngineProcess(['--memory-limit', '400MB']);
});
afterEach(async () => {
  await engine.stop('SIGTERM');
});

interface Answer {
  readonly status: number;
  readonly text: string;
}

async function send(path: string, csl: string, servertimeout = '00:01:00'): Promise<Answer> {
  const body = JSON.stringify({ db: 'framewatch', csl, properties: { Options: { servertimeout } } });
  const answer = await fetch(`${engine.url}/v1/rest/${path}`, { method: 'POST', body });
  return { status: answer.status, text: await answer.text() };
}
const ingest = async (rows: string): Promise<number> => {
  const url = `${engine.url}/v1/rest/ingest/framewatch/R?streamFormat=json`;
  return (await fetch(url, { method: 'POST', body: rows })).status;
};

const PAIRS =
  'range a from 1 to 300000 step 1 | extend k = 1 | join kind=inner (range b from 1 to 300000 step 1 | extend k = 1) on k';
const RUNAWAYS: readonly (readonly [query: string, status: number, message: RegExp, timeout?: string])[] = [
  [
    'range x from 1 to 30000000 step 1',
    200,
    /500000 records, so not all records were returned \(E_QUERY_RESULT_SET_TOO_LARGE/,
  ],
  [
    'range x from 1 to 400000 step 1 | extend s = strrep("x", 1000)',
    200,
    /67108864 bytes, so not all records were returned \(E_QUERY_RESULT_SET_TOO_LARGE/,
  ],
  [
    'range x from 1 to 90000000 step 1 | summarize l = make_list(x) | project array_length(l)',
    400,
    /E_LOW_MEMORY_CONDITION/,
  ],
  [`${PAIRS} | where (a * b) % 7919 == 3 | count`, 504, /timed out after 3000 ms/, '00:00:03'],
];

it('queries without end are stopped by rows, bytes, memory and time, all at once, while others are answered', async () => {
  await send('mgmt', '.create table R (N:long)');
  const state = { running: RUNAWAYS.length };
  const stopped = RUNAWAYS.map(async ([query, status, message, timeout]) => {
    const answer = await send('query', query, timeout);
    state.running -= 1;
    // An answer that is cut says so after its rows.
    expect(message.exec(answer.text)?.[0] ?? answer.text.slice(0, 500)).toMatch(message);
    expect(answer.status).toBe(status);
    expect(Object.keys(JSON.parse(answer.text) as object)).toContain(status === 200 ? 'Tables' : 'error');
  });
  let rows = 0;
  let answered = 0;
  while (state.running > 0) {
    expect((await send('mgmt', '.show version')).status).toBe(200);
    answered += state.running > 0 ? 1 : 0;
    if ((await ingest('{"N":1}\n{"N":2}')) === 200) rows += 2;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await Promise.all(stopped);
  // The one with the timeout alone runs for three seconds.
  expect(answered).toBeGreaterThan(3);
  const { Tables } = JSON.parse((await send('query', 'R | count')).text) as { Tables: { Rows: number[][] }[] };
  expect(Tables[0]?.Rows).toEqual([[rows]]);
});

it('an interrupted engine ends soon and well, whatever it is doing', async () => {
  await send('mgmt', '.create table R (N:long)');
  const hopeless = [1, 2, 3].map((n) =>
    send('query', `${PAIRS} | where (a * b) % 7919 == ${n} | count`).catch(() => null),
  );
  const running = async (): Promise<number> =>
    (await send('mgmt', '.show running queries')).text.split('7919').length - 1;
  await expect.poll(running, { timeout: 20_000 }).toBe(3);
  expect(await ingest('{"N":1}')).toBe(200);
  expect(await engine.stop('SIGINT')).toBe(0);
  for (const answer of await Promise.all(hopeless)) expect(answer?.status ?? 499).toBeGreaterThanOrEqual(400);
});
