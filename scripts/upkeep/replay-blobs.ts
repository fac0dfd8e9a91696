// Quarantined blobs through the pipeline again: those that could not be read, from where reading stopped, and spilled
// batches that were not understood.
import { gunzipSync } from 'node:zlib';
import { blobReader, inflated } from '../../functions/adapters/blob-reader.ts';
import { checkpointStore } from '../../functions/adapters/checkpoint-store.ts';
import type { StorageAccount } from '../../functions/adapters/storage-account.ts';
import { runBlob, type BlobRunOptions } from '../../functions/pipeline/blob-run.ts';
import type { BlobReader, BlobRef, Checkpoints } from '../../functions/pipeline/ports.ts';
import { readSpillLine } from '../../functions/pipeline/spill.ts';
import { store } from '../../functions/pipeline/store.ts';
import type { Cluster } from '../kql/cluster.ts';
import { textLiteral } from '../kql/literals.ts';
import { leased } from './leased.ts';
import type { ReplayFilter, ReplayRun } from './replay-events.ts';

const QUARANTINE = 'quarantine';
const SPILLED = 'spill/';
const RUN_MS = 60_000;
const MAX_INFLATED_BYTES = 256 * 1024 * 1024;

/** What became of one quarantined blob. */
export interface BlobVerdict {
  readonly name: string;
  readonly reason: string;
  readonly outcome: 'stored' | 'rejected' | 'superseded' | 'busy' | 'open';
  readonly detail?: string | undefined;
}

interface Quarantined {
  readonly name: string;
  readonly reason: string;
  readonly modifiedMs: number;
  /** Absent: a spill blob. */
  readonly ref?: BlobRef | undefined;
}

async function* quarantined(storage: StorageAccount, filter: ReplayFilter): AsyncGenerator<Quarantined> {
  const container = (await storage.client()).getContainerClient(QUARANTINE);
  if (!(await container.exists())) return;
  for await (const { name, metadata, properties } of container.listBlobsFlat({ includeMetadata: true })) {
    const { container: from, name: original } = metadata ?? {};
    const isSpill = name.startsWith(SPILLED);
    if (!isSpill && (from === undefined || original === undefined)) continue;
    const reason = isSpill ? 'spill' : (metadata?.['reason'] ?? '');
    const modified = properties.lastModified;
    const isOut =
      (filter.reasons.length > 0 && !filter.reasons.includes(reason)) ||
      (filter.since && modified < filter.since) ||
      (filter.until && modified >= filter.until);
    if (isOut) continue;
    const ref = isSpill ? undefined : { container: from ?? '', name: decodeURIComponent(original ?? '') };
    yield { name, reason, modifiedMs: modified.getTime(), ref };
  }
}

/** Reads the copy in quarantine as if it still lay where it was dropped. */
function copyReader(storage: StorageAccount, copy: Quarantined, etag: string): BlobReader {
  const reader = blobReader(storage);
  const ref = { container: QUARANTINE, name: copy.name };
  return {
    stat: async () => {
      const facts = await reader.stat(ref);
      return facts && { ...facts, etag };
    },
    async *open() {
      const blob = (await storage.client()).getContainerClient(QUARANTINE).getBlobClient(copy.name);
      const { readableStreamBody } = await blob.download();
      yield* inflated(readableStreamBody as AsyncIterable<Uint8Array> & NodeJS.ReadableStream);
    },
    // It lies there already.
    quarantine: () => Promise.resolve(),
  };
}

/** A version that was given up is begun again where it stopped. */
const reopened = (checkpoints: Checkpoints): Checkpoints => ({
  ...checkpoints,
  async claim(ref) {
    const claim = await checkpoints.claim(ref);
    if (claim === 'busy' || claim.checkpoint?.state !== 'quarantined') return claim;
    return { ...claim, checkpoint: { ...claim.checkpoint, state: 'running', attempts: 0 } };
  },
});

