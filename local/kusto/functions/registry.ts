// The functions that KQL may call, as data: one row each. `docs/kql-support.md` is made from it.
//
// To add a scalar function:
// - in SQL (anything that may run on millions of rows): a row `{ kind: 'native', name, arity: [min, max], build: (args, site) => sql }`
//   in the `native-*.ts` file of its topic. `args` are translated already (`args[0].sql`, `.type`, `.constant`).
// - in JavaScript: a row `{ kind: 'js', name, args: ['string', 'long'], required: 1, result: 'dynamic', call: (text: string, n?: bigint) => … }`
//   in a `js-*.ts` file. `args`/`result` say how values are handed over (see ArgumentKind, ResultKind); the compiler and
//   `register.ts` do the conversion. Optional arguments: `required`; variadic: `rest`; several results (`(a, b) = f(x)`): an array as `result`;
//   `nulls: 'see'` when it wants to see nulls. Throw an Error to refuse.
//   Then add the file's list to SCALAR_LISTS below. The parser knows the KQL signatures, result types and column names already.
// To add an aggregate: a row in `aggregates-*.ts`.
// A function that is not here is refused with its name and position.

import { BASIC_AGGREGATES } from './aggregates-basic.ts';
import { COLLECTING_AGGREGATES } from './aggregates-collect.ts';
import type { Aggregate, ScalarFunction } from './function-types.ts';
import { JS_DYNAMIC } from './js-dynamic.ts';
import { JS_EXAMPLES } from './js-examples.ts';
import { JS_GEO } from './js-geo.ts';
import { JS_HASH } from './js-hash.ts';
import { JS_IP } from './js-ip.ts';
import { JS_NUMBERS } from './js-numbers.ts';
import { JS_RARE } from './js-rare.ts';
import { JS_SERIES } from './js-series.ts';
import { JS_SERIES_ELEMENTS } from './js-series-elements.ts';
import { JS_TEXT } from './js-text.ts';
import { NATIVE_DATETIME } from './native-datetime.ts';
import { NATIVE_DYNAMIC } from './native-dynamic.ts';
import { NATIVE_LOGIC } from './native-logic.ts';
import { NATIVE_MATH } from './native-math.ts';
import { NATIVE_RARE } from './native-rare.ts';
import { NATIVE_TEXT } from './native-text.ts';
import { SKETCH_AGGREGATES, SKETCH_SCALARS } from './sketches.ts';

const SCALAR_LISTS: readonly (readonly ScalarFunction[])[] = [
  JS_DYNAMIC,
  JS_EXAMPLES,
  JS_GEO,
  JS_HASH,
  JS_IP,
  JS_NUMBERS,
  JS_RARE,
  JS_SERIES,
  JS_SERIES_ELEMENTS,
  JS_TEXT,
  NATIVE_DATETIME,
  NATIVE_DYNAMIC,
  NATIVE_LOGIC,
  NATIVE_MATH,
  NATIVE_RARE,
  NATIVE_TEXT,
  SKETCH_SCALARS,
];

const AGGREGATE_LISTS: readonly (readonly Aggregate[])[] = [BASIC_AGGREGATES, COLLECTING_AGGREGATES, SKETCH_AGGREGATES];

function byName<T extends { readonly name: string }>(lists: readonly (readonly T[])[]): ReadonlyMap<string, T> {
  const map = new Map<string, T>();
  for (const row of lists.flat()) {
    if (map.has(row.name)) throw new Error(`function ${row.name} is registered twice`);
    map.set(row.name, row);
  }
  return map;
}

/** Scalar functions by KQL name. */
export const SCALARS = byName(SCALAR_LISTS);

/** Aggregates by KQL name. */
export const AGGREGATES = byName(AGGREGATE_LISTS);
