import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePortBase } from '../test/support/stack.ts';
import type { Row } from './report.ts';

const ROOT = join(import.meta.dirname, '..');

/** Runs a command and resolves with the seconds it took, or until a text came out, whichever the caller asks for. */
function seconds(cwd: string, command: string, args: readonly string[], until?: RegExp): Promise<number> {
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        output += chunk.toString();
        if (until?.test(output)) {
          resolve((performance.now() - started) / 1000);
          child.kill('SIGINT');
        }
      });
    }
    child.once('exit', (code) => {
      if (code === 0 || until) resolve((performance.now() - started) / 1000);
      else reject(new Error(`${command} ${args.join(' ')} failed (${code}):\n${output.slice(-4000)}`));
    });
  });
}

/** What a newcomer waits for: a clean clone, `npm ci`, `npm start` until the table, `npm test`. */
export async function benchClone(): Promise<Row[]> {
  const dir = mkdtempSync(join(tmpdir(), 'framewatch-clone-'));
  try {
    execFileSync('git', ['clone', '--quiet', '--depth', '1', `file://${ROOT}`, dir]);
    const install = await seconds(dir, 'npm', ['ci', '--no-audit', '--no-fund']);
    const base = await freePortBase();
    const start = await seconds(
      dir,
      'npm',
      ['start', '--', '--empty', '--port-base', String(base)],
      /Framewatch is up/,
    );
    const test = await seconds(dir, 'npm', ['test']);
    return [
      {
        what: '`npm ci` in a clean clone',
        figure: `${install.toFixed(0)} s`,
        note: 'packages from the registry or npm’s cache',
      },
      {
        what: '`npm start` to the status table',
        figure: `${start.toFixed(1)} s`,
        note: 'first start, nothing built before',
      },
      { what: '`npm test`', figure: `${test.toFixed(0)} s`, note: 'all projects, browser included' },
    ];
  } finally {
    rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
  }
}
