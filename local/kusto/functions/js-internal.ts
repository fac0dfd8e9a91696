// Helpers that the compiler itself calls; KQL can't name them.

import { parseDatetime, parseTimespan } from '../sql/literals.ts';
import type { JsScalar } from './function-types.ts';

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

export const INTERNAL_FUNCTIONS: readonly JsScalar[] = [toSeries, toDatetime, toTimespan];
