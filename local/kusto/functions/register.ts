import { DuckDBScalarFunction, STRUCT, type DuckDBConnection, type DuckDBType } from '@duckdb/node-api';
import { DuckDBStructValue } from '@duckdb/node-api';
import type { ArgumentKind, JsScalar, ResultKind } from './function-types.ts';
import { ARGUMENT_TYPE, readerOf, RESULT_TYPE, writeValue } from './js-values.ts';
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
  const named = message.startsWith(`${name}:`) ? message : `${name}: ${message}`;
  return error instanceof TypeError || error instanceof ReferenceError ? named : `KustoError: ${named}`;
}

function udf(fn: JsScalar, argumentCount: number, variadic: boolean): DuckDBScalarFunction {
  const kinds = fn.args.slice(0, argumentCount);
  const kindAt = (i: number): ArgumentKind => kinds[i] ?? (fn.rest as ArgumentKind);
  const call = fn.call as (...args: unknown[]) => unknown;
  const write = writer(fn.result);
  const skipNulls = fn.nulls !== 'see';
  const nothing = write(undefined);
  return DuckDBScalarFunction.create({
    name: udfName(fn, variadic ? fn.args.length + 1 : argumentCount),
    parameterTypes: kinds.map((kind) => ARGUMENT_TYPE[kind]),
    ...(variadic && fn.rest ? { varArgsType: ARGUMENT_TYPE[fn.rest] } : {}),
    returnType: resultType(fn.result),
    specialHandling: true,
    mainFunction: (info, input, output) => {
      try {
        const readers = Array.from({ length: input.columnCount }, (_, i) =>
          readerOf(kindAt(i), input.getColumnVector(i)),
        );
        for (let row = 0; row < input.rowCount; row++) {
          const args = readers.map((read) => read(row));
          output.setItem(row, skipNulls && args.includes(null) ? nothing : write(call(...args)));
        }
        output.flush();
      } catch (error) {
        info.setError(refusal(fn, error));
      }
    },
  });
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
