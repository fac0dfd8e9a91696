// Tests that cannot fail prove nothing: every seeded fault must make a test fail, in a copy of the sources.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { writeSections } from '../../bench/report.ts';
import { edited, lab, sourceOf, type Lab } from './lab.ts';
import { mutants, type Mutant } from './mutants.ts';

const isHeavy = process.env['FRAMEWATCH_HEAVY'] !== undefined;
/** Every run tries one, another one each day of the month: all of them come by. */
const chosen: readonly Mutant[] = isHeavy ? mutants : [mutants[new Date().getUTCDate() % mutants.length]!];

let bench: Lab;
beforeAll(() => {
  bench = lab();
});
afterAll(() => bench.remove());

it.each(mutants.map((mutant) => [mutant.name, mutant] as const))(
  '%s: its text stands once in the source',
  (_name, mutant) => {
    expect(edited(sourceOf(mutant.file), mutant)).toContain(mutant.to);
  },
);

it('an edit whose text is not there is an error, never a fault survived', () => {
  expect(() => edited('text', { name: 'x', file: 'y', from: 'z', to: '', caughtBy: [] })).toThrow(/found it 0 times/);
});

it.runIf(isHeavy)(
  'the tests pass as long as nothing is broken',
  async () => {
    const { failures, passed } = await bench.run([...new Set(mutants.flatMap(({ caughtBy }) => caughtBy))]);
    expect(failures).toEqual([]);
    expect(passed).toBeGreaterThan(50);
  },
  300_000,
);

const caught: string[] = [];

it.each(chosen.map((mutant) => [mutant.name, mutant] as const))(
  '%s: is caught',
  async (name, mutant) => {
    const { failures, passed, output } = await bench.run(mutant.caughtBy, mutant);
    // A file that does not even load fails whatever its tests are worth.
    if (passed === 0) throw new Error(`no test ran with the mutant "${name}":\n${output}`);
    expect(failures).not.toEqual([]);
    caught.push(name);
  },
  120_000,
);

it.runIf(isHeavy)('figures', () => {
  writeSections([
    {
      title: 'Seeded faults',
      command: 'npm run test:heavy -- --project unit test/mutants',
      rows: [
        {
          what: 'seeded faults of the pipeline caught by the fast tests',
          figure: `${caught.length} of ${mutants.length}`,
          note: caught.join(', '),
        },
      ],
    },
  ]);
});
