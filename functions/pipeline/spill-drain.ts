import { SinkUnavailable, type SpillClaim, type SpilledBlob, type SpillStore } from './ports.ts';
import { readSpillLine } from './spill.ts';
import { store, type StorePorts } from './store.ts';

// Spilled batches on their way back into the store.

/** Batches under way at once: enough to fill the calls of group commit. */
const ABREAST = 64;
/** Blobs that are brought back together. An outage leaves many small ones, and each by itself would wait for calls of its own. */
const GROUP_BLOBS = 32;
/** Their size, packed, unless a single one is larger: what they hold is in memory, and waits for the store, at once. */
const GROUP_BYTES = 256 * 1024;

export interface DrainResult {
  /** Blobs brought back. */
  readonly drained: number;
  /** Blobs put aside: something in them is not ours to understand, or the store refuses it for good. */
  readonly aside: number;
  /** Why it ended. `store-away`: the rest waits for the next run. */
  readonly state: 'empty' | 'store-away' | 'busy' | 'time-up';
  /** What the store said, when it is away. */
  readonly detail?: string;
}

interface Tally {
  drained: number;
  aside: number;
  gone: number;
}

/** One claimed blob while its lines are stored. */
interface Returning {
  readonly claim: SpillClaim;
  open: number;
  isStrange: boolean;
}

/** The next blobs to be brought back together, oldest first. The first of a run goes alone: it shows whether the store is back. */
function groupFrom(waiting: readonly SpilledBlob[], from: number): readonly SpilledBlob[] {
  const most = from === 0 ? 1 : GROUP_BLOBS;
  let bytes = 0;
  let end = from;
  while (end < waiting.length && end - from < most) {
    bytes += waiting[end]?.bytes ?? 0;
    if (bytes > GROUP_BYTES && end > from) break;
    end++;
  }
  return waiting.slice(from, end);
}

/** Stores a line; false when it is none of ours, or the store will never take it. */
async function bringBack(line: string, ports: StorePorts): Promise<boolean> {
  const outcome = readSpillLine(line);
  if (!outcome) return false;
  try {
    await store(outcome, ports);
  } catch (error) {
    if (error instanceof SinkUnavailable) throw error;
    // Left where it is, it would hold up all that came after it, for ever.
    return false;
  }
  ports.counters.add('events_drained_total', outcome.received, outcome.batch.door);
  return true;
}

/**
 * Stores what blobs hold, in the order in which it came, many lines at once; a blob goes as soon as all of it is stored.
 * Returns what made it end early, the store or the storage account: the blobs that are left have been given back then.
 */
async function drainGroup(claims: readonly SpillClaim[], tally: Tally, ports: StorePorts): Promise<unknown> {
  const blobs = claims.map((claim): Returning => ({ claim, open: Math.max(1, claim.lines.length), isStrange: false }));
  // A blob without a line is none of ours either.
  const queue = blobs.flatMap((blob) =>
    (blob.claim.lines[0] === undefined ? [''] : blob.claim.lines).map((line) => ({ blob, line })),
  );
  const left = new Set(blobs);
  let next = 0;
  let failure: unknown;
  const finish = async (blob: Returning): Promise<void> => {
    await (blob.isStrange ? blob.claim.putAside() : blob.claim.remove());
    tally[blob.isStrange ? 'aside' : 'drained']++;
    left.delete(blob);
  };
  const worker = async (): Promise<void> => {
    for (let one = queue[next++]; one !== undefined && failure === undefined; one = queue[next++]) {
      try {
        if (!(await bringBack(one.line, ports))) one.blob.isStrange = true;
        if (--one.blob.open === 0) await finish(one.blob);
      } catch (error) {
        failure ??= error;
      }
    }
  };
  await Promise.all(Array.from({ length: ABREAST }, worker));
  await Promise.all([...left].map(({ claim }) => claim.release()));
  return failure;
}

/**
 * Brings spilled batches back, oldest first, until none is left, the store is away again or the time is up.
 * A blob goes only after all of it is stored; what is stored twice, deduplication removes.
 * `isStopping`: the instance is about to end, and the time is up at the next blob.
 * @throws when storage fails
 */
export async function drainSpill(
  spill: SpillStore,
  budgetMs: number,
  ports: StorePorts,
  isStopping: () => boolean = () => false,
): Promise<DrainResult> {
  const deadlineMs = ports.clock.now() + budgetMs;
  const tally: Tally = { drained: 0, aside: 0, gone: 0 };
  const waiting: SpilledBlob[] = [];
  for await (const blob of spill.waiting()) waiting.push(blob);
  let done = 0;
  const show = (): void => {
    const oldest = waiting[done];
    ports.counters.set('spill_blobs', waiting.length - tally.drained - tally.aside - tally.gone);
    ports.counters.set('spill_oldest_seconds', oldest ? (ports.clock.now() - oldest.modifiedMs) / 1000 : 0);
  };
  const ended = (state: DrainResult['state']): DrainResult => ({ drained: tally.drained, aside: tally.aside, state });
  show();
  while (done < waiting.length) {
    if (ports.clock.now() > deadlineMs || isStopping()) return ended('time-up');
    const group = groupFrom(waiting, done);
    const claims = await Promise.allSettled(group.map((blob) => spill.claim(blob)));
    const held = claims.flatMap((claim) =>
      claim.status === 'fulfilled' && typeof claim.value === 'object' ? [claim.value] : [],
    );
    const failure = await drainGroup(held, tally, ports);
    for (const claim of claims) if (claim.status === 'fulfilled' && claim.value === 'gone') tally.gone++;
    done += failure === undefined ? group.length : 0;
    show();
    if (failure instanceof SinkUnavailable) return { ...ended('store-away'), detail: failure.message };
    if (failure !== undefined) throw failure;
    for (const claim of claims) {
      if (claim.status === 'rejected') throw claim.reason;
      if (claim.value === 'busy') return ended('busy');
    }
  }
  return ended('empty');
}
