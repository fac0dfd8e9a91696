// The parser takes two seconds of CPU to load and build its grammar. A V8 start-up snapshot holds the result:
// a process that begins from it answers its first query within a few hundred milliseconds.

import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import { dirname, join } from 'node:path';

const require = createRequire(import.meta.url);
const BRIDGE = '@kusto/language-service-next/bridge.min.js';
const PARSER = '@kusto/language-service-next/Kusto.Language.Bridge.min.js';

/** Runs while the snapshot is made (the grammar is built by a first parse) and at the start of a process that uses it. */
const EPILOGUE = String.raw`
;(() => {
  const language = globalThis.Kusto.Language;
  for (const text of [
    'range x from 1 to 3 step 1 | where x > 1 | summarize count() by bin(x, 2)',
    'print a = 1, b = "x" | extend c = strcat(b, a) | project c | order by c asc | take 1',
    'let f = (n:long) { range i from 1 to n step 1 }; f(3) | join kind=inner (f(2)) on i | make-series v = sum(i) default = 0 on i from 0 to 4 step 1',
  ]) language.KustoCode.ParseAndAnalyze(text, language.GlobalState.Default);
  const { startupSnapshot } = require('node:v8');
  startupSnapshot.setDeserializeMainFunction(() => {
    const { createRequire, enableCompileCache } = require('node:module');
    enableCompileCache();
    createRequire(process.argv[1])(process.argv[1]);
  });
})();
`;

const cacheFolder = (): string => join(dirname(require.resolve(BRIDGE)), '..', '..', '.cache', 'framewatch');

/** Where the snapshot of this parser for this Node lies or would lie. */
export function snapshotFile(): string {
  const { version } = require('@kusto/language-service-next/package.json') as { version: string };
  const made = createHash('sha256').update(EPILOGUE).digest('hex').slice(0, 8);
  const name = `kql-parser-${version}-${made}-node-${process.version}-${process.platform}-${process.arch}.blob`;
  return join(cacheFolder(), name);
}

/** The snapshot's file when there is one. */
export function existingSnapshot(): string | null {
  const file = snapshotFile();
  return existsSync(file) ? file : null;
}

/** Takes a snapshot out of use: a process could not start from it. */
export function discardSnapshot(): void {
  rmSync(snapshotFile(), { force: true });
}

/**
 * Makes the snapshot (about four seconds of CPU, at low priority) unless it exists. Resolves with whether it is there;
 * never rejects, because all that is lost without it is time. `onChild` hears of the process, so that it can be ended.
 */
export async function makeSnapshot(onChild: (child: ChildProcess) => void = () => {}): Promise<boolean> {
  const file = snapshotFile();
  if (existsSync(file)) return true;
  const made = `${file}.${process.pid}`;
  const script = `${made}.js`;
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(
      script,
      [BRIDGE, PARSER].map((name) => readFileSync(require.resolve(name), 'utf8')).join('\n;\n') + EPILOGUE,
    );
    const child = spawn(process.execPath, ['--snapshot-blob', made, '--build-snapshot', script], {
      stdio: 'ignore',
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    onChild(child);
    if (child.pid !== undefined) os.setPriority(child.pid, os.constants.priority.PRIORITY_LOW);
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', resolve);
    });
    if (code !== 0) return false;
    renameSync(made, file);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(script, { force: true });
    rmSync(made, { force: true });
  }
}
