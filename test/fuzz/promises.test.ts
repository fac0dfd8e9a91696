// What the doors promise, each on its own: the seeded faults of test/mutants must break one of these.
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { SinkUnavailable, type Spill } from '../../functions/pipeline/ports.ts';
import { readSpillLine } from '../../functions/pipeline/spill.ts';
import { blobDoor } from './blob-door.ts';
import { checkBatch } from './books.ts';
import { door, ORIGIN, type Door } from './door.ts';
import type { BatchBooks, Gate } from './memory-kusto.ts';

const now = Date.now();
const event = (n: number, more: object = {}): object => ({ k: 'pause', n, t: n, ...more });
const envelope = (events: readonly object[], header: object = {}): string =>
  JSON.stringify({ v: 1, h: { sid: 's1', t0: now - 60_000, sent: now, ...header }, e: events });
const acme = (index: number): string =>
  JSON.stringify({
    event_id: `E${index}`,
    event_type: 'start',
    event_timestamp: new Date(now - 1000).toISOString(),
    session_id: 'S',
  });

/** What Kusto's client throws for an answer. */
const httpError = (status: number, error: object = {}, headers: object = {}): Error =>
  Object.assign(new Error('CANARY refused'), { response: { status, headers, data: { error } } });

const only = (books: Map<string, BatchBooks>): BatchBooks => {
  expect(books.size).toBe(1);
  return [...books.values()][0]!;
};
const idsOf = ({ rows }: BatchBooks): string[] =>
  rows.filter(({ row }) => row['eventId'] !== undefined).map(({ row }) => String(row['eventId']));

/** Whether the answer is there within what it takes on a busy machine when nothing holds it. */
async function isSettled(answer: Promise<unknown>): Promise<boolean> {
  let settled = false;
  void answer.then(() => (settled = true));
  await sleep(300);
  return settled;
}

describe('an answer of 202', () => {
  it.each(['PlaybackEvents', 'RejectedEvents', 'IngestLedger'])('waits until %s is acknowledged', async (held) => {
    let release = (): void => undefined;
    const opened = new Promise<void>((resolve) => (release = resolve));
    const gate: Gate = async (table, pass) => {
      if (table === held) await opened;
      await pass();
    };
    const { send, kusto } = door({}, gate);
    const answer = send(envelope([event(0), { k: 'nothing', n: 1, t: 1 }]));
    expect(await isSettled(answer)).toBe(false);
    release();
    expect((await answer).status).toBe(202);
    expect(checkBatch(only(kusto.take()))).toEqual({ received: 2, stored: 1, rejected: 1, duplicate: 0 });
  });

  it('means that every event of the batch is stored or in quarantine, the first and the last', async () => {
    const { send, kusto } = door();
    const count = 997;
    const events = Array.from({ length: count }, (_none, n) => (n % 7 === 3 ? { k: 'no', n, t: n } : event(n)));
    const { status, text } = await send(envelope(events));
    const books = only(kusto.take());
    const rejected = events.filter((_one, n) => n % 7 === 3).length;
    expect(checkBatch(books)).toEqual({ received: count, stored: count - rejected, rejected, duplicate: 0 });
    expect([status, JSON.parse(text)]).toMatchObject([202, { received: count, accepted: count - rejected, rejected }]);
    expect(new Set(idsOf(books)).size).toBe(count - rejected);
    expect(idsOf(books)).toContain(`s1:${count - 1}`);
  });

  it('counts what the same batch brings twice, and stores it once', async () => {
    const { send, kusto } = door();
    const { text } = await send(`${envelope([event(0), event(0), event(1)])}\n${envelope([event(1)])}`);
    const books = only(kusto.take());
    expect(JSON.parse(text)).toMatchObject({ received: 4, accepted: 2, duplicate: 2 });
    expect(idsOf(books).sort()).toEqual(['s1:0', 's1:1']);
    const again = await send(envelope([event(0), event(1), event(0), event(1)]));
    expect(JSON.parse(again.text)).toMatchObject({ received: 4, accepted: 2, duplicate: 2 });
    expect(idsOf(only(kusto.take())).sort()).toEqual(['s1:0', 's1:1']);
  });
});

