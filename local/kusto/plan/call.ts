// Calls of scalar functions and aggregates.

import type {
  Aggregate,
  ArgumentKind,
  CallSite,
  JsScalar,
  NativeScalar,
  ResultKind,
} from '../functions/function-types.ts';
import { AGGREGATES, SCALARS } from '../functions/registry.ts';
import { elements, kindOf, type Syntax } from '../parser/language.ts';
import { convert, toJson, toText } from '../sql/convert.ts';
import type { KustoType } from '../types.ts';
import type { ListElement, Value } from '../sql/value.ts';
import { TIME_PARSERS } from './binary.ts';
import { constantValue, typeOf } from './literal.ts';
import { orderSql } from './relation.ts';
import type { Row } from './row.ts';
import { SPECIAL_CALLS } from './special-calls.ts';
import type { Scope, Translator } from './translator.ts';
import { callUserScalar, isUserFunction } from './user-functions.ts';

export const nameOfCall = (node: Syntax): string => node.Name?.SimpleName ?? '';

export const argumentNodes = (node: Syntax): Syntax[] => elements((node.ArgumentList as Syntax | null)?.Expressions);

/** What a function may ask at this place. */
export function siteOf(t: Translator, node: Syntax, row: Row): CallSite {
  const name = nameOfCall(node);
  return {
    name,
    type: typeOf(node) ?? 'dynamic',
    refuse: (message) => t.session.refuse(`${name}: ${message}`, node),
    now: () => t.session.now(),
    atom: (sql) => row.atom(sql),
    window: (build) => {
      const order = row.rowOrder();
      if (order === undefined)
        return t.session.fail(`${name}() needs ordered rows: use sort or serialize before it`, node);
      return row.atom(build(order));
    },
  };
}

/** DuckDB list of doubles for a series argument. */
function toSeries(value: Value, row: Row): string {
  if (value.list === 'real') return value.sql;
  if (value.list === 'long' || value.list === 'bool') return `CAST(${value.sql} AS DOUBLE[])`;
  return `kql_internal_series_1(${toJson(value, row)})`;
}

/** An argument as SQL of the physical type that the JavaScript side expects. */
function argument(t: Translator, node: Syntax, row: Row, value: Value, kind: ArgumentKind): string {
  const as = (type: KustoType): string =>
    convert(value, type, TIME_PARSERS, row) ??
    t.session.refuse(`${value.type} as ${type} for ${nameOfCall(node)}`, node);
  switch (kind) {
    case 'string':
      return toText(value, row);
    case 'series':
      return value.type === 'dynamic'
        ? toSeries(value, row)
        : t.session.refuse(`${value.type} as series for ${nameOfCall(node)}`, node);
    case 'dynamic':
    case 'json':
      return toJson(value, row);
    case 'number':
      return as('real');
    default:
      return as(kind);
  }
}

const RESULT_AS: Readonly<Record<ResultKind, { type: KustoType; list?: ListElement }>> = {
  string: { type: 'string' },
  guid: { type: 'guid' },
  bool: { type: 'bool' },
  int: { type: 'int' },
  long: { type: 'long' },
  real: { type: 'real' },
  datetime: { type: 'datetime' },
  timespan: { type: 'timespan' },
  dynamic: { type: 'dynamic' },
  json: { type: 'dynamic' },
  series: { type: 'dynamic', list: 'real' },
  longs: { type: 'dynamic', list: 'long' },
};

const resultValue = (sql: string, kind: ResultKind): Value => ({
  sql,
  ...RESULT_AS[kind],
  ...(kind === 'string' ? { notNull: true } : {}),
});

/** A known argument as the JavaScript function sees it; undefined where that is not plain. */
function knownArgument(value: Value, kind: ArgumentKind): { readonly given: unknown } | undefined {
  const { constant, type } = value;
  if (constant === undefined || constant === null) return undefined;
  if (kind === 'string') return type === 'string' ? { given: constant } : undefined;
  if (kind === 'dynamic') {
    if (type === 'dynamic') return { given: JSON.parse(String(constant)) as unknown };
    return type === 'string' || type === 'bool' ? { given: constant } : undefined;
  }
  if (kind === 'long')
    return typeof constant === 'bigint' && type !== 'datetime' && type !== 'timespan' ? { given: constant } : undefined;
  if (kind === 'int' || kind === 'number') {
    return type === 'long' || type === 'int' || type === 'real' ? { given: Number(constant) } : undefined;
  }
  return undefined;
}

