import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { bundleProbe, PROBE } from './build-probe.ts';

// Holds the probe's bundles against player-probe/size-budget.json; exits with 1 when one is too big.

export interface Size {
  entry: string;
  what: string;
  gzipBytes: number;
  budgetBytes: number;
}

interface Budget {
  gzipBytes: number;
  /** The budget is for what the entry adds to this one. */
  beyond?: string;
  what: string;
}

async function gzipBytesOf(entry: string): Promise<number> {
  const code = await bundleProbe(join(PROBE, 'src', entry.replace(/\.js$/, '.ts')), { format: 'esm' });
  return gzipSync(code, { level: 9 }).length;
}

/** Each entry of the budget, bundled and minified as published, gzip level 9. */
export async function probeSizes(): Promise<Size[]> {
  const text = readFileSync(join(PROBE, 'size-budget.json'), 'utf8');
  const sizes: Size[] = [];
  for (const [entry, budget] of Object.entries(JSON.parse(text) as Record<string, Budget>)) {
    const { gzipBytes: budgetBytes, beyond, what } = budget;
    const gzipBytes = (await gzipBytesOf(entry)) - (beyond === undefined ? 0 : await gzipBytesOf(beyond));
    sizes.push({ entry, what, budgetBytes, gzipBytes });
  }
  return sizes;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const { entry, what, gzipBytes, budgetBytes } of await probeSizes()) {
    const over = gzipBytes > budgetBytes;
    console.log(`${over ? 'TOO BIG' : 'ok'}  ${entry} (${what}): ${gzipBytes} B gzip of ${budgetBytes} B`);
    if (over) process.exitCode = 1;
  }
}