describe('a store that', () => {
  it('is away means 503 with Retry-After, and no word of its error in the answer or of the events in the log', async () => {
    const { send, lines } = door({}, () => Promise.reject(httpError(401)));
    const { status, headers, text } = await send(envelope([event(0, { msg: 'CANARY' })], { vid: 'CANARY' }));
    expect(status).toBe(503);
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    expect(text).not.toContain('CANARY');
    expect(lines).toHaveLength(1);
    expect(lines.join('')).not.toMatch(/s1|vid|\{/);
  });

  it('throttles is asked again after Retry-After, and the events are stored', async () => {
    let refusals = 0;
    const gate: Gate = (_table, pass) =>
      refusals++ === 0 ? Promise.reject(httpError(429, {}, { 'retry-after': '0.05' })) : pass();
    const { send, kusto } = door({}, gate);
    expect((await send(envelope([event(0)]))).status).toBe(202);
    expect(checkBatch(only(kusto.take()))).toMatchObject({ received: 1, stored: 1 });
  });

  it('refuses a row for good gets the others; the refused one is in quarantine and the books balance', async () => {
    const gate: Gate = (table, pass) =>
      table === 'PlaybackBeats' ? Promise.reject(httpError(400, { '@permanent': true, code: 'BadRequest' })) : pass();
    const { send, kusto } = door({}, gate);
    const beat = { k: 'hb', n: 1, t: 5, st: 'playing', iv: 1000, ms: { playing: 1000 }, c: {} };
    const { text } = await send(envelope([event(0), beat]));
    const books = only(kusto.take());
    expect(checkBatch(books)).toEqual({ received: 2, stored: 1, rejected: 1, duplicate: 0 });
    expect(JSON.parse(text)).toMatchObject({ accepted: 1, rejected: 1, errors: [{ code: 'sink-refused' }] });
    expect(books.rows.find(({ table }) => table === 'RejectedEvents')?.row).toMatchObject({ reason: 'sink-refused' });
  });

  it('is away leaves the batch to the spill, whole; when that fails too, nothing is acknowledged', async () => {
    const spilled: string[] = [];
    const spill: Spill = { put: (line) => Promise.resolve(void spilled.push(line)) };
    const away: Gate = () => Promise.reject(httpError(401));
    const kept = door({ spill }, away);
    const { status, text } = await kept.send(envelope([event(0), event(1), { k: 'no' }], { vid: 'CANARY' }));
    expect([status, JSON.parse(text)]).toMatchObject([202, { received: 3, accepted: 2, rejected: 1 }]);
    expect(spilled).toHaveLength(1);
    expect(readSpillLine(spilled[0]!)).toMatchObject({ received: 3, rejects: [{ reason: 'missing-field' }] });
    expect(spilled[0]).not.toContain('CANARY');
    const full: Spill = { put: () => Promise.reject(new SinkUnavailable('full', 1)) };
    expect((await door({ spill: full }, away).send(envelope([event(0)]))).status).toBe(503);
  });
});

describe('identity', () => {
  const networks: string[] = [];
  const geo = { locate: (network: string) => (networks.push(network), { country: 'DE', city: 'Berlin', asn: 1 }) };
  const sent = async (headers: Record<string, string>, header: object): Promise<string> => {
    const { send, kusto }: Door = door({ geo });
    const browser = { 'x-framewatch-key': 'browser', origin: ORIGIN };
    expect((await send(envelope([event(0)], header), { ...browser, ...headers })).status).toBe(202);
    return JSON.stringify(only(kusto.take()).rows);
  };

  it('of the network goes no further than /24 and /48', async () => {
    const rows = await sent({ 'x-forwarded-for': '198.51.100.77:443' }, {});
    await sent({ 'x-forwarded-for': '2001:db8:1:2:3::77' }, {});
    expect(networks).toEqual(['198.51.100.0', '2001:db8:1::']);
    expect(rows).not.toMatch(/198\.51\.100/);
  });

  it('of the viewer is a pseudonym, and nothing without consent or with an opt-out', async () => {
    const open = await sent({ 'x-forwarded-for': '198.51.100.77' }, { vid: 'CANARY' });
    expect(open).toMatch(/"viewerId":"[0-9a-f]{32}"/);
    expect(open).toContain('Berlin');
    for (const [headers, header] of [
      [{}, { consent: 0 }],
      [{ 'sec-gpc': '1' }, {}],
      [{ dnt: '1' }, {}],
    ] as [Record<string, string>, object][]) {
      const closed = await sent({ 'x-forwarded-for': '198.51.100.77', ...headers }, { vid: 'CANARY', ...header });
      expect(closed).not.toMatch(/viewerId|Berlin/);
      expect(closed).toContain('"country":"DE"');
    }
    expect(open).not.toContain('CANARY');
  });
});

describe('a blob', () => {
  const lines = Array.from({ length: 12_000 }, (_none, index) => acme(index));

  it('is read to its last line, with or without a newline behind it', async () => {
    const { run, kusto } = blobDoor();
    for (const [name, end] of [
      ['acme/a', '\n'],
      ['acme/b', ''],
    ]) {
      expect((await run(name!, Buffer.from(lines.slice(0, 50).join('\n') + end))).result).toBe('done');
      expect(checkBatch(only(kusto.take()))).toMatchObject({ received: 50, stored: 50 });
    }
  });

  it('is never further in its checkpoint than in the store', async () => {
    let acknowledged = 0;
    const ahead: number[] = [];
    const gate: Gate = async (_table, pass) => {
      await sleep(2);
      await pass();
      acknowledged = [...seen()].length;
    };
    const { run, kusto } = blobDoor(gate, ({ stored }) => {
      if (stored > acknowledged) ahead.push(stored - acknowledged);
    });
    const ids = new Set<string>();
    const seen = (): Set<string> => {
      for (const books of kusto.take().values()) for (const id of idsOf(books)) ids.add(id);
      return ids;
    };
    const { result, checkpoint } = await run('acme/c', Buffer.from(lines.join('\n')));
    expect(result).toBe('done');
    expect(ahead).toEqual([]);
    expect(checkpoint).toMatchObject({ linesDone: lines.length, stored: lines.length });
    expect(seen().size).toBe(lines.length);
  });

  it('that a store refuses to take keeps its place: nothing is counted, the run ends unfinished', async () => {
    const saved: number[] = [];
    const { run } = blobDoor(
      () => Promise.reject(httpError(401)),
      ({ linesDone }) => saved.push(linesDone),
    );
    expect((await run('acme/d', Buffer.from(lines.slice(0, 5).join('\n')))).result).toBe('unfinished');
    expect(Math.max(...saved)).toBe(0);
  });

  it('with bad lines among good ones loses neither', async () => {
    const { run, kusto } = blobDoor();
    const mixed = lines.slice(0, 30).flatMap((line, index) => (index % 3 === 0 ? [line, '{"broken'] : [line]));
    await run('acme/e', Buffer.from(mixed.join('\n')));
    expect(checkBatch(only(kusto.take()))).toEqual({ received: 40, stored: 30, rejected: 10, duplicate: 0 });
  });
});
