import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { Row } from './report.ts';

const BROWSER = join(import.meta.dirname, '../test/browser');
const MINUTES = 60_000;

/** A script of the browser rooms (they know the DOM, this folder does not) that prints rows as JSON in its last line. */
function rowsOf(script: string, args: readonly string[], timeoutMs: number): Row[] {
  const out = execFileSync(process.execPath, [join(BROWSER, script), ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: timeoutMs,
    maxBuffer: 2 ** 26,
  });
  const lines = out.trim().split('\n');
  for (const line of lines.slice(0, -1)) console.log(`  ${line}`);
  return JSON.parse(lines.at(-1) ?? '[]') as Row[];
}

/** The probe beside other SDKs, on one page, on one playback, at the same time. */
export const benchProbe = (): Row[] => rowsOf('rivals/measure.ts', [], 6 * MINUTES);

/** Truth against report of every scenario. */
export const benchScenarios = (): Row[] => rowsOf('scenarios/measure.ts', [], 40 * MINUTES);
