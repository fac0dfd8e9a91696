// The state of tdigest(): here it holds every distinct value with its weight, so percentiles are exact where Kusto estimates,
// and merging gives the same whatever the order. JSON text: ["tdigest", type, [values as text], [weights]].

import type { JsScalar } from './function-types.ts';

type DigestType = 'long' | 'real' | 'datetime' | 'timespan';

interface Digest {
  readonly type: DigestType;
  /** Ascending, each once. */
  readonly values: readonly (bigint | number)[];
  readonly weights: readonly number[];
}

const MOST_VALUES = 1_048_576;

const isType = (type: unknown): type is DigestType =>
  type === 'long' || type === 'real' || type === 'datetime' || type === 'timespan';

const isArray = (value: unknown): value is readonly unknown[] => Array.isArray(value);

function digestOf(state: unknown): Digest {
  const [mark, type, values, weights] = isArray(state) ? state : [];
  if (mark !== 'tdigest' || !isType(type) || !isArray(values) || !isArray(weights) || values.length !== weights.length)
    throw new Error('tdigest: the argument is no state made by tdigest() or tdigest_merge() of this engine');
  return {
    type,
    values: values.map((value) => (type === 'real' ? Number(value) : BigInt(String(value)))),
    weights: weights.map(Number),
  };
}

/** Two whole numbers and a real are one scale; times only among themselves. */
function commonType(types: readonly DigestType[]): DigestType {
  const all = [...new Set(types)];
  const [first = 'long'] = all;
  if (all.length <= 1) return first;
  if (all.every((type) => type === 'long' || type === 'real')) return 'real';
  throw new Error(`tdigest: states of ${all.join(' and ')} can't be merged`);
}

const compare = (a: bigint | number, b: bigint | number): number => (a < b ? -1 : a > b ? 1 : 0);

function merge(states: readonly unknown[]): unknown {
  const digests = states.map(digestOf);
  const type = commonType(digests.filter((digest) => digest.values.length > 0).map((digest) => digest.type));
  const weightOf = new Map<bigint | number, number>();
  for (const { values, weights } of digests) {
    values.forEach((value, i) => {
      const weight = weights[i] ?? 0;
      const key = type === 'real' ? Number(value) : value;
      if (weight > 0) weightOf.set(key, (weightOf.get(key) ?? 0) + weight);
    });
  }
  if (weightOf.size > MOST_VALUES) throw new Error(`tdigest: more than ${MOST_VALUES} distinct values`);
  const entries = [...weightOf].sort(([a], [b]) => compare(a, b));
  return ['tdigest', type, entries.map(([value]) => String(value)), entries.map(([, weight]) => weight)];
}

/** Nearest rank, as percentile() and percentilew() have it; in text, undefined without values. */
function percentile(state: unknown, share: number, wanted: string): string | undefined {
  const { type, values, weights } = digestOf(state);
  if (values.length === 0) return undefined;
  if (wanted !== type && !(wanted === 'real' && type === 'long') && wanted !== '')
    throw new Error(`percentile of a tdigest of ${type} as ${wanted}`);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const target = (share / 100) * total - total * 1e-12;
  let reached = 0;
  const at = weights.findIndex((weight) => (reached += weight) >= target);
  return String(values[at < 0 ? values.length - 1 : at]);
}

/** Weight of the values that are not above, and of all. */
function rank(state: unknown, value: string, type: string): { below: number; total: number } {
  const digest = digestOf(state);
  const numeric = digest.type === 'long' || digest.type === 'real';
  if (numeric ? type !== 'long' && type !== 'real' : type !== digest.type)
    throw new Error(`the rank of a ${type} in a tdigest of ${digest.type}`);
  const limit = type === 'real' ? Number(value) : BigInt(value);
  let [below, total] = [0, 0];
  digest.values.forEach((item, i) => {
    const weight = digest.weights[i] ?? 0;
    total += weight;
    if (item <= limit) below += weight;
  });
  return { below, total };
}

const js = (row: Omit<JsScalar, 'kind'>): JsScalar => ({ kind: 'js', ...row });

/** Called by the compiler for the tdigest functions. */
export const DIGEST_HELPERS: readonly JsScalar[] = [
  js({ name: 'internal_tdigest_merge', args: ['dynamic'], result: 'dynamic', call: merge }),
  js({
    name: 'internal_tdigest_percentile',
    args: ['dynamic', 'number', 'string'],
    result: 'json',
    call: percentile,
  }),
  js({
    name: 'internal_tdigest_rank',
    args: ['dynamic', 'string', 'string'],
    result: 'real',
    call: (state: unknown, value: string, type: string) => rank(state, value, type).below,
  }),
  js({
    name: 'internal_tdigest_share',
    args: ['dynamic', 'string', 'string'],
    result: 'real',
    call: (state: unknown, value: string, type: string) => {
      const { below, total } = rank(state, value, type);
      return total === 0 ? undefined : (below * 100) / total;
    },
  }),
];
