// Helpers that the compiler itself calls; KQL can't name them.

import { keyValues } from '../scalars/key-values.ts';
import { parseDatetime, parseTimespan } from '../sql/literals.ts';
import type { JsScalar } from './function-types.ts';
import { DIGEST_HELPERS } from './js-digest.ts';

const isNumberOrNull = (item: unknown): boolean => item === null || typeof item === 'number';

/** JSON text of an array → series; null when it is no array of numbers and nulls. Booleans count as 0 and 1. */
const toSeries: JsScalar = {
  kind: 'js',
  name: 'internal_series',
  args: ['dynamic'],
  result: 'series',
  call: (value: unknown) => {
    if (!Array.isArray(value)) return null;
    const numbers = value.map((item: unknown) => (typeof item === 'boolean' ? Number(item) : item));
    return numbers.every(isNumberOrNull) ? numbers : null;
  },
};

const toDatetime: JsScalar = {
  kind: 'js',
  name: 'internal_datetime',
  args: ['string'],
  result: 'datetime',
  call: parseDatetime,
};

const toTimespan: JsScalar = {
  kind: 'js',
  name: 'internal_timespan',
  args: ['string'],
  result: 'timespan',
  call: parseTimespan,
};

/** JSON text of an array of bags → one bag; the first value of a key stays. */
const mergeBags: JsScalar = {
  kind: 'js',
  name: 'internal_merge_bags',
  args: ['dynamic'],
  result: 'dynamic',
  call: (bags: unknown[]) => {
    const merged: Record<string, unknown> = {};
    for (const bag of bags) {
      if (typeof bag !== 'object' || bag === null || Array.isArray(bag)) continue;
      for (const [key, value] of Object.entries(bag)) if (!Object.hasOwn(merged, key)) merged[key] = value;
    }
    return merged;
  },
};

/** Position (from 1) of the value at a percentile, where values come in order with these weights; nearest rank. */
const weightedRank: JsScalar = {
  kind: 'js',
  name: 'internal_weighted_rank',
  args: ['series', 'number'],
  result: 'long',
  call: (weights: readonly (number | null)[], percentile: number) => {
    const total = weights.reduce<number>((sum, weight) => sum + Math.max(weight ?? 0, 0), 0);
    const target = (percentile / 100) * total;
    let reached = 0;
    for (let i = 0; i < weights.length; i++) {
      const weight = Math.max(weights[i] ?? 0, 0);
      reached += weight;
      if (weight > 0 && reached >= target - total * 1e-12) return i + 1;
    }
    return weights.length > 0 ? weights.length : null;
  },
};

/** Start of the session of each row: a new one begins too far from its first row or from the row before. Times in ticks. */
const sessions: JsScalar = {
  kind: 'js',
  name: 'internal_sessions',
  args: ['dynamic', 'timespan', 'timespan'],
  result: 'dynamic',
  call: (times: readonly (string | null)[], maxFromFirst: bigint, maxBetween: bigint) => {
    let first: bigint | undefined;
    let last: bigint | undefined;
    return times.map((text) => {
      // After a null the next value starts a new session; at the distances themselves one starts as well.
      if (text === null) {
        first = undefined;
        return null;
      }
      const time = BigInt(text);
      if (first === undefined || last === undefined || time - first >= maxFromFirst || time - last >= maxBetween)
        first = time;
      last = time;
      return first.toString();
    });
  },
};

function schemaOf(value: unknown): unknown {
  if (value === null) return undefined;
  if (Array.isArray(value)) return { '`indexer`': union(value.map(schemaOf)) };
  if (typeof value === 'object')
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, schemaOf(item)]));
  if (typeof value === 'number') return Number.isInteger(value) ? 'long' : 'double';
  return typeof value === 'boolean' ? 'bool' : 'string';
}

const isBag = (schema: unknown): schema is Record<string, unknown> =>
  typeof schema === 'object' && schema !== null && !Array.isArray(schema);

/** All types that were seen at one place: one of them, or a list. Bags are joined. */
function union(schemas: readonly unknown[]): unknown {
  const seen = schemas
    .flatMap((schema) => (Array.isArray(schema) ? (schema as unknown[]) : [schema]))
    .filter((schema) => schema !== undefined);
  const plain = [...new Set(seen.filter((schema) => !isBag(schema)))].map(String).sort((a, b) => (a < b ? -1 : 1));
  const bags = seen.filter(isBag);
  const keys = [...new Set(bags.flatMap((bag) => Object.keys(bag)))];
  const bag = Object.fromEntries(keys.map((key) => [key, union(bags.map((item) => item[key]))]));
  const all = bags.length > 0 ? [...plain, bag] : plain;
  return all.length === 1 ? all[0] : all.length === 0 ? undefined : all;
}

/** `buildschema` of a JSON array of values. */
const schema: JsScalar = {
  kind: 'js',
  name: 'internal_schema',
  args: ['dynamic'],
  result: 'dynamic',
  call: (values: unknown[]) => union(values.map(schemaOf)),
};

/** parse-kv: the pairs of a text as a bag of texts. */
const pairs: JsScalar = {
  kind: 'js',
  name: 'internal_pairs',
  args: ['string', 'dynamic'],
  result: 'dynamic',
  call: keyValues,
};

export const INTERNAL_FUNCTIONS: readonly JsScalar[] = [
  toSeries,
  toDatetime,
  toTimespan,
  mergeBags,
  weightedRank,
  sessions,
  schema,
  pairs,
  ...DIGEST_HELPERS,
];