async function replayDropped(
  cluster: Cluster,
  storage: StorageAccount,
  copy: Quarantined & { ref: BlobRef },
  options: BlobRunOptions,
): Promise<BlobVerdict> {
  const { name, reason, ref } = copy;
  const claim = await options.checkpoints.claim(ref);
  if (claim === 'busy') return { name, reason, outcome: 'busy' };
  const checkpoint = claim.checkpoint;
  await claim.release();
  if (checkpoint?.state !== 'quarantined')
    return { name, reason, outcome: 'superseded', detail: 'a newer version was dropped since' };
  const run = {
    ...options,
    checkpoints: reopened(options.checkpoints),
    reader: copyReader(storage, copy, checkpoint.etag),
  };
  let result = await runBlob(ref, RUN_MS, run);
  while (result === 'unfinished') result = await runBlob(ref, RUN_MS, { ...run, checkpoints: options.checkpoints });
  if (result === 'busy') return { name, reason, outcome: 'busy' };
  if (result !== 'done') return { name, reason, outcome: 'rejected', detail: 'it still cannot be read to its end' };
  const batchId = `${options.digests.sha256(`${ref.container}/${ref.name}#${checkpoint.etag}`).slice(0, 32)}-fault`;
  const rows = await cluster.query(`RejectedEvents | where BatchId == ${textLiteral(batchId)} | distinct RejectId`);
  const replayedAt = new Date(options.clock.now()).toISOString();
  await options.sink.write({
    Replays: rows.map((row) => ({ rejectId: String(row['RejectId']), replayedAt, batchId, outcome: 'stored' })),
  });
  return { name, reason, outcome: 'stored' };
}

/** Spilled batches are whole outcomes; those that the ledger has were stored before the blob was put aside. */
async function replaySpilled(
  cluster: Cluster,
  storage: StorageAccount,
  copy: Quarantined,
  { ports, isDryRun }: ReplayRun,
): Promise<BlobVerdict> {
  const { name, reason } = copy;
  const bytes = await (await storage.client()).getContainerClient(QUARANTINE).getBlobClient(name).downloadToBuffer();
  let lines: string[];
  try {
    lines = gunzipSync(bytes, { maxOutputLength: MAX_INFLATED_BYTES }).toString('utf8').split('\n').filter(Boolean);
  } catch {
    return { name, reason, outcome: 'rejected', detail: 'broken gzip data' };
  }
  let strange = 0;
  for (const line of lines) {
    const outcome = readSpillLine(line);
    if (!outcome) {
      strange++;
      continue;
    }
    const booked = await cluster.query(
      `IngestLedger | where BatchId == ${textLiteral(outcome.batch.batchId)} | take 1`,
    );
    if (booked.length === 0 && !isDryRun) await store(outcome, ports);
  }
  return strange > 0
    ? { name, reason, outcome: 'rejected', detail: `${strange} of ${lines.length} lines are not understood` }
    : { name, reason, outcome: 'stored' };
}

/** Replays quarantined blobs; a copy is deleted when all of it is stored. Needs the tenants of the drop containers. */
export async function replayBlobs(
  cluster: Cluster,
  storage: StorageAccount,
  filter: ReplayFilter,
  run: ReplayRun & { readonly tenants: Readonly<Record<string, string>> },
): Promise<BlobVerdict[]> {
  const { ports, tenants, isDryRun } = run;
  const container = (await storage.client()).getContainerClient(QUARANTINE);
  const options: BlobRunOptions = {
    ...ports,
    reader: blobReader(storage),
    checkpoints: checkpointStore(storage),
    tenants,
    door: 'replay',
  };
  const verdicts: BlobVerdict[] = [];
  for await (const copy of quarantined(storage, filter)) {
    if (verdicts.length >= filter.limit) break;
    const { name, reason, ref } = copy;
    if (filter.tenant !== undefined && (ref === undefined || tenants[ref.container] !== filter.tenant)) continue;
    if (isDryRun) {
      verdicts.push({ name, reason, outcome: 'open', detail: ref && `${ref.container}/${ref.name}` });
      continue;
    }
    // Two replays, or a replay and an erasure, do not meet on one copy.
    const verdict = await leased(container.getBlobClient(name), 1, async (leaseId) => {
      const made = ref
        ? await replayDropped(cluster, storage, { ...copy, ref }, options)
        : await replaySpilled(cluster, storage, copy, run);
      if (made.outcome === 'stored') await container.getBlobClient(name).delete({ conditions: { leaseId } });
      return made;
    });
    if (verdict === 'gone') continue;
    verdicts.push(verdict === 'busy' ? { name, reason, outcome: 'busy' } : verdict);
    run.progress(`${verdicts.length} blobs looked at`);
  }
  return verdicts;
}
