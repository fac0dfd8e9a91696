import { betaCdf, betaInv, betaPdf, erf, erfc, gamma, logGamma, welchTest } from '../scalars/special-functions.ts';
import { convertTemperature, convertUnit, UNIT_QUANTITIES } from '../scalars/units.ts';
import type { ScalarFunction } from './function-types.ts';

const PLAIN: readonly ScalarFunction[] = (
  [
    ['gamma', gamma],
    ['loggamma', logGamma],
    ['erf', erf],
    ['erfc', erfc],
  ] as const
).map(([name, call]): ScalarFunction => ({ kind: 'js', name, args: ['number'], result: 'real', call }));

const BETA: readonly ScalarFunction[] = (
  [
    ['beta_cdf', betaCdf],
    ['beta_pdf', betaPdf],
    ['beta_inv', betaInv],
  ] as const
).map(([name, call]): ScalarFunction => ({
  kind: 'js',
  name,
  args: ['number', 'number', 'number'],
  result: 'real',
  call,
}));

const CONVERSIONS: readonly ScalarFunction[] = [
  ...UNIT_QUANTITIES.map((quantity): ScalarFunction => ({
    kind: 'js',
    name: `convert_${quantity}`,
    args: ['number', 'string', 'string'],
    result: 'real',
    call: (value: number, from: string, to: string) => convertUnit(quantity, value, from, to),
  })),
  {
    kind: 'js',
    name: 'convert_temperature',
    args: ['number', 'string', 'string'],
    result: 'real',
    call: convertTemperature,
  },
];

const TESTS: readonly ScalarFunction[] = [
  {
    kind: 'js',
    name: 'welch_test',
    args: ['number', 'number', 'number', 'number', 'number', 'number'],
    result: 'real',
    call: (mean1: number, variance1: number, count1: number, mean2: number, variance2: number, count2: number) =>
      welchTest(
        { mean: mean1, variance: variance1, count: count1 },
        { mean: mean2, variance: variance2, count: count2 },
      ),
  },
];

/** Rare functions on numbers, in JavaScript. */
export const JS_NUMBERS: readonly ScalarFunction[] = [...PLAIN, ...BETA, ...CONVERSIONS, ...TESTS];
