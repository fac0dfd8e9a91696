import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Batch } from '../batch.ts';
import { DEFAULT_LIMITS } from '../decode.ts';
import { ingest, type Entry } from '../ingest.ts';
import { LineSplitter } from '../line-splitter.ts';
import { lineReader } from '../log-lines.ts';
import { dialectIds, dialectOfPath } from './registry.ts';

// Files as the vendors' documentation shows them, beside the rows and rejects they must become.
// `npx vitest run --project unit functions/pipeline/normalize -u` writes the second; read its difference before it is committed.

const CORPUS = fileURLToPath(new URL('../../../test/corpus/dialects/', import.meta.url));
const RECEIVED = Date.UTC(2026, 5, 1, 11);
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const ports = {
  digests: { sha256, pseudonym: (tenant: string, viewer: string) => sha256(`${tenant}/${viewer}`).slice(0, 16) },
  userAgents: { read: () => ({}) },
  limits: DEFAULT_LIMITS,
};

const files = readdirSync(CORPUS).flatMap((dialect) =>
  readdirSync(join(CORPUS, dialect))
    .filter((name) => !name.endsWith('.rows.json'))
    .map((name) => `${dialect}/${name}`),
);

/** Reads a file as the blob door would, from its dialect's folder or, without one, by its content alone. */
function run(file: string, folder: string | undefined) {
  const reader = lineReader(folder, DEFAULT_LIMITS);
  const splitter = new LineSplitter();
  const entries: Entry[] = [];
  const content = readFileSync(join(CORPUS, file));
  const text = file.endsWith('.gz') ? gunzipSync(content) : content;
  for (const { bytes, number } of [...splitter.push(text), ...splitter.end()])
    for (const decoded of reader.read(bytes!)) entries.push({ decoded, line: number });
  const batch: Batch = {
    batchId: 'b1',
    door: 'blob',
    tenant: 't1',
    receivedMs: RECEIVED,
    origin: `telemetry/${file}`,
    bytes: 0,
    dialect: folder,
    isTrusted: true,
    isOptedOut: false,
    edge: {},
  };
  return ingest(batch, entries, ports);
}

it('every format has its table in docs/formats', () => {
  const pages = fileURLToPath(new URL('../../../docs/formats/', import.meta.url));
  const headings = readdirSync(pages).flatMap((page) =>
    [...readFileSync(join(pages, page), 'utf8').matchAll(/^##? (\S+)$/gm)].map(([, heading]) => heading),
  );
  for (const id of dialectIds) expect(headings).toContain(id);
});

it('every format has files, and every file of rows has its input', () => {
  const named = readdirSync(CORPUS).flatMap((dialect) =>
    readdirSync(join(CORPUS, dialect)).map((name) => `${dialect}/${name}`),
  );
  const rows = named.filter((name) => name.endsWith('.rows.json')).map((name) => name.slice(0, -'.rows.json'.length));
  expect(rows.sort()).toEqual([...files].sort());
  expect(new Set(files.map((file) => file.split('/')[0]))).toEqual(new Set(dialectIds));
});

describe.each(files)('%s', (file) => {
  const folder = dialectOfPath(file);

  it('becomes the rows and rejects beside it', async () => {
    const { rows, rejects } = run(file, folder);
    const seen = { ...rows, RejectedEvents: rejects };
    await expect(`${JSON.stringify(seen, null, 1)}\n`).toMatchFileSnapshot(join(CORPUS, `${file}.rows.json`));
  });

  it('holds nothing that names a person', () => {
    const text = JSON.stringify(run(file, folder));
    expect(text).not.toMatch(/203\.0\.113|2001:db8|secret|Mozilla|D-1"|8\.47\.28/);
  });

  it('is recognised without its folder, unless it is CMCD text', () => {
    if (folder === 'cmcd') return;
    const { source, rows } = run(file, undefined);
    expect(source).toBe(folder);
    expect(rows).toEqual(run(file, folder).rows);
  });
});
