// `npm test`: everything a test needs that `npm ci` does not bring, then vitest. `--heavy` runs the long proofs; other words go to vitest.
import { spawn, spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { ensureChromium } from './chromium.ts';

const HELP = `usage: npm test [-- [--heavy] [--no-browser] [vitest arguments]]

  --heavy       the long proofs too (kill -9 rounds, longer audiences); figures go to bench/results.md
  --no-browser  leave the browser project out, and say so
  anything else is passed to vitest: npm test -- --project unit schema`;

const { values, tokens } = parseArgs({
  options: { heavy: { type: 'boolean' }, 'no-browser': { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
  strict: false,
  tokens: true,
});
if (values['help']) {
  console.log(HELP);
  process.exit(0);
}

const own = new Set(['heavy', 'no-browser', 'help']);
const rest = process.argv
  .slice(2)
  .filter(
    (_word, index) => !tokens.some((token) => token.index === index && token.kind === 'option' && own.has(token.name)),
  );

function run(what: string, command: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): void {
  const { status, signal } = spawnSync(command, args, { stdio: 'inherit', env });
  if (status !== 0) {
    console.error(`${what} failed (${signal ?? `exit ${status}`}).`);
    process.exit(status ?? 1);
  }
}

const isNarrow = rest.some((word) => word === '--project' || word.startsWith('--project='));
const wantsBrowser = !values['no-browser'] && (!isNarrow || rest.some((word) => word.includes('browser')));
const env: NodeJS.ProcessEnv = { ...process.env, ...(values['heavy'] && { FRAMEWATCH_HEAVY: '1' }) };
if (wantsBrowser) env['CHROME_PATH'] = ensureChromium();
if (values['no-browser'])
  console.warn('Left out by --no-browser: the browser project. This run proves nothing about the player probe.');

/** One vitest process; what it says comes at once, or in one piece when it is over. */
function vitest(args: readonly string[], isLive: boolean): Promise<number> {
  const child = spawn(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', ...args], {
    stdio: isLive ? 'inherit' : ['ignore', 'pipe', 'pipe'],
    env,
  });
  const said: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => said.push(chunk));
  return new Promise((resolve) => {
    child.once('exit', (code) => {
      process.stdout.write(Buffer.concat(said));
      resolve(code ?? 1);
    });
  });
}

const named = (projects: readonly string[]): string[] => projects.flatMap((name) => ['--project', name]);

/** Players spend their time waiting for the clock, servers and engines compute: the two lanes fit on two cores side by side. */
const LANES = [
  ['contract', 'integration'],
  ['unit', ...(wantsBrowser ? ['browser'] : [])],
];

// The host and the demo page run what users deploy: the built app and the built probe.
run('build', process.execPath, ['scripts/build.ts']);
run('build of the probe', process.execPath, ['scripts/build-probe.ts']);
const codes = isNarrow
  ? [await vitest(rest, true)]
  : await Promise.all(LANES.map((projects, lane) => vitest([...named(projects), ...rest], lane === 0)));
process.exitCode = Math.max(...codes);
