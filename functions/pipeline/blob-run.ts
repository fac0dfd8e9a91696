import type { Batch } from './batch.ts';
import { BlobBooks } from './blob-books.ts';
import { chunksOf, type ChunkSource } from './blob-chunks.ts';
import {
  BlobFault,
  type BlobFacts,
  type BlobReader,
  type BlobRef,
  type Checkpoint,
  type Checkpoints,
  type Claim,
  type Sink,
  SinkUnavailable,
} from './ports.ts';
import type { DecodeFault } from './decode.ts';
import { ingest, type IngestPorts } from './ingest.ts';
import { dialectOfPath } from './normalize/registry.ts';
import { store, storeRows, type StorePorts } from './store.ts';

export interface BlobRunOptions extends StorePorts, IngestPorts {
  readonly reader: BlobReader;
  readonly checkpoints: Checkpoints;
  /** Owner of each drop container. */
  readonly tenants: Readonly<Record<string, string>>;
  /** Where the rows of big blobs go, and from which size on a blob is big. */
  readonly queue?: { readonly sink: Sink; readonly fromBytes: number } | undefined;
  /** Under which door the books name these batches; absent: blob. */
  readonly door?: Batch['door'];
}

export type BlobRunResult = 'done' | 'already' | 'unfinished' | 'busy' | 'missing' | 'quarantined';

/** Runs without progress before a blob is given up. */
const MAX_ATTEMPTS = 5;

/** The same chunk of the same version has the same id, whoever reads it: a repeated chunk leaves no second account. */
function batchOf(ref: BlobRef, facts: BlobFacts, part: string, bytes: number, options: BlobRunOptions): Batch {
  const origin = `${ref.container}/${ref.name}`;
  return {
    batchId: `${options.digests.sha256(`${origin}#${facts.etag}`).slice(0, 32)}-${part}`,
    door: options.door ?? 'blob',
    tenant: options.tenants[ref.container] ?? 'default',
    receivedMs: facts.modifiedMs,
    origin,
    bytes,
    dialect: dialectOfPath(ref.name),
    isTrusted: true,
    isOptedOut: false,
    edge: {},
  };
}

async function readOn(
  ref: BlobRef,
  facts: BlobFacts,
  claim: Claim,
  begun: Checkpoint,
  deadlineMs: number,
  options: BlobRunOptions,
): Promise<Checkpoint> {
  await options.digests.prepare?.(facts.modifiedMs);
  const queue = options.queue && facts.size >= options.queue.fromBytes ? options.queue : undefined;
  const source: ChunkSource = {
    content: options.reader.open(ref, facts.etag),
    firstLine: begun.linesDone,
    dialect: dialectOfPath(ref.name),
    isBig: queue !== undefined,
    batchFrom: (line) => batchOf(ref, facts, String(line), 0, options),
  };
  const ports = queue ? { ...options, sink: queue.sink } : options;
  const books = new BlobBooks(claim, begun, ports);
  try {
    for await (const { outcome, nextLine } of chunksOf(source, options)) {
      books.add(await storeRows(outcome, ports), nextLine);
      if (options.clock.now() > deadlineMs) return await books.save('running');
      if (books.isDue) await books.save('running');
    }
  } catch (error) {
    // What is stored already need not be stored again. The fault itself says more than one of the books would.
    await books.save('running').catch(() => undefined);
    throw error;
  }
  return books.save('done');
}

/** Puts a blob aside: a copy, a row of quarantine that says why, and a checkpoint that ends it. */
async function putAside(
  ref: BlobRef,
  facts: BlobFacts,
  claim: Claim,
  checkpoint: Checkpoint,
  fault: BlobFault,
  options: BlobRunOptions,
): Promise<void> {
  await options.reader.quarantine(ref, facts.etag, fault.reason);
  const decoded: DecodeFault = { ok: false, reason: fault.reason, detail: fault.message, text: '' };
  const batch = batchOf(ref, facts, 'fault', 0, options);
  const { rejected } = await store(ingest(batch, [{ decoded, line: checkpoint.linesDone }], options), options);
  await claim.save({
    ...checkpoint,
    state: 'quarantined',
    rejected: checkpoint.rejected + rejected,
    received: checkpoint.received + 1,
  });
}

const begin = (ref: BlobRef, facts: BlobFacts): Checkpoint => ({
  ...ref,
  etag: facts.etag,
  state: 'running',
  linesDone: 0,
  attempts: 0,
  received: 0,
  stored: 0,
  rejected: 0,
});

async function runClaimed(
  ref: BlobRef,
  facts: BlobFacts,
  claim: Claim,
  deadlineMs: number,
  options: BlobRunOptions,
): Promise<BlobRunResult> {
  const known = claim.checkpoint;
  const last = known?.etag === facts.etag ? known : begin(ref, facts);
  if (last.state !== 'running') return 'already';
  if (last.attempts >= MAX_ATTEMPTS) {
    const fault = new BlobFault('blob-unreadable', `no progress in ${MAX_ATTEMPTS} runs`);
    await putAside(ref, facts, claim, last, fault, options);
    return 'quarantined';
  }
  // Saved before the work: a blob that kills the process is counted all the same.
  const begun = { ...last, attempts: last.attempts + 1 };
  let reached = begun;
  const tracked: Claim = {
    ...claim,
    save: async (checkpoint) => {
      await claim.save(checkpoint);
      reached = checkpoint;
    },
  };
  await tracked.save(begun);
  try {
    const { state } = await readOn(ref, facts, tracked, begun, deadlineMs, options);
    return state === 'done' ? 'done' : 'unfinished';
  } catch (error) {
    if (error instanceof SinkUnavailable) {
      // The store is away; that is no fault of the blob.
      await claim.save({ ...reached, attempts: Math.max(0, reached.attempts - 1) });
      return 'unfinished';
    }
    if (!(error instanceof BlobFault)) throw error;
    // A newer version is there: the next run begins with it.
    if (error.reason === 'blob-changed') return 'unfinished';
    await putAside(ref, facts, tracked, reached, error, options);
    return 'quarantined';
  }
}

/**
 * Reads a blob into rows, from where the last run stopped, until it is done or the time is up.
 * Safe to call any number of times, from anywhere, for the same blob.
 * @throws when storage fails; the caller's own retry (Event Grid, timer) comes again
 */
export async function runBlob(ref: BlobRef, budgetMs: number, options: BlobRunOptions): Promise<BlobRunResult> {
  const deadlineMs = options.clock.now() + budgetMs;
  const facts = await options.reader.stat(ref);
  if (!facts) return 'missing';
  const claim = await options.checkpoints.claim(ref);
  if (claim === 'busy') return 'busy';
  try {
    const result = await runClaimed(ref, facts, claim, deadlineMs, options);
    if (result === 'unfinished') await options.checkpoints.postpone(ref);
    return result;
  } finally {
    await claim.release();
  }
}
