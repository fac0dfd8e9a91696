import { digestsOf } from '../functions/adapters/digests.ts';
import { userAgentReader } from '../functions/adapters/user-agents.ts';
import { rowCount, tableRows, type Batch, type Outcome } from '../functions/pipeline/batch.ts';
import { decodeBody, DEFAULT_LIMITS } from '../functions/pipeline/decode.ts';
import { ingest } from '../functions/pipeline/ingest.ts';
import { ingestEnvelope } from '../functions/pipeline/transcode/envelope.ts';
import { textOf } from '../functions/pipeline/row-text.ts';
import { envelope, leanEnvelope } from './bodies.ts';
import { median } from './median.ts';
import type { Row } from './report.ts';

const BODIES = 1000;
const EVENTS = 50;
/** What a probe sends while nothing happens: some beats. */
const FEW_EVENTS = 5;
const ROUNDS = 9;
/** The first rounds compile. */
const WARM = 2;

const BROWSER =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 Safari/537.36';

/**
 * CPU of one core from a body's bytes to the bytes of its rows, beside bare `JSON.parse` and `JSON.stringify` of the same bodies.
 * The runs take turns, so that a busy machine slows each of them alike.
 */
export function benchPipeline(): Row[] {
  const now = Date.now();
  const bodiesOf = (make: typeof envelope | typeof leanEnvelope, events: number): Buffer[] =>
    Array.from({ length: (BODIES * EVENTS) / events }, (_none, index) =>
      Buffer.from(JSON.stringify(make(index, events, now))),
    );
  const bodies = bodiesOf(envelope, EVENTS);
  const leanBodies = bodiesOf(leanEnvelope, EVENTS);
  const smallBodies = bodiesOf(leanEnvelope, FEW_EVENTS);
  const ports = { digests: digestsOf('only for this bench'), userAgents: userAgentReader(), limits: DEFAULT_LIMITS };
  const batch: Batch = {
    batchId: 'bench',
    door: 'http',
    tenant: 'default',
    receivedMs: now,
    bytes: 0,
    isTrusted: false,
    isOptedOut: false,
    edge: { country: 'DE' },
    userAgent: { userAgent: BROWSER },
  };
  const longWay = (body: Buffer): Outcome =>
    ingest(
      batch,
      decodeBody(body, DEFAULT_LIMITS).map((decoded) => ({ decoded })),
      ports,
    );
  const bytesOf = (outcome: Outcome | undefined, events = EVENTS): number => {
    if (!outcome || rowCount(outcome) !== events) throw new Error('an event of the bench is no row');
    return (['PlaybackEvents', 'PlaybackBeats'] as const).reduce(
      (sum, table) => sum + textOf(tableRows(outcome, table)).bytes.length,
      0,
    );
  };
  const bare = (body: Buffer): number => Buffer.from(JSON.stringify(JSON.parse(body.toString()))).length;
  const door = (body: Buffer, events = EVENTS): number => {
    const outcome = ingestEnvelope(batch, body, ports);
    if (outcome?.rows.PlaybackBeats.length !== 0) throw new Error('a beat of the bench took the long way');
    return bytesOf(outcome, events);
  };
  const runs = {
    bare: { of: bodies, run: bare },
    door: { of: bodies, run: (body: Buffer) => door(body) },
    leanBare: { of: leanBodies, run: bare },
    leanDoor: { of: leanBodies, run: (body: Buffer) => door(body) },
    smallBare: { of: smallBodies, run: bare },
    smallDoor: { of: smallBodies, run: (body: Buffer) => door(body, FEW_EVENTS) },
    decode: { of: bodies, run: (body: Buffer) => decodeBody(body, DEFAULT_LIMITS).length },
    longWay: { of: bodies, run: (body: Buffer) => bytesOf(longWay(body)) },
  };
  const names = Object.keys(runs) as (keyof typeof runs)[];
  const seen = new Map(names.map((name) => [name, [] as number[]]));
  const of = (name: keyof typeof runs): number => median(seen.get(name) ?? []);
  let bytesOut = 0;
  const microseconds = ({ of: list, run }: (typeof runs)['bare']): number => {
    const before = process.cpuUsage();
    for (const body of list) bytesOut += run(body);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / (BODIES * EVENTS);
  };
  for (let round = 0; round < ROUNDS; round++)
    for (const name of names) {
      const cost = microseconds(runs[name]);
      if (round >= WARM) seen.get(name)?.push(cost);
    }
  if (bytesOut === 0) throw new Error('nothing came out');
  const row = (what: string, cost: number, note: string, base = of('bare')): Row => ({
    what,
    figure: `${cost.toFixed(1)} µs an event, ${(base / cost).toFixed(2)}×`,
    note,
  });
  return [
    row(
      'parse and stringify',
      of('bare'),
      `${BODIES * EVENTS} distinct events in bodies of ${EVENTS}; the measure of the others`,
    ),
    row(
      'body to the bytes of its rows',
      of('door'),
      'what the HTTP door does, of version 1 of the wire: read, normalised, enriched, minimised, validated, written; target 0.9×',
    ),
    row(
      'the same of version 2 of the wire',
      of('leanDoor'),
      `what the probe sends: fewer bytes in, as many out, counters computed; against ${of('leanBare').toFixed(1)} µs for parse and stringify of its bodies; target 0.9×`,
      of('leanBare'),
    ),
    row(
      `the same in bodies of ${FEW_EVENTS}`,
      of('smallDoor'),
      `each with a session of its own to be read, enriched and minimised; against ${of('smallBare').toFixed(1)} µs for parse and stringify of its bodies`,
      of('smallBare'),
    ),
    row('decode alone, the long way', of('decode'), 'byte scan, UTF-8, JSON.parse'),
    row(
      'body to the bytes of its rows, the long way',
      of('longWay'),
      'through objects, for whatever is unusual; the same rows',
    ),
  ];
}
