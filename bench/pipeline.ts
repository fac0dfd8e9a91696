import { digestsOf } from '../functions/adapters/digests.ts';
import { userAgentReader } from '../functions/adapters/user-agents.ts';
import type { Batch } from '../functions/pipeline/batch.ts';
import { decodeBody, DEFAULT_LIMITS } from '../functions/pipeline/decode.ts';
import { ingest } from '../functions/pipeline/ingest.ts';
import { ingestEnvelope } from '../functions/pipeline/transcode/envelope.ts';
import { envelope } from './bodies.ts';
import { median } from './median.ts';
import type { Row } from './report.ts';

const BODIES = 1000;
const EVENTS = 50;
const ROUNDS = 9;
/** The first rounds compile. */
const WARM = 2;

const BROWSER =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 Safari/537.36';

/** CPU of one core from a body's bytes to the bytes of its rows, beside bare `JSON.parse` and `JSON.stringify` of the same bodies. */
export function benchPipeline(): Row[] {
  const now = Date.now();
  const bodies = Array.from({ length: BODIES }, (_none, index) =>
    Buffer.from(JSON.stringify(envelope(index, EVENTS, now))),
  );
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
  let bytesOut = 0;
  const bare = (): void => {
    for (const body of bodies) bytesOut += Buffer.from(JSON.stringify(JSON.parse(body.toString()))).length;
  };
  const decode = (): void => {
    for (const body of bodies) bytesOut += decodeBody(body, DEFAULT_LIMITS).length;
  };
  const toRows = (body: Buffer): ReturnType<typeof ingest> =>
    ingest(
      batch,
      decodeBody(body, DEFAULT_LIMITS).map((decoded) => ({ decoded })),
      ports,
    );
  const rows = (): void => {
    for (const body of bodies) bytesOut += toRows(body).received;
  };
  const whole = (): void => {
    for (const body of bodies)
      for (const list of Object.values(toRows(body).rows) as readonly (readonly object[])[])
        bytesOut += Buffer.from(list.map((row) => JSON.stringify(row)).join('\n')).length;
  };
  const text = (): void => {
    for (const body of bodies) bytesOut += ingestEnvelope(batch, body, ports)?.text?.PlaybackBeats?.bytes.length ?? 0;
  };
  const microseconds = (run: () => void): number => {
    const before = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / (BODIES * EVENTS);
  };
  const runs = { bare, text, decode, rows, whole };
  const seen: Record<keyof typeof runs, number[]> = { bare: [], text: [], decode: [], rows: [], whole: [] };
  for (let round = 0; round < ROUNDS; round++)
    for (const name of Object.keys(runs) as (keyof typeof runs)[]) {
      const cost = microseconds(runs[name]);
      if (round >= WARM) seen[name].push(cost);
    }
  if (bytesOut === 0) throw new Error('nothing came out');
  const base = median(seen.bare);
  const row = (what: string, cost: number, note: string): Row => ({
    what,
    figure: `${cost.toFixed(1)} µs an event, ${(base / cost).toFixed(2)}×`,
    note,
  });
  return [
    row(
      'parse and stringify',
      base,
      `${BODIES * EVENTS} distinct events in bodies of ${EVENTS}; the measure of the others`,
    ),
    row('body to the text of rows', median(seen.text), 'target 0.9×'),
    row('decode', median(seen.decode), 'byte scan, UTF-8, JSON.parse'),
    row('decode to checked rows', median(seen.rows), 'normalised, enriched, minimised, validated'),
    row('decode to the bytes of rows', median(seen.whole), 'target of the format work: 0.9×'),
  ];
}
