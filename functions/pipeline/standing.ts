import { countOf } from './row-text.ts';
import type { Clock, Sink, Spill } from './ports.ts';

// A store may answer and yet take nothing, as one whose disk is full: only what becomes of writes tells.

/** The store answers, and has refused every write for a while. */
export class RefusesWrites extends Error {
  override readonly name = 'RefusesWrites';
}

/** What the last writes say of a store. */
export interface Standing {
  taken(): void;
  refused(): void;
  /** @throws {RefusesWrites} */
  assert(): void;
}

/** A refusal between two writes that were taken is overload or a passing fault, nothing that lasts. */
const LASTING_MS = 2000;
/** Without another try the verdict ends: where nothing is sent because of it, nothing would ever show that it is over. */
const KEPT_MS = 30_000;

/** Begins well, as nothing speaks against it. */
export function standingOf(clock: Clock): Standing {
  let refusals: { readonly firstMs: number; lastMs: number } | undefined;
  return {
    taken() {
      refusals = undefined;
    },
    refused() {
      const now = clock.now();
      if (refusals && now - refusals.lastMs < KEPT_MS) refusals.lastMs = now;
      else refusals = { firstMs: now, lastMs: now };
    },
    assert() {
      const now = clock.now();
      if (refusals && now - refusals.firstMs >= LASTING_MS && now - refusals.lastMs < KEPT_MS)
        throw new RefusesWrites('every write is refused');
    },
  };
}

/** The same sink, told about. A batch is taken when its line in the ledger is, which is written last. */
export const watchedSink = (sink: Sink, standing: Standing): Sink => ({
  async write(rows, batch) {
    try {
      const refusals = await sink.write(rows, batch);
      if (countOf(rows.IngestLedger ?? []) > 0) standing.taken();
      return refusals;
    } catch (error) {
      standing.refused();
      throw error;
    }
  },
});

/** The same spill, told about. */
export const watchedSpill = <S extends Spill>(spill: S, standing: Standing): S => ({
  ...spill,
  async put(line: string) {
    try {
      await spill.put(line);
      standing.taken();
    } catch (error) {
      standing.refused();
      throw error;
    }
  },
});
