import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, it, onTestFinished } from 'vitest';
import type { FileResult } from './attempts-reporter.ts';

const ROOT = join(import.meta.dirname, '..');
const FILES = {
  good: `it('is well', () => expect(1).toBe(1));`,
  patient: `let tries = 0; it('comes late', { retry: 1 }, () => expect(++tries).toBe(2));`,
  bad: `it('is wrong', () => expect('this').toBe('that'));`,
  unready: `beforeAll(() => { throw new Error('no server'); }); it('waits for it', () => undefined);`,
  stray: `it('leaves a timer', async () => {
    setTimeout(() => { throw new Error('too late'); }, 5);
    await new Promise((resolve) => setTimeout(resolve, 100));
  });`,
};

it('names each file that did not pass with its first reason, and says what a retried test failed of', async () => {
  const root = mkdtempSync(join(tmpdir(), 'framewatch-attempts-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'));
  writeFileSync(join(root, 'package.json'), '{"type":"module"}');
  for (const [name, body] of Object.entries(FILES))
    writeFileSync(join(root, `${name}.test.ts`), `import { beforeAll, expect, it } from 'vitest';\n${body}\n`);
  const list = join(root, 'failed');
  const words = ['run', '--root', root, `--reporter=${join(import.meta.dirname, 'attempts-reporter.ts')}`];
  const child = spawn(process.execPath, [join(ROOT, 'node_modules/vitest/vitest.mjs'), ...words], {
    cwd: root,
    env: { ...process.env, FRAMEWATCH_FILE_RESULTS: list },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const said = await text(child.stderr);
  expect(said).toMatch(
    /^RETRIED patient\.test\.ts > comes late: it passed after\nexpected 1 to be 2[^\n]*\n +at .*patient\.test\.ts:2/m,
  );
  expect(said.match(/^RETRIED/gm)).toHaveLength(1);
  const results = readFileSync(list, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as FileResult)
    .toSorted((one, other) => (one.file < other.file ? -1 : 1));
  const counts = { project: '', skipped: 0, passed: 1, failed: 0 };
  expect(results).toEqual([
    {
      ...counts,
      file: 'bad.test.ts',
      passed: 0,
      failed: 1,
      reason: expect.stringMatching(/^is wrong: expected 'this' to be 'that'[^]*bad\.test\.ts:2/) as string,
    },
    { ...counts, file: 'good.test.ts' },
    { ...counts, file: 'patient.test.ts' },
    { ...counts, file: 'stray.test.ts', reason: expect.stringContaining('too late') as string },
    {
      ...counts,
      file: 'unready.test.ts',
      passed: 0,
      skipped: 1,
      reason: expect.stringContaining('no server') as string,
    },
  ]);
}, 60_000);
