// Damaged bodies through both doors as the app composes them. The same seed (FRAMEWATCH_FUZZ_SEED) makes the same run; FRAMEWATCH_HEAVY=1 makes it long
// and writes its figures to bench/results.md.
import { expect, it, vi } from 'vitest';
import { writeSections } from '../../bench/report.ts';
import { randomOf } from '../support/kusto-fuzz.ts';
import { blobDoor } from './blob-door.ts';
import { checkAnswer, checkBatch, expectPristine, isBooked, saidOf, type Totals } from './books.ts';
import { door, ORIGIN, type Answer } from './door.ts';
import { mutate } from './mutate.ts';
import { seeds } from './seeds.ts';

const isHeavy = process.env['FRAMEWATCH_HEAVY'] !== undefined;
const HTTP_BODIES = isHeavy ? 100_000 : 1200;
const BLOBS = isHeavy ? 25_000 : 300;
const ABREAST = 32;
const MAX_CPU_MS = 250;
const SEED = Number(process.env['FRAMEWATCH_FUZZ_SEED'] ?? 20_260_601);
vi.setConfig({ testTimeout: isHeavy ? 1_800_000 : 60_000 });

const random = randomOf(SEED);
const all = seeds(Date.now());
const figures: { what: string; figure: string; note: string }[] = [];

const cpuMs = (since: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000;
};

const add = (sum: Totals, { received, stored, rejected, duplicate }: Totals): Totals => ({
  received: sum.received + received,
  stored: sum.stored + stored,
  rejected: sum.rejected + rejected,
  duplicate: sum.duplicate + duplicate,
});
const none: Totals = { received: 0, stored: 0, rejected: 0, duplicate: 0 };

interface Sent {
  readonly body: Buffer;
  readonly headers: Record<string, string>;
}

function damaged(): Sent {
  const seed = random.pick(all);
  const body = mutate(seed.body, random, random.pick(all).body);
  const contentType = random.int(20) === 0 ? random.pick(['application/cmcd', 'image/png', '']) : seed.contentType;
  const isBrowser = random.int(2) === 0;
  return {
    body,
    headers: {
      'content-type': contentType,
      ...(isBrowser ? { 'x-framewatch-key': 'browser', origin: ORIGIN } : {}),
      'x-forwarded-for': random.pick(['203.0.113.9', '2001:db8::7', 'unknown', '', '1.2.3.4, 999.1.1.1', '[::1]:x']),
      'x-edge-country': random.pick(['DE', 'xx', '', 'Germany', '%00', 'D'.repeat(300)]),
      'user-agent': random.pick(['', 'Mozilla/5.0 (X11; Linux x86_64) Firefox/130.0', '('.repeat(2000)]),
      ...(random.int(10) === 0 ? { 'sec-gpc': '1' } : {}),
    },
  };
}

it(`${HTTP_BODIES} damaged bodies at the HTTP door: documented answers, balanced books, nothing thrown, no long work`, async () => {
  const { send, kusto, lines } = door();
  const statuses = new Map<number, number>();
  let sum = none;
  let longest = 0;
  const started = process.cpuUsage();
  for (let sent = 0; sent < HTTP_BODIES; sent += ABREAST) {
    const wave = Array.from({ length: ABREAST }, damaged);
    const before = process.cpuUsage();
    const answers: Answer[] = await Promise.all(wave.map(({ body, headers }) => send(body, headers)));
    const spent = cpuMs(before);
    for (const answer of answers) {
      checkAnswer(answer);
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
    }
    const batches = kusto.take();
    expect(batches.size).toBe(answers.filter(isBooked).length);
    const booked = [...batches.values()].map(checkBatch).reduce(add, none);
    const undecoded = answers.filter((answer) => answer.status === 400 && isBooked(answer)).length;
    const said = saidOf(answers);
    expect(booked.stored).toBe(said.stored);
    expect(booked.duplicate).toBe(said.duplicate);
    expect(booked.received - said.received).toBe(booked.rejected - said.rejected);
    expect(booked.received - said.received).toBeGreaterThanOrEqual(undecoded);
    sum = add(sum, booked);
    longest = Math.max(longest, spent <= MAX_CPU_MS ? spent / ABREAST : await longestOf(wave, send));
    kusto.take();
  }
  expectPristine();
  expect(lines).toEqual([]);
  expect(longest).toBeLessThan(MAX_CPU_MS);
  // The damage must leave enough whole for every kind of answer, else it proves little.
  for (const status of [202, 400, 422, 415]) expect(statuses.get(status) ?? 0).toBeGreaterThan(HTTP_BODIES / 200);
  expect(sum.stored).toBeGreaterThan(HTTP_BODIES / 2);
  figures.push({
    what: `${HTTP_BODIES.toLocaleString('en')} damaged bodies, HTTP door`,
    figure: '0 crashes, 0 answers of 5xx',
    note: `${sum.received} events: ${sum.stored} stored + ${sum.rejected} rejected + ${sum.duplicate} duplicate, every batch balanced; ${[...statuses].sort(([a], [b]) => a - b).map(([status, count]) => `${count} × ${status}`).join(', ')}; ${(cpuMs(started) / 1000).toFixed(0)} s of CPU`, // prettier-ignore
  });
});

/** CPU of the dearest body of a wave, each twice on its own: the first time may pay for a collection of garbage. */
async function longestOf(wave: readonly Sent[], send: ReturnType<typeof door>['send']): Promise<number> {
  let longest = 0;
  for (const { body, headers } of wave) {
    const times: number[] = [];
    for (let again = 0; again < 2; again++) {
      const before = process.cpuUsage();
      await send(body, headers);
      times.push(cpuMs(before));
    }
    longest = Math.max(longest, Math.min(...times));
  }
  return longest;
}

it(`${BLOBS} damaged blobs at the blob door: each is finished or put aside, and its books balance`, async () => {
  const { run, kusto } = blobDoor();
  const results = new Map<string, number>();
  let sum = none;
  for (let sent = 0; sent < BLOBS; sent++) {
    const seed = random.pick(all);
    const body = mutate(seed.body, random, random.pick(all).body);
    const folder = random.int(4) === 0 ? '' : `${random.int(10) === 0 ? random.pick(all).folder : seed.folder}/`;
    const { result, checkpoint } = await run(`${folder}${sent}.log`, body);
    if (result !== 'done' && result !== 'quarantined') expect(result).toBe('done or quarantined');
    const booked = [...kusto.take().values()].map(checkBatch).reduce(add, none);
    expect(checkpoint).toMatchObject({ received: booked.received, stored: booked.stored, rejected: booked.rejected });
    results.set(result, (results.get(result) ?? 0) + 1);
    sum = add(sum, booked);
  }
  expectPristine();
  expect(results.get('done') ?? 0).toBeGreaterThan(BLOBS / 4);
  expect(results.get('quarantined') ?? 0).toBeGreaterThan(BLOBS / 200);
  figures.push({
    what: `${BLOBS.toLocaleString('en')} damaged blobs, blob door`,
    figure: '0 crashes',
    note: `${sum.received} lines: ${sum.stored} stored + ${sum.rejected} rejected + ${sum.duplicate} duplicate, every chunk balanced; ${results.get('quarantined') ?? 0} blobs put aside`,
  });
});

it.runIf(isHeavy)('figures', () => {
  writeSections([{ title: 'Fuzzing', command: 'npm run test:heavy -- --project unit test/fuzz', rows: figures }]);
});
