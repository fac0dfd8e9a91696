import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { lineOf, type Finding } from './finding.ts';
import { findings } from './run.ts';

/** A fault put into a real file, in memory, and what has to be said of it. */
export interface SeededFault {
  readonly file: string;
  /** Text to take out, and what comes instead; the text occurs in the file. Empty: a new file. */
  readonly find: string;
  readonly put: string;
  readonly check: string;
  /** Where: text of the line that the finding points to, after the change; the first changed line, if absent. */
  readonly line?: string;
  /** The file of the finding, when it is another. */
  readonly inFile?: string;
  readonly got: RegExp;
  readonly expected: RegExp;
  readonly rule?: RegExp;
  /** Checks that cannot help to see the same fault from their side. */
  readonly also?: readonly string[];
}

const root = join(import.meta.dirname, '../..');
const textOf = (file: string): string => readFileSync(join(root, file), 'utf8');

export const module = (name: string): string => `infra/modules/${name}.bicep`;

let before: ReadonlySet<string> | undefined;

/** Puts the fault in and expects that the right check tells it: where, what, got, expected; and no other check. */
export function expectFound(fault: SeededFault): void {
  before ??= new Set(findings({}, 'few').map(lineOf));
  if (fault.find !== '')
    expect(textOf(fault.file), `${fault.file} still holds the text to change`).toContain(fault.find);
  const text = fault.find === '' ? fault.put : textOf(fault.file).replace(fault.find, () => fault.put);
  const found = findings({ [fault.file]: text }, 'few').filter((each) => !before?.has(lineOf(each)));
  const others = found.filter(({ check }) => check !== fault.check && !fault.also?.includes(check));
  expect(others.map(lineOf), 'no other check cries').toEqual([]);
  const file = fault.inFile ?? fault.file;
  const lines = (file === fault.file ? text : textOf(file)).split('\n');
  const wanted = (fault.line ?? fault.put.split('\n')[0] ?? '').trim();
  const fits = (each: Finding): boolean =>
    each.check === fault.check &&
    each.file === file &&
    (lines[each.line - 1] ?? '').includes(wanted) &&
    fault.got.test(each.got) &&
    fault.expected.test(each.expected) &&
    (fault.rule?.test(each.rule ?? '') ?? true);
  expect(found.some(fits), `no finding of ${fault.check} fits; found:\n${found.map(lineOf).join('\n')}`).toBe(true);
}
