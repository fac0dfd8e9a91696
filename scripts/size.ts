import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { PROBE, probeBundle } from './build-probe.ts';

// Holds the probe's bundles against player-probe/size-budget.json; exits with 1 when one is too big.

export interface Size {
  entry: string;
  what: string;
  gzipBytes: number;
  budgetBytes: number;
  /** Where the budget is to go; absent when it is there. */
  goalBytes: number | undefined;
}

interface Budget {
  gzipBytes: number;
  goalGzipBytes?: number;
  /** The budget is for what the entry adds to the core, which a page with another player has already. */
  beyondCore?: boolean;
  what: string;
}

async function gzipBytesOf(entry: string): Promise<number> {
  const entryPoints = [join(PROBE, 'src', entry.replace(/\.js$/, '.ts'))];
  const { outputFiles } = await build({ ...probeBundle, entryPoints, format: 'esm', write: false });
  return gzipSync(outputFiles[0]!.contents, { level: 9 }).length;
}

/** Each entry of the budget, bundled and minified as published, gzip level 9. */
export async function probeSizes(): Promise<Size[]> {
  const text = readFileSync(join(PROBE, 'size-budget.json'), 'utf8');
  const core = await gzipBytesOf('core.js');
  const sizes: Size[] = [];
  for (const [entry, budget] of Object.entries(JSON.parse(text) as Record<string, Budget>)) {
    const { gzipBytes: budgetBytes, goalGzipBytes: goalBytes, beyondCore, what } = budget;
    const gzipBytes = (await gzipBytesOf(entry)) - (beyondCore ? core : 0);
    sizes.push({ entry, what, budgetBytes, goalBytes, gzipBytes });
  }
  return sizes;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const { entry, what, gzipBytes, budgetBytes, goalBytes } of await probeSizes()) {
    const over = gzipBytes > budgetBytes;
    console.log(
      `${over ? 'TOO BIG' : 'ok'}  ${entry} (${what}): ${gzipBytes} B gzip of ${budgetBytes} B${goalBytes ? `, goal ${goalBytes} B` : ''}`,
    );
    if (over) process.exitCode = 1;
  }
}
