// Compares an answer with a recorded one: rows as a multiset, reals with 1e-9, whole numbers exactly, times by ticks.

import type { Column, KustoType } from '../types.ts';
import { parseDatetime, parseTimespan } from '../sql/literals.ts';

export interface RecordedCase {
  readonly id: string;
  readonly topic: string;
  readonly query: string;
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly unknown[])[];
  /** The answer comes out ordered by these columns. */
  readonly orderBy?: readonly string[];
  /** The language leaves the order inside arrays open. */
  readonly anyArrayOrder?: boolean;
  /** Where the expectation comes from (own cases). */
  readonly origin?: string;
}

const REVIVE_BIG = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
const MARK = '\u0001';

/** JSON.parse that keeps whole numbers beyond 2^53, as text behind a mark. */
export function parseExact(text: string): unknown {
  return JSON.parse(
    text.replace(REVIVE_BIG, (token) =>
      /^-?\d{16,}$/.test(token) && !Number.isSafeInteger(Number(token)) ? `"\\u0001${token}"` : token,
    ),
  );
}

const whole = (value: unknown): bigint | undefined => {
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : undefined;
  return typeof value === 'string' && value.startsWith(MARK) ? BigInt(value.slice(1)) : undefined;
};

const real = (value: unknown): number | undefined => {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string') return undefined;
  if (value.startsWith(MARK)) return Number(value.slice(1));
  return ['NaN', 'Infinity', '-Infinity'].includes(value) ? Number(value) : undefined;
};

const isNumber = (value: unknown): boolean =>
  typeof value === 'number' || (typeof value === 'string' && value.startsWith(MARK));

function close(a: number | undefined, b: number | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  if (a === b || (Number.isNaN(a) && Number.isNaN(b))) return true;
  if (!Number.isFinite(a) || !Number.isFinite(b)) return false;
  const difference = Math.abs(a - b);
  return difference <= 1e-12 || difference <= 1e-9 * Math.max(Math.abs(a), Math.abs(b));
}

const sameTime = (a: unknown, b: unknown, parse: (text: string) => bigint | undefined): boolean => {
  if (typeof a !== 'string' || typeof b !== 'string') return false;
  const ticks = parse(a);
  return ticks !== undefined && ticks === parse(b);
};

function pairs<T>(expected: readonly T[], actual: readonly T[], same: (a: T, b: T) => boolean): boolean {
  const rest = [...actual];
  return (
    expected.length === actual.length &&
    expected.every((item) => {
      const at = rest.findIndex((other) => same(item, other));
      if (at >= 0) rest.splice(at, 1);
      return at >= 0;
    })
  );
}

function sameObject(a: Record<string, unknown>, b: Record<string, unknown>, loose: boolean): boolean {
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && sameDynamic(a[key], b[key], loose))
  );
}

function sameDynamic(a: unknown, b: unknown, loose: boolean): boolean {
  if (a === null || b === null) return a === b;
  if (isNumber(a) && isNumber(b)) {
    const [x, y] = [whole(a), whole(b)];
    return x !== undefined && y !== undefined ? x === y : close(real(a), real(b));
  }
  if (typeof a === 'string' && typeof b === 'string') {
    return a === b || sameTime(a, b, parseDatetime) || (/:/.test(a) && sameTime(a, b, parseTimespan));
  }
  if (Array.isArray(a) && Array.isArray(b)) {
    const same = (x: unknown, y: unknown): boolean => sameDynamic(x, y, loose);
    return loose
      ? pairs(a as unknown[], b as unknown[], same)
      : a.length === b.length && a.every((item, i) => same(item, b[i]));
  }
  if (typeof a === 'object' && typeof b === 'object' && !Array.isArray(a) && !Array.isArray(b)) {
    return sameObject(a as Record<string, unknown>, b as Record<string, unknown>, loose);
  }
  return a === b;
}

function sameCell(type: KustoType, a: unknown, b: unknown, loose: boolean): boolean {
  if (a === null || b === null) return a === b;
  switch (type) {
    case 'bool':
      return Number(a) === Number(b);
    case 'int':
    case 'long':
      return whole(a) !== undefined && whole(a) === whole(b);
    case 'real':
      return close(real(a), real(b));
    case 'decimal':
      return close(Number(a), Number(b));
    case 'datetime':
      return sameTime(a, b, parseDatetime);
    case 'timespan':
      return sameTime(a, b, parseTimespan);
    case 'guid':
      return typeof a === 'string' && typeof b === 'string' && a.toLowerCase() === b.toLowerCase();
    case 'dynamic':
      return sameDynamic(a, b, loose);
    case 'string':
      return a === b;
  }
}

/** What differs, in words; undefined when the answer is right. Rows are JSON texts. */
export function difference(
  expected: RecordedCase,
  columns: readonly Column[],
  rowTexts: readonly string[],
): string | undefined {
  const names = columns.map((column) => column.name).join(', ');
  const wanted = expected.columns.map((column) => column.name).join(', ');
  if (names !== wanted) return `columns [${names}], expected [${wanted}]`;
  const rows = rowTexts.map((text) => parseExact(text) as unknown[]);
  const loose = expected.anyArrayOrder === true;
  const same = (a: readonly unknown[], b: readonly unknown[]): boolean =>
    expected.columns.every((column, i) => sameCell(column.type, a[i], b[i], loose));
  if (!pairs(expected.rows, rows, same)) {
    return `rows differ: ${JSON.stringify(rows).slice(0, 300)}, expected ${JSON.stringify(expected.rows).slice(0, 300)}`;
  }
  const keys = (expected.orderBy ?? []).map((name) => expected.columns.findIndex((column) => column.name === name));
  const disorder = expected.rows.findIndex(
    (row, r) => !keys.every((i) => sameCell(expected.columns[i]?.type ?? 'string', row[i], rows[r]?.[i], loose)),
  );
  return keys.length > 0 && disorder >= 0 ? `not ordered by ${expected.orderBy?.join(', ') ?? ''}` : undefined;
}
