import { describe, expect, it } from 'vitest';
import { healthChecks, isReady, type Check } from './health.ts';
import { SinkUnavailable, type RowsByTable } from './ports.ts';
import { standingOf, watchedSink, watchedSpill, type Standing } from './standing.ts';

const ROWS = { PlaybackEvents: [{ eventId: 'a' }] } as unknown as RowsByTable;
const LEDGER = { RejectedEvents: [], IngestLedger: [{ batchId: 'b' }] } as unknown as RowsByTable;

/** A store that always answers, takes what `disk` lets it, and stands alone on the way of an event. */
function world() {
  const clock = { ms: 1_800_000_000_000, now: () => clock.ms };
  const disk = { full: new Set<object>() };
  const standing: Standing = standingOf(clock);
  const sink = watchedSink(
    {
      write: (rows) =>
        disk.full.has(rows) ? Promise.reject(new SinkUnavailable('no space left', 1)) : Promise.resolve([]),
    },
    standing,
  );
  const look = healthChecks(
    [{ name: 'kusto', role: 'way', run: () => Promise.resolve().then(() => standing.assert()) }],
    clock,
  );
  /** One batch as `store` writes it: rows, then their line in the ledger. */
  const send = async (): Promise<void> => {
    await sink.write(ROWS);
    await sink.write(LEDGER);
  };
  const sendMany = async (seconds: number): Promise<void> => {
    for (let second = 0; second < seconds; second++) {
      await send().catch(() => undefined);
      clock.ms += 1000;
    }
  };
  const check = async (): Promise<Check | undefined> => (await look())[0];
  const ready = async (): Promise<boolean> => {
    // Looks are kept for a while.
    clock.ms += 5000;
    return isReady(await look());
  };
  return { clock, disk, ready, check, sendMany };
}

describe('a store that answers and takes nothing', () => {
  it.each([
    ['rows', ROWS],
    ['the ledger', LEDGER],
  ])('is not ready while it refuses %s, says why, and is ready after the first batch it takes', async (_what, rows) => {
    const { disk, ready, check, sendMany } = world();
    await sendMany(3);
    expect(await ready()).toBe(true);
    disk.full.add(rows);
    await sendMany(3);
    expect(await ready()).toBe(false);
    expect(await check()).toMatchObject({ status: 'fail', output: 'takes no writes' });
    disk.full.clear();
    await sendMany(1);
    expect(await ready()).toBe(true);
  });

  it('is tried again after a while in which nothing was sent, and not ready again at once when it still refuses', async () => {
    const { clock, disk, ready, sendMany } = world();
    disk.full.add(ROWS);
    await sendMany(3);
    expect(await ready()).toBe(false);
    clock.ms += 30_000;
    expect(await ready()).toBe(true);
    await sendMany(3);
    expect(await ready()).toBe(false);
  });

  it('is ready when it refuses some batches between others, as under overload', async () => {
    const { disk, ready, sendMany } = world();
    for (let round = 0; round < 5; round++) {
      disk.full.add(ROWS);
      await sendMany(1);
      disk.full.clear();
      await sendMany(1);
    }
    disk.full.add(ROWS);
    await sendMany(1);
    disk.full.clear();
    await sendMany(1);
    expect(await ready()).toBe(true);
  });

  it('holds for the spill too', async () => {
    const clock = { ms: 0, now: () => clock.ms };
    const disk = { isFull: true };
    const standing = standingOf(clock);
    const spill = watchedSpill(
      { put: (_line: string) => (disk.isFull ? Promise.reject(new Error('full')) : Promise.resolve()) },
      standing,
    );
    await expect(spill.put('a')).rejects.toThrow('full');
    clock.ms = 3000;
    expect(() => standing.assert()).toThrow('every write is refused');
    disk.isFull = false;
    await spill.put('a');
    standing.assert();
  });
});
