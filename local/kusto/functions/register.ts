import {
  DuckDBDataChunk,
  DuckDBScalarFunction,
  STRUCT,
  type DuckDBConnection,
  type DuckDBType,
} from '@duckdb/node-api';
import { DuckDBStructValue } from '@duckdb/node-api';
import duckdb from '@duckdb/node-bindings';
import type { ArgumentKind, JsScalar, ResultKind } from './function-types.ts';
import { ARGUMENT_TYPE, readerOf, RESULT_TYPE, writeValue } from './js-values.ts';
import { isRaw, rawWriter, type RawKind } from './list-vectors.ts';
import { INTERNAL_FUNCTIONS } from './js-internal.ts';
import { SCALARS } from './registry.ts';

/** Name of the UDF behind a JavaScript function when it is called with so many arguments. */
export function udfName(fn: JsScalar, argumentCount: number): string {
  return `kql_${fn.name}_${fn.rest && argumentCount > fn.args.length ? 'n' : argumentCount}`;
}

const isTuple = (result: JsScalar['result']): result is readonly ResultKind[] => typeof result !== 'string';

function resultType(result: JsScalar['result']): DuckDBType {
  if (!isTuple(result)) return RESULT_TYPE[result];
  return STRUCT(Object.fromEntries(result.map((kind, i) => [`f${i}`, RESULT_TYPE[kind]])));
}

function writer(result: JsScalar['result']): (value: unknown) => ReturnType<typeof writeValue> {
  if (!isTuple(result)) return (value) => writeValue(result, value);
  return (value) => {
    const parts = (value ?? []) as readonly unknown[];
    return new DuckDBStructValue(Object.fromEntries(result.map((kind, i) => [`f${i}`, writeValue(kind, parts[i])])));
  };
}

/** `KustoError:` marks what a function throws to refuse; anything else is a fault of ours. */
function refusal(fn: JsScalar, error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const name = fn.name.replace(/^internal_/, '');
  // A helper of an operator names that operator itself.
  const isNamed = message.startsWith(`${name}:`) || (name !== fn.name && /^[a-z_-]+:/.test(message));
  const named = isNamed ? message : `${name}: ${message}`;
  return error instanceof TypeError || error instanceof ReferenceError ? named : `KustoError: ${named}`;
}

/** What DuckDB calls: every row of a chunk through the function, its results to `set`. */
function callRows(
  fn: JsScalar,
  kindAt: (i: number) => ArgumentKind,
  input: DuckDBDataChunk,
  set: (row: number, value: unknown) => void,
): void {
  const call = fn.call as (...args: unknown[]) => unknown;
  const skipNulls = fn.nulls !== 'see';
  const readers = Array.from({ length: input.columnCount }, (_, i) => readerOf(kindAt(i), input, i));
  for (let row = 0; row < input.rowCount; row++) {
    const args = readers.map((read) => read(row));
    set(row, skipNulls && args.includes(null) ? undefined : call(...args));
  }
}

/** Kinds that are written without the bindings' vector objects; undefined when one of them needs those. */
function rawKinds(result: JsScalar['result']): RawKind | readonly RawKind[] | undefined {
  if (!isTuple(result)) return isRaw(result) && result !== 'real' ? result : undefined;
  return result.every(isRaw) ? result : undefined;
}

function udf(fn: JsScalar, argumentCount: number, variadic: boolean): DuckDBScalarFunction {
  const kinds = fn.args.slice(0, argumentCount);
  const kindAt = (i: number): ArgumentKind => kinds[i] ?? (fn.rest as ArgumentKind);
  const write = writer(fn.result);
  const raw = rawKinds(fn.result);
  const scalar = DuckDBScalarFunction.create({
    name: udfName(fn, variadic ? fn.args.length + 1 : argumentCount),
    parameterTypes: kinds.map((kind) => ARGUMENT_TYPE[kind]),
    ...(variadic && fn.rest ? { varArgsType: ARGUMENT_TYPE[fn.rest] } : {}),
    returnType: resultType(fn.result),
    specialHandling: true,
    mainFunction: (info, input, output) => {
      try {
        callRows(fn, kindAt, input, (row, value) => output.setItem(row, write(value)));
        output.flush();
      } catch (error) {
        info.setError(refusal(fn, error));
      }
    },
  });
  if (raw !== undefined) {
    duckdb.scalar_function_set_function(scalar.scalar_function, (info, chunk, output) => {
      try {
        const input = new DuckDBDataChunk(chunk);
        const results = rawWriter(raw, output, input.rowCount);
        callRows(fn, kindAt, input, (row, value) => results.set(row, value));
        results.flush();
      } catch (error) {
        duckdb.scalar_function_set_error(info, refusal(fn, error));
      }
    });
  }
  return scalar;
}

/** Registers every JavaScript function; they are then known to all connections of the same DuckDB instance. */
export async function registerFunctions(connection: DuckDBConnection): Promise<void> {
  for (const fn of [...SCALARS.values(), ...INTERNAL_FUNCTIONS]) {
    if (fn.kind !== 'js') continue;
    for (let count = fn.required ?? fn.args.length; count <= fn.args.length; count++) {
      connection.registerScalarFunction(udf(fn, count, false));
    }
    if (fn.rest) connection.registerScalarFunction(udf(fn, fn.args.length, true));
  }
}
