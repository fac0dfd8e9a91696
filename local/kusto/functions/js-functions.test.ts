import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseDatetime } from '../scalars/datetime-text.ts';
import { parseTimespan } from '../scalars/timespan-text.ts';
import type { ArgumentKind, JsScalar, ResultKind } from './function-types.ts';
import { SCALARS } from './registry.ts';

interface Golden {
  readonly calls: readonly {
    readonly id: string;
    readonly call: string;
    readonly args: readonly (string | number | null)[];
    readonly result: unknown;
  }[];
}

const golden = (name: string): Golden =>
  JSON.parse(readFileSync(new URL(`../scalars/golden/${name}.json`, import.meta.url), 'utf8')) as Golden;

/** A golden argument as the engine hands it over. */
function argument(kind: ArgumentKind | undefined, value: string | number | null): unknown {
  if (value === null) return kind === 'string' ? '' : null;
  if (kind === 'long') return BigInt(value);
  if (kind === 'datetime') return parseDatetime(String(value));
  if (kind === 'timespan') return parseTimespan(String(value));
  return value;
}

/** A result as a client would see it. */
function shown(kind: ResultKind | readonly ResultKind[], value: unknown): unknown {
  if (value === undefined || value === null) return kind === 'string' ? '' : null;
  if (kind === 'json') return JSON.parse(value as string) as unknown;
  if (typeof value === 'bigint') return Number(value);
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
}

function run(name: string, args: Golden['calls'][number]['args']): unknown {
  const fn = SCALARS.get(name) as JsScalar;
  expect(fn?.kind).toBe('js');
  const values = args.map((value, i) => argument(fn.args[i] ?? fn.rest, value));
  if (fn.nulls !== 'see' && values.includes(null)) return shown(fn.result, null);
  return shown(fn.result, (fn.call as (...all: unknown[]) => unknown)(...values));
}

describe.each(['recorded', 'documented'])('%s answers', (file) => {
  test.each(golden(file).calls)('$id: $call $args', ({ call, args, result }) => {
    const actual = run(call, args);
    const expected = (SCALARS.get(call) as JsScalar).result === 'string' ? (result ?? '') : result;
    if (typeof actual === 'number' && typeof expected === 'number')
      expect(Math.abs(actual - expected)).toBeLessThanOrEqual(1e-9 * Math.abs(expected));
    else expect(actual).toEqual(expected);
  });
});
