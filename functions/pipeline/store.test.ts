import { expect, it } from 'vitest';
import { sampleOutcome } from '../../test/support/sample-batch.ts';
import type { Refusal, RowsByTable } from './ports.ts';
import { objectsOf, textOf } from './row-text.ts';
import { store } from './store.ts';

const outcome = sampleOutcome({
  received: 4,
  text: { PlaybackEvents: textOf([{ eventId: 'text-0' }, { eventId: 'text-1' }]) },
  rows: { PlaybackEvents: [{ eventId: 'object-0' }, { eventId: 'object-1' }] },
});

it('a refused row is quoted in quarantine and accounted for, whether it was text or an object', async () => {
  const written: RowsByTable[] = [];
  const refusals: Refusal[] = [1, 2].map((index) => ({ table: 'PlaybackEvents', index, detail: 'no' }));
  const sink = {
    write: (rows: RowsByTable) => Promise.resolve(written.push(rows) === 1 ? refusals : []),
  };
  const stored = await store(outcome, {
    sink,
    clock: { now: () => 5 },
    digests: { sha256: (text) => text, pseudonym: (text) => text },
    counters: { add: () => undefined, set: () => undefined },
  });
  expect(stored).toMatchObject({ received: 4, stored: 2, rejected: 2 });
  const quarantine = objectsOf(written[1]?.RejectedEvents ?? []);
  expect(quarantine.map(({ reason, payload }) => [reason, payload])).toEqual([
    ['sink-refused', '{"eventId":"text-1"}'],
    ['sink-refused', '{"eventId":"object-0"}'],
  ]);
});
