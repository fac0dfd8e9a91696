// `npm run check`: every gate a change has to pass, cheap ones first; stops at the first that fails.
import { spawnSync } from 'node:child_process';

const bin = (name: string): string => `node_modules/.bin/${name}`;
const gates: readonly (readonly [string, string, ...string[]])[] = [
  ['generated files', process.execPath, 'scripts/generate.ts', '--check'],
  ['types', bin('tsc'), '-p', 'tsconfig.json'],
  ['types of the probe', bin('tsc'), '-p', 'player-probe/tsconfig.json'],
  ['types of the browser tests', bin('tsc'), '-p', 'test/browser/tsconfig.json'],
  ['lint', bin('oxlint'), '--type-aware', '--deny-warnings'],
  ['format', bin('oxfmt'), '--check'],
  ['unused code and packages', bin('knip')],
  ['build', process.execPath, 'scripts/build.ts'],
  ['registered functions', process.execPath, 'scripts/verify-functions.ts'],
  ['size of the probe', process.execPath, 'scripts/size.ts'],
  ['tests', process.execPath, 'scripts/test.ts'],
];

const skipTests = process.argv.includes('--no-test');
for (const [what, command, ...args] of gates) {
  if (skipTests && what === 'tests') continue;
  const started = performance.now();
  const isLive = what === 'tests';
  const { status, stdout, stderr } = spawnSync(command, args, {
    stdio: isLive ? 'inherit' : 'pipe',
    encoding: 'utf8',
    maxBuffer: 64 << 20,
  });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${status === 0 ? 'ok  ' : 'FAIL'} ${what} (${seconds} s)`);
  if (status !== 0) {
    if (!isLive) console.log(stdout + stderr);
    process.exit(status ?? 1);
  }
}
console.log('All gates passed.');
