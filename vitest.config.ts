import { defineConfig } from 'vitest/config';

// Projects, from cheap to dear. `contract`, `integration` and `browser` start real servers, engines and Chromium, so they run one file at a time.
const oneAtATime = { fileParallelism: false, testTimeout: 120_000, hookTimeout: 120_000 };

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{schema,functions,local,grafana,simulate,scripts,player-probe}/**/*.test.ts', 'test/*.test.ts'],
          exclude: ['**/node_modules/**', '**/dist/**'],
        },
      },
      { test: { name: 'contract', include: ['test/contract/**/*.test.ts'], ...oneAtATime } },
      { test: { name: 'integration', include: ['test/integration/**/*.test.ts'], ...oneAtATime } },
      { test: { name: 'browser', include: ['test/browser/**/*.test.ts'], ...oneAtATime } },
    ],
  },
});
