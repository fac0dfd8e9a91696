// A copy of what the fast tests need, in a folder of its own, where one file at a time is broken on purpose.
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Mutant } from './mutants.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const COPIED = [
  'functions', 'schema', 'bench/bodies.ts', 'package.json', 'tsconfig.json', 'tsconfig.base.json',
  'test/fuzz', 'test/support', 'test/corpus/dialects',
]; // prettier-ignore
const CONFIG = `export default { test: { include: ['{functions,test}/**/*.test.ts'], testTimeout: 60000 } };\n`;

export interface TestRun {
  readonly passed: number;
  readonly failed: number;
  /** Names of the tests that failed. */
  readonly failures: readonly string[];
  readonly output: string;
}

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly message: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

/** The text with the edit made. @throws when what the edit replaces does not stand there exactly once */
export function edited(text: string, { name, file, from, to }: Mutant): string {
  const parts = text.split(from);
  if (parts.length !== 2)
    throw new Error(
      `mutant "${name}": expected its text once in ${file}, found it ${parts.length - 1} times:\n${from}`,
    );
  return parts.join(to);
}

export const sourceOf = (file: string, root = ROOT): string => readFileSync(join(root, file), 'utf8');

export interface Lab {
  /** Runs test files of the copy as it is, or with one mutant's edit. */
  run(files: readonly string[], mutant?: Mutant): Promise<TestRun>;
  remove(): void;
}

export function lab(): Lab {
  const dir = mkdtempSync(join(tmpdir(), 'framewatch-mutants-'));
  for (const path of COPIED) {
    mkdirSync(join(dir, dirname(path)), { recursive: true });
    cpSync(join(ROOT, path), join(dir, path), { recursive: true });
  }
  symlinkSync(join(ROOT, 'node_modules'), join(dir, 'node_modules'));
  writeFileSync(join(dir, 'vitest.config.js'), CONFIG);
  const vitest = (files: readonly string[]): Promise<TestRun> => {
    const report = join(dir, 'report.json');
    rmSync(report, { force: true });
    const words = [
      'run',
      '--root',
      dir,
      '--reporter=json',
      `--outputFile=${report}`,
      '--no-file-parallelism',
      ...files,
    ];
    const { FRAMEWATCH_HEAVY: _heavy, VITEST: _vitest, ...env } = process.env;
    const child = spawn(process.execPath, [join(ROOT, 'node_modules/vitest/vitest.mjs'), ...words], {
      cwd: dir,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const said: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => said.push(chunk));
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', () => {
        const output = Buffer.concat(said).toString();
        try {
          const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(report, 'utf8')) as Report;
          const unread = testResults.filter(({ assertionResults }) => assertionResults.length === 0);
          if (unread.length > 0)
            throw new Error(`did not load: ${unread.map(({ name, message }) => `${name} ${message}`).join()}`);
          const failures = testResults.flatMap(({ assertionResults }) =>
            assertionResults.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName),
          );
          resolve({ passed: numPassedTests, failed: numFailedTests, failures, output });
        } catch (error) {
          reject(new Error(`the tests left no whole report: ${String(error)}\n${output}`));
        }
      });
    });
  };
  return {
    async run(files, mutant) {
      if (!mutant) return vitest(files);
      const path = join(dir, mutant.file);
      const whole = readFileSync(path, 'utf8');
      writeFileSync(path, edited(whole, mutant));
      try {
        return await vitest(files);
      } finally {
        writeFileSync(path, whole);
      }
    },
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}
