// `d.a`, `d['a']`, `d[0]` on dynamic values.

import { textOf } from '../parser/analyze.ts';
import { kindOf, type Syntax } from '../parser/language.ts';
import { toText } from '../sql/convert.ts';
import { quote, type Value } from '../sql/value.ts';
import type { Row } from './row.ts';
import type { Scope, Translator } from './translator.ts';

/** One step of a JSON path in SQL. */
const keyStep = (key: string): string | undefined => (/["\\]/.test(key) ? undefined : `."${key}"`);

function step(t: Translator, node: Syntax, value: Value, path: string): Value {
  if (value.list || value.scalar) return t.session.refuse('a property of an array', node);
  const base = value.path?.base ?? value.sql;
  const start = value.path?.path ?? quote('$');
  // Constant steps are joined into one text, so that DuckDB parses the path once.
  const whole =
    start.endsWith("'") && path.startsWith("'") ? `${start.slice(0, -1)}${path.slice(1)}` : `${start} || ${path}`;
  return {
    sql: `nullif(CAST(json_extract(${base}, ${whole}) AS VARCHAR), 'null')`,
    type: 'dynamic',
    path: { base, path: whole },
  };
}

function property(t: Translator, node: Syntax, value: Value, key: string): Value {
  if (value.type !== 'dynamic') return t.session.refuse(`.${key} on ${value.type}`, node);
  const path = keyStep(key);
  return path === undefined ? t.session.refuse(`property ${key}`, node) : step(t, node, value, quote(path));
}

/** `a.b`; also `$left.x` and `$right.x`. */
export function pathAccess(t: Translator, node: Syntax, row: Row, scope: Scope): Value {
  const owner = node.Expression as Syntax;
  const selector = node.Selector as Syntax;
  const key = selector.SimpleName ?? textOf(selector);
  const side = kindOf(owner) === 'NameReference' ? row.sides[owner.SimpleName ?? ''] : undefined;
  if (side) {
    const column = side.columns.find((item) => item.name === key);
    return column ? column.value : t.session.fail(`no column ${key}`, node);
  }
  if (kindOf(selector) !== 'NameReference') return t.session.refuse(`path ${textOf(node)}`, node);
  const value = t.scalar(owner, row, scope);
  return property(t, node, value, key);
}

function indexed(t: Translator, node: Syntax, value: Value, index: Value, row: Row): Value {
  if (value.list) {
    // DuckDB counts from 1, and from the end with negative numbers, as KQL does.
    const at = row.atom(`CAST(${index.sql} AS BIGINT)`);
    return {
      sql: `(${value.sql})[CASE WHEN ${at} < 0 THEN ${at} ELSE ${at} + 1 END]`,
      type: 'dynamic',
      scalar: value.list,
    };
  }
  if (typeof index.constant === 'bigint') {
    const at = index.constant;
    return step(t, node, value, quote(at < 0n ? `[#${at}]` : `[${at}]`));
  }
  const at = row.atom(`CAST(${index.sql} AS BIGINT)`);
  return step(t, node, value, `(CASE WHEN ${at} < 0 THEN '[#' || ${at} || ']' ELSE '[' || ${at} || ']' END)`);
}

/** `a[…]`. */
export function elementAccess(t: Translator, node: Syntax, row: Row, scope: Scope): Value {
  const value = t.scalar(node.Expression as Syntax, row, scope);
  const selector = node.Selector as Syntax;
  const inner = kindOf(selector) === 'BracketedExpression' ? (selector.Expression as Syntax) : selector;
  if (value.type !== 'dynamic') return t.session.refuse(`[…] on ${value.type}`, node);
  const key = t.scalar(inner, row, scope);
  if (key.type === 'long' || key.type === 'int') return indexed(t, node, value, key, row);
  if (typeof key.constant === 'string' && key.type === 'string') return property(t, node, value, key.constant);
  if (key.type === 'string' || (key.type === 'dynamic' && key.path)) {
    return step(t, node, value, `('."' || ${toText(key, row)} || '"')`);
  }
  return t.session.refuse(`[${key.type}] on a dynamic`, node);
}
