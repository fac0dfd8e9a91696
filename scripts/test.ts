// `npm test`: everything a test needs that `npm ci` does not bring, then vitest. `--heavy` runs the long proofs; other words go to vitest.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { FileResult } from './attempts-reporter.ts';
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

const dir = mkdtempSync(join(tmpdir(), 'framewatch-test-'));
const REPORTERS = ['default', fileURLToPath(import.meta.resolve('./attempts-reporter.ts'))];

interface Attempt {
  readonly code: number;
  readonly files: readonly FileResult[];
}

const failedOf = ({ files }: Attempt): FileResult[] => files.filter(({ reason }) => reason !== undefined);

/** One vitest process; what it says comes at once, or in one piece when it is over. */
function vitest(name: string, args: readonly string[], isLive: boolean): Promise<Attempt> {
  const list = join(dir, name);
  const reporters = REPORTERS.map((reporter) => `--reporter=${reporter}`);
  const child = spawn(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', ...reporters, ...args], {
    stdio: isLive ? 'inherit' : ['ignore', 'pipe', 'pipe'],
    env: { ...env, FRAMEWATCH_FILE_RESULTS: list },
  });
  const said: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => said.push(chunk));
  return new Promise((resolve) => {
    // `close`, not `exit`: the last words may come after the end.
    child.once('close', (code) => {
      process.stdout.write(Buffer.concat(said));
      const lines = existsSync(list) ? readFileSync(list, 'utf8').split('\n').filter(Boolean) : [];
      resolve({ code: code ?? 1, files: lines.map((line) => JSON.parse(line) as FileResult) });
    });
  });
}

const named = (projects: readonly string[]): string[] => [...new Set(projects)].flatMap((name) => ['--project', name]);

/** Players spend their time waiting for the clock, servers and engines compute: the two lanes fit on two cores side by side. */
const LANES = [
  ['contract', 'integration'],
  ['unit', ...(wantsBrowser ? ['browser'] : [])],
];

/** More files than this are no accident of a busy machine. */
const MOST_AGAIN = 3;

/**
 * The files that failed, once more, when the machine is quiet: in a new process, so that nothing of the first attempt is
 * left behind, neither rows nor ports nor folders. What failed at first is named, whatever comes of it.
 */
async function again(failed: readonly FileResult[]): Promise<Attempt> {
  const say = (what: string): void => {
    console.error(`\n${what}`);
    for (const { file, reason = '' } of failed) console.error(`  ${file}\n    ${reason.replaceAll('\n', '\n    ')}`);
  };
  say('Run again, since at first failed:');
  const files = failed.map(({ file }) => file);
  const attempt = await vitest('again', [...named(failed.map(({ project }) => project)), ...files], true);
  say(
    attempt.code === 0 ? 'PASSED AT THE SECOND ATTEMPT ONLY; at first failed:' : 'Failed twice; at first because of:',
  );
  return attempt;
}

/** All processes together, in one line; of a file that ran twice the second time counts. */
function sum(attempts: readonly Attempt[]): string {
  const files = new Map(attempts.flatMap((attempt) => attempt.files.map((one) => [`${one.project} ${one.file}`, one])));
  const of = (state: 'passed' | 'failed' | 'skipped'): number =>
    [...files.values()].reduce((total, file) => total + file[state], 0);
  return `Tests: ${of('passed')} passed, ${of('failed')} failed, ${of('skipped')} skipped`;
}

// The host and the demo page run what users deploy: the built app and the built probe.
run('build', process.execPath, ['scripts/build.ts']);
run('build of the probe', process.execPath, ['scripts/build-probe.ts']);
const attempts = isNarrow
  ? [await vitest('all', rest, true)]
  : await Promise.all(LANES.map((projects, lane) => vitest(`lane-${lane}`, [...named(projects), ...rest], lane === 0)));
const failed = attempts.flatMap(failedOf);
// A process that ended badly without naming a file has a fault that a second attempt would only hide.
const isExplained = attempts.every((attempt) => attempt.code === 0 || failedOf(attempt).length > 0);
if (!isNarrow && isExplained && failed.length > 0 && failed.length <= MOST_AGAIN) {
  const second = await again(failed);
  process.exitCode = second.code;
  attempts.push(second);
} else process.exitCode = Math.max(...attempts.map(({ code }) => code));
console.log(`\n${sum(attempts)}`);
rmSync(dir, { recursive: true, force: true });
