import { defineConfig } from 'vitest/config';

// Projects, from cheap to dear. `contract`, `integration` and `browser` start real servers, engines and Chromium, so they run one file at a time.
const oneAtATime = { fileParallelism: false, testTimeout: 120_000, hookTimeout: 120_000 };

/**
 * A machine that stands still for half a second while a player plays makes another measurement, not a wrong probe: the
 * test is run again from the start, and the report names it as retried. A fault of the code fails every time.
 */
const measuring = { ...oneAtATime, retry: 2 };

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            '{schema,functions,local,grafana,infra,simulate,scripts,player-probe}/**/*.test.ts',
            'test/*.test.ts',
            'test/{fuzz,mutants}/**/*.test.ts',
          ],
          exclude: ['**/node_modules/**', '**/dist/**'],
        },
      },
      { test: { name: 'contract', include: ['test/contract/**/*.test.ts'], ...oneAtATime, retry: 1 } },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts', 'test/faults/**/*.test.ts'],
          ...oneAtATime,
          retry: 1,
        },
      },
      { test: { name: 'browser', include: ['test/browser/**/*.test.ts'], ...measuring } },
    ],
  },
});
