import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { DEFAULT_LIMITS, LINES_AN_EVENT } from '../functions/pipeline/decode.ts';
import { HARD_DEPTH, HARD_VALUES } from '../functions/pipeline/json-scan.ts';
import { MAX_LINE_BYTES } from '../functions/pipeline/line-splitter.ts';

const root = join(import.meta.dirname, '..');
const names = (file: string, pattern: RegExp): string[] =>
  [...new Set(Array.from(readFileSync(join(root, file), 'utf8').matchAll(pattern), ([, name]) => name!))].sort();

it('every setting the functions read is on the settings page, and nothing else is', () => {
  const read = names('functions/config.ts', /\b(FRAMEWATCH_[A-Z_]+)\b/g);
  expect(read.length).toBeGreaterThan(15);
  expect(names('docs/settings.md', /^\| `(FRAMEWATCH_[A-Z_]+)`/gm)).toEqual(read);
});

it('the limits on the page are those of the code', () => {
  const page = readFileSync(join(root, 'docs/settings.md'), 'utf8');
  const limits = page.slice(page.indexOf('## Limits'), page.indexOf('## Tokens'));
  const shown = Array.from(limits.matchAll(/\| ([\d,]+)(?: \w+)? \|$/gm), ([, figure]) =>
    Number(figure!.replaceAll(',', '')),
  );
  const { maxBodyBytes, maxEvents, maxEventBytes, maxDepth, maxKeys } = DEFAULT_LIMITS;
  const constant = (file: string, name: string): number => {
    const [, product = ''] =
      new RegExp(`const ${name} = ([\\d_ *]+);`).exec(readFileSync(join(root, file), 'utf8')) ?? [];
    return product.split('*').reduce((value, factor) => value * Number(factor.replaceAll('_', '')), 1);
  };
  expect(shown).toEqual([
    constant('functions/index.ts', 'MAX_WIRE_BYTES'),
    maxBodyBytes,
    maxEvents,
    maxEvents * LINES_AN_EVENT,
    HARD_VALUES,
    HARD_DEPTH,
    maxEventBytes,
    maxDepth,
    maxKeys,
    constant('functions/pipeline/normalize/probe.ts', 'HEADER_LENGTH'),
    MAX_LINE_BYTES,
  ]);
});
