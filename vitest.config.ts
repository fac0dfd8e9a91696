import { defineConfig } from 'vitest/config';

// Projects, from cheap to dear. `contract`, `integration` and `browser` start real servers, engines and Chromium, so they run one file at a time.
// Nothing on servers is tried again in place: what a test left in tables, folders and ports would be there at its second attempt. `npm test`
// runs a file that failed once more from the start, see scripts/test.ts.
const oneAtATime = { fileParallelism: false, testTimeout: 120_000, hookTimeout: 120_000 };

/** Conditions are waited for, not for a second at most: a limit is there to end what never comes, also on a machine that stands still now and then. */
const patient = { expect: { poll: { timeout: 30_000, interval: 100 } } };

/**
 * A machine that stands still for half a second while a player plays makes another measurement, not a wrong probe: the
 * test is run again from the start, and the report names it as retried. A fault of the code fails every time.
 */
const measuring = { ...oneAtATime, ...patient, retry: 2 };

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          // A process for each file would cost as much as what is tested in it: files share one, and leave nothing behind in it.
          isolate: false,
          testTimeout: 30_000,
          hookTimeout: 60_000,
          ...patient,
          include: [
            '{schema,functions,local,grafana,infra,simulate,scripts,player-probe}/**/*.test.ts',
            'test/*.test.ts',
            'test/{fuzz,mutants}/**/*.test.ts',
          ],
          exclude: ['**/node_modules/**', '**/dist/**'],
        },
      },
      { test: { name: 'contract', include: ['test/contract/**/*.test.ts'], ...oneAtATime, ...patient } },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts', 'test/faults/**/*.test.ts'],
          ...oneAtATime,
          ...patient,
        },
      },
      { test: { name: 'browser', include: ['test/browser/**/*.test.ts'], ...measuring } },
    ],
  },
});
