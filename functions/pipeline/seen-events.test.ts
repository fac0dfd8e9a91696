import fc from 'fast-check';
import { expect, it } from 'vitest';
import { SeenEvents } from './seen-events.ts';
import { Sequences } from './transcode/sequences.ts';

type Told = readonly [how: 'long' | 'record' | 'envelope', session: string, number: number];

/** What is told by a path, whether it was new; as the paths tell it. */
function tell(seen: SeenEvents, [how, session, number]: Told): boolean {
  if (how === 'long') return seen.add(`${session}:${number}`);
  if (how === 'record') {
    const bytes = Buffer.from(`"${session}""${number}"`);
    const middle = Buffer.byteLength(session) + 1;
    return seen.addRecord(bytes, { start: 1, end: middle }, { start: middle + 2, end: bytes.length - 1 });
  }
  if (seen.has(session, number)) return false;
  const sequences = new Sequences();
  sequences.add(number);
  seen.addAll(session, sequences);
  return true;
}

const told = fc.tuple(
  fc.constantFrom('long', 'record', 'envelope'),
  fc.constantFrom('a', 'b', 'a:1', '\uFEFFa', 'é', '\uFFFD'),
  fc.nat(3),
) satisfies fc.Arbitrary<Told>;

it('an event is new once, whichever paths tell of it, and again after the batch is over', () => {
  const seen = new SeenEvents();
  fc.assert(
    fc.property(fc.array(told, { maxLength: 20 }), (events) => {
      seen.clear();
      const known = new Set<string>();
      for (const event of events) {
        const id = `${event[1]}:${event[2]}`;
        expect(tell(seen, event)).toBe(!known.has(id));
        known.add(id);
      }
    }),
    { numRuns: 500 },
  );
});

it('an id that is no Unicode is not the same as one with replacement characters', () => {
  const seen = new SeenEvents();
  expect(tell(seen, ['record', '\uFFFD', 1])).toBe(true);
  expect(tell(seen, ['long', '\ud800', 1])).toBe(true);
  expect(tell(seen, ['long', '\uFFFD', 1])).toBe(false);
});