/** The result when it can be known now: functions of constants steer the query (`array_index_of(cdns, '*') >= 0`). */
function folded(fn: JsScalar, args: readonly Value[]): Value | undefined {
  const known = args.map((value, i) => knownArgument(value, fn.args[i] ?? (fn.rest as ArgumentKind)));
  if (args.length === 0 || known.includes(undefined)) return undefined;
  const call = fn.call as (...given: unknown[]) => unknown;
  let result: unknown;
  try {
    result = call(...known.map((item) => item?.given));
  } catch {
    return undefined;
  }
  if (result === undefined || result === null) return undefined;
  switch (fn.result) {
    case 'string':
      return typeof result === 'string' ? constantValue(result, 'string') : undefined;
    case 'long':
      return constantValue(typeof result === 'bigint' ? result : BigInt(Math.trunc(Number(result))), 'long');
    case 'bool':
      return constantValue(Boolean(result), 'bool');
    case 'dynamic':
      return constantValue(JSON.stringify(result), 'dynamic');
    default:
      return undefined;
  }
}

function callJs(t: Translator, node: Syntax, row: Row, fn: JsScalar, args: readonly Value[]): Value {
  const required = fn.required ?? fn.args.length;
  if (args.length < required || (args.length > fn.args.length && !fn.rest)) {
    return t.session.refuse(`${fn.name} with ${args.length} arguments`, node);
  }
  const known = folded(fn, args);
  if (known) return known;
  const inSql = fn.inSql?.(args, siteOf(t, node, row));
  if (inSql) return inSql;
  const given = args.map((value, i) => argument(t, node, row, value, fn.args[i] ?? (fn.rest as ArgumentKind)));
  const suffix = fn.rest && args.length > fn.args.length ? 'n' : `${args.length}`;
  const sql = `kql_${fn.name}_${suffix}(${given.join(', ')})`;
  if (typeof fn.result === 'string') return resultValue(sql, fn.result);
  const whole = row.atom(sql);
  const tuple = fn.result.map((kind, i) => resultValue(`${whole}.f${i}`, kind));
  return { sql: whole, type: 'dynamic', tuple };
}

function callNative(t: Translator, node: Syntax, row: Row, fn: NativeScalar, args: readonly Value[]): Value {
  const [least, most] = fn.arity;
  if (args.length < least || args.length > most)
    return t.session.refuse(`${fn.name} with ${args.length} arguments`, node);
  const site = siteOf(t, node, row);
  const built = fn.build(args, site);
  if (typeof built !== 'string') return built;
  return { sql: built, type: site.type, ...(site.type === 'string' ? { notNull: true } : {}) };
}

function callAggregate(t: Translator, node: Syntax, row: Row, fn: Aggregate, scope: Scope): Value {
  const collecting = row.aggregates;
  if (!collecting) return t.session.fail(`the aggregate ${fn.name}() can't be used here`, node);
  const { inner } = collecting;
  const nodes = argumentNodes(node);
  const [least, most] = fn.arity;
  if (nodes.length < least || nodes.length > most)
    return t.session.refuse(`${fn.name} with ${nodes.length} arguments`, node);
  const filter = fn.condition === undefined ? undefined : t.predicate(nodes[fn.condition] as Syntax, inner, scope);
  const args = nodes.flatMap((arg, i) => (i === fn.condition ? [] : [t.scalar(arg, inner, scope)]));
  const keys = inner.relation?.order;
  const order = keys && keys.length > 0 ? ` ORDER BY ${orderSql(keys)}` : '';
  const site = { ...siteOf(t, node, inner), ...(filter === undefined ? {} : { filter }), order };
  const built = fn.build(args, site);
  const value: Value = typeof built === 'string' ? { sql: built, type: site.type } : built;
  return collecting.add(
    value.type === 'string' ? { ...value, sql: `coalesce(${value.sql}, '')`, notNull: true } : value,
  );
}

/** A function call as a value. */
export function call(t: Translator, node: Syntax, row: Row, scope: Scope): Value {
  const name = nameOfCall(node);
  if (isUserFunction(t, node, scope)) return callUserScalar(t, node, row, scope);
  const aggregate = AGGREGATES.get(name);
  const symbol = node.ReferencedSymbol;
  if (aggregate && row.aggregates && symbol && kindOf(symbol) === 'FunctionSymbol') {
    return callAggregate(t, node, row, aggregate, scope);
  }
  const special = SPECIAL_CALLS.get(name);
  if (special) return special(t, node, row, scope);
  const fn = SCALARS.get(name);
  if (!fn) return t.session.refuse(`function ${name}()`, node);
  const args = argumentNodes(node).flatMap((arg) =>
    // All columns of the row.
    name === 'pack_array' && kindOf(arg) === 'StarExpression'
      ? (row.relation?.columns ?? []).map((column) => column.value)
      : [t.scalar(arg, row, scope)],
  );
  return fn.kind === 'js' ? callJs(t, node, row, fn, args) : callNative(t, node, row, fn, args);
}
