import type { RejectReason } from './operations.ts';
import type { Field, Fields, RowOf, Table } from './spec.ts';

export type Checked<Row> = { ok: true; row: Row } | { ok: false; field: string; code: RejectReason; detail: string };

interface Fault {
  code: RejectReason;
  detail: string;
}

const INT_MAX = 2_147_483_647;
const DATETIME = /^(\d{4})-(\d\d)-(\d\d)T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,7})?Z$/;
const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** The same rule as the `pattern` of the emitted JSON Schema plus the calendar. */
export const DATETIME_PATTERN = DATETIME.source;

/** Two digits of a text that matches {@link DATETIME}. */
const pairAt = (text: string, at: number): number => (text.charCodeAt(at) - 48) * 10 + text.charCodeAt(at + 1) - 48;

function isDatetime(text: string): boolean {
  if (!DATETIME.test(text)) return false;
  const [month, day] = [pairAt(text, 5), pairAt(text, 8)];
  if (month !== 2) return day >= 1 && day <= (DAYS[month - 1] ?? 0);
  const [century, year] = [pairAt(text, 0), pairAt(text, 2)];
  const isLeap = year === 0 ? century % 4 === 0 : year % 4 === 0;
  return day >= 1 && day <= (isLeap ? 29 : 28);
}

const shown = (value: unknown): string => {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
};

const wrongType = (field: Field, value: unknown): Fault => ({
  code: 'wrong-type',
  detail: `expected ${field.kind}, got ${value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value}`,
});

/** Length in code points, counted only when the cheap UTF-16 length is already over. */
const isLongerThan = (text: string, max: number): boolean => text.length > max && Array.from(text).length > max;

function checkString(field: Field, value: unknown): Fault | undefined {
  if (typeof value !== 'string') return wrongType(field, value);
  if (field.oneOf && !field.oneOf.includes(value)) {
    return { code: 'unknown-value', detail: `expected one of ${field.oneOf.join(', ')}; got ${shown(value)}` };
  }
  if (field.maxLength !== undefined && isLongerThan(value, field.maxLength)) {
    return { code: 'too-long', detail: `expected at most ${field.maxLength} characters` };
  }
  return undefined;
}

/** A field with {@link rangeOf}. */
interface Ranged {
  readonly field: Field;
  readonly low: number;
  readonly high: number;
}

/** Least and greatest value of a number field. */
export function rangeOf(field: Field): { low: number; high: number } {
  const limit = field.kind === 'real' ? Infinity : field.kind === 'int' ? INT_MAX : Number.MAX_SAFE_INTEGER;
  return { low: field.min ?? -limit, high: field.max ?? limit };
}

function checkNumber({ field, low, high }: Ranged, value: unknown): Fault | undefined {
  if (typeof value !== 'number' || !Number.isFinite(value)) return wrongType(field, value);
  if (field.kind !== 'real' && !Number.isInteger(value)) return wrongType(field, value);
  if (value < low || value > high) {
    return { code: 'out-of-range', detail: `expected ${low} … ${high}, got ${shown(value)}` };
  }
  return undefined;
}

function checkValue(ranged: Ranged, value: unknown): Fault | undefined {
  const { field } = ranged;
  switch (field.kind) {
    case 'string':
      return checkString(field, value);
    case 'bool':
      return typeof value === 'boolean' ? undefined : wrongType(field, value);
    case 'datetime':
      if (typeof value !== 'string') return wrongType(field, value);
      return isDatetime(value)
        ? undefined
        : { code: 'bad-time', detail: `expected RFC 3339 in UTC, got ${shown(value)}` };
    case 'dynamic':
      return typeof value === 'object' && value !== null ? undefined : wrongType(field, value);
    default:
      return checkNumber(ranged, value);
  }
}

/**
 * Makes the checker of a table. It accepts exactly what the emitted JSON Schema accepts (a property test holds it against ajv),
 * copies nothing, and names the first field at fault. Values that are those of `trusted`, which has passed the same
 * checker before, are not looked at again: the rows of one session share half of their columns.
 */
export function checker<F extends Fields>(
  table: Table<F>,
): (value: unknown, trusted?: Readonly<Record<string, unknown>>) => Checked<RowOf<F>> {
  const fields = new Map<string, Ranged>(
    Object.entries<Field>(table.fields).map(([name, field]) => [name, { field, ...rangeOf(field) }]),
  );
  const required = [...fields].filter(([, { field }]) => field.required).map(([name]) => name);
  return (value, trusted) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return { ok: false, field: '', code: 'not-an-object', detail: 'expected an object' };
    }
    const row = value as Record<string, unknown>;
    for (const name of required) {
      if (row[name] === undefined || !Object.hasOwn(row, name)) {
        return { ok: false, field: name, code: 'missing-field', detail: `${name} is required` };
      }
    }
    for (const name of Object.keys(row)) {
      const item = row[name];
      if (item === undefined || (trusted !== undefined && trusted[name] === item)) continue;
      const field = fields.get(name);
      if (!field)
        return {
          ok: false,
          field: name.slice(0, 64),
          code: 'unknown-value',
          detail: `${table.name} has no such field`,
        };
      const fault = checkValue(field, item);
      if (fault) return { ok: false, field: name, ...fault };
    }
    return { ok: true, row: value as RowOf<F> };
  };
}
