import { afterAll, beforeAll, expect, it } from 'vitest';
import { startEngineProcess, type EngineProcess } from './kusto-process.ts';

let engine: EngineProcess;

beforeAll(async () => {
  engine = await startEngineProcess([]);
});

afterAll(async () => {
  await engine.stop('SIGTERM');
});

const query = async (csl: string): Promise<string> => {
  const answer = await fetch(`${engine.url}/v1/rest/query`, {
    method: 'POST',
    body: JSON.stringify({ db: 'framewatch', csl }),
  });
  expect(answer.status).toBe(200);
  return answer.text();
};

/** How long `work` took and the longest wait for a ping meanwhile, in ms. */
async function pingsDuring(work: Promise<unknown>): Promise<{ tookMs: number; slowestMs: number; asked: number }> {
  const startedAt = performance.now();
  const state = { isDone: false };
  const end = (): void => void (state.isDone = true);
  work.then(end, end);
  let slowestMs = 0;
  let asked = 0;
  while (!state.isDone) {
    const at = performance.now();
    await (await fetch(`${engine.url}/v1/rest/ping`)).text();
    slowestMs = Math.max(slowestMs, performance.now() - at);
    asked += 1;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await work;
  return { tookMs: performance.now() - startedAt, slowestMs, asked };
}

it('a ping is answered while the engine decomposes a thousand series', async () => {
  const { tookMs, slowestMs, asked } = await pingsDuring(
    query(`range S from 1 to 1000 step 1
| extend V = repeat(1.5, 2016)
| extend (flag, score, baseline) = series_decompose_anomalies(series_add(V, series_multiply(range(0.0, 2015.0, 1.0), S)), 2.5, -1, 'linefit')
| summarize count(), max(array_length(flag))`),
  );
  expect(tookMs).toBeGreaterThan(300);
  expect(asked).toBeGreaterThan(5);
  expect(slowestMs).toBeLessThan(tookMs / 2);
});

it('a known query is answered while another is compiled', async () => {
  await query('print known = 1');
  const branches = Array.from(
    { length: 150 },
    (_, i) => `(range x from 1 to ${i + 2} step 1 | where x > ${i} | extend y = x * 2)`,
  );
  const long = query(`union ${branches.join(', ')} | count`);
  const state = { isDone: false };
  void long.then(() => (state.isDone = true));
  await new Promise((resolve) => setTimeout(resolve, 30));
  await query('print known = 1');
  expect(state.isDone).toBe(false);
  await long;
});
