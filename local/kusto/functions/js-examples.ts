import type { ScalarFunction } from './function-types.ts';

/** Text oddities in JavaScript. Serves as the example of a row. */
export const JS_EXAMPLES: readonly ScalarFunction[] = [
  {
    kind: 'js',
    name: 'reverse',
    args: ['string'],
    result: 'string',
    call: (text: string) => Array.from(text).reverse().join(''),
  },
];
