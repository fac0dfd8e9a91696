import { BINARY, COMPARE, mapSeries, UNARY, zipSeries } from '../series/elementwise.ts';
import { fillBackward, fillForward, fillLinear, isMissing } from '../series/fill.ts';
import { UnknownAnswer, type Series } from '../series/types.ts';
import { cosineSimilarity, dotProduct, magnitude, pearson, seriesProduct, seriesSum } from '../series/vectors.ts';
import { numberArrayOf, numbersText, numberText } from '../scalars/number-array.ts';
import type { ScalarFunction } from './function-types.ts';

/** Functions whose answer on integers are integers. */
const KEEPS_INTEGERS = new Set(['abs', 'add', 'subtract', 'multiply', 'sign']);

interface Operand {
  readonly values: Series | number;
  readonly integers: boolean;
}

/** An array, or a number that stands for an array of it. */
function operandOf(text: string | null): Operand | undefined {
  const array = numberArrayOf(text);
  if (array || text === null) return array;
  const value = Number(text);
  return text.trim() === '' || Number.isNaN(value) ? undefined : { values: value, integers: !/[.eE]/.test(text) };
}

function exactIntegers(values: Series, name: string): Series {
  if (values.some((value) => value !== null && !Number.isSafeInteger(value)))
    throw new UnknownAnswer(`${name}: a long beyond 2^53`);
  return values;
}

function writeNumbers(values: Series, integers: boolean, name: string): string {
  return numbersText(integers ? exactIntegers(values, name) : values, integers);
}

const UNARY_ROWS = Object.entries(UNARY).map(([short, apply]): ScalarFunction => {
  const name = `series_${short}`;
  return {
    kind: 'js',
    name,
    args: ['json'],
    result: 'json',
    call: (text: string) => {
      const series = numberArrayOf(text);
      return (
        series && writeNumbers(mapSeries(series.values, apply), series.integers && KEEPS_INTEGERS.has(short), name)
      );
    },
  };
});

const BINARY_ROWS = Object.entries(BINARY).map(([short, apply]): ScalarFunction => {
  const name = `series_${short}`;
  return {
    kind: 'js',
    name,
    args: ['json', 'json'],
    result: 'json',
    call: (leftText: string, rightText: string) => {
      const left = operandOf(leftText);
      const right = operandOf(rightText);
      if (!left || !right || (typeof left.values === 'number' && typeof right.values === 'number')) return null;
      return writeNumbers(
        zipSeries(left.values, right.values, apply),
        left.integers && right.integers && KEEPS_INTEGERS.has(short),
        name,
      );
    },
  };
});

const COMPARE_ROWS = Object.entries(COMPARE).map(([short, apply]): ScalarFunction => ({
  kind: 'js',
  name: `series_${short}`,
  args: ['json', 'json'],
  result: 'dynamic',
  call: (leftText: string, rightText: string) => {
    const left = operandOf(leftText);
    const right = operandOf(rightText);
    if (!left || !right || (typeof left.values === 'number' && typeof right.values === 'number')) return null;
    return zipSeries(left.values, right.values, apply);
  },
}));

/** `null` in the place of the placeholder means that nulls are missing. */
type Placeholder = number | null | undefined;

const FILL_ROWS: readonly ScalarFunction[] = [
  {
    kind: 'js',
    name: 'series_fill_const',
    args: ['json', 'json', 'number'],
    required: 2,
    nulls: 'see',
    result: 'json',
    call: (text: string | null, constantText: string | null, placeholder?: Placeholder) => {
      const series = numberArrayOf(text);
      const constant = operandOf(constantText);
      if (!series || typeof constant?.values !== 'number') return null;
      // A real stays one between integers, also when it has no fraction: [1,0.0].
      const filling = numberText(constant.values, constant.integers && series.integers);
      const kept = (value: number | null): string => numberText(value, series.integers);
      exactIntegers(series.integers ? series.values : [], 'series_fill_const');
      return `[${series.values.map((value) => (isMissing(value, placeholder ?? null) ? filling : kept(value))).join(',')}]`;
    },
  },
  ...(
    [
      ['series_fill_forward', fillForward],
      ['series_fill_backward', fillBackward],
    ] as const
  ).map(([name, fill]): ScalarFunction => ({
    kind: 'js',
    name,
    args: ['json', 'number'],
    required: 1,
    nulls: 'see',
    result: 'json',
    call: (text: string | null, placeholder?: Placeholder) => {
      const series = numberArrayOf(text);
      return series && writeNumbers(fill(series.values, placeholder), series.integers, name);
    },
  })),
  {
    kind: 'js',
    name: 'series_fill_linear',
    args: ['json', 'number', 'bool', 'number'],
    required: 1,
    nulls: 'see',
    result: 'json',
    call: (text: string | null, placeholder?: Placeholder, edges?: boolean | null, constant?: number | null) => {
      const series = numberArrayOf(text);
      if (!series) return null;
      const hasValue = series.values.some((value) => value !== null);
      const integers = series.integers && hasValue;
      const filled = fillLinear(series.values, {
        placeholder: placeholder ?? null,
        edges: edges ?? true,
        constant: constant === undefined ? 0 : constant,
        integers,
      });
      return writeNumbers(filled, integers, 'series_fill_linear');
    },
  },
];

const VECTOR_ROWS: readonly ScalarFunction[] = [
  {
    kind: 'js',
    name: 'series_dot_product',
    args: ['json', 'json'],
    result: 'real',
    call: (leftText: string, rightText: string) => {
      const left = operandOf(leftText);
      const right = operandOf(rightText);
      return left && right && dotProduct(left.values, right.values);
    },
  },
  { kind: 'js', name: 'series_magnitude', args: ['series'], result: 'real', call: magnitude },
  { kind: 'js', name: 'series_sum', args: ['series'], result: 'real', call: seriesSum },
  { kind: 'js', name: 'series_product', args: ['series'], result: 'real', call: seriesProduct },
  {
    kind: 'js',
    name: 'series_cosine_similarity',
    args: ['series', 'series', 'number', 'number'],
    required: 2,
    result: 'real',
    call: cosineSimilarity,
  },
  { kind: 'js', name: 'series_pearson_correlation', args: ['series', 'series'], result: 'real', call: pearson },
];

/** Series functions that go element by element, fill, or reduce two series to a number, in JavaScript. */
export const JS_SERIES_ELEMENTS: readonly ScalarFunction[] = [
  ...UNARY_ROWS,
  ...BINARY_ROWS,
  ...COMPARE_ROWS,
  ...FILL_ROWS,
  ...VECTOR_ROWS,
];
