import { textOf } from '../parser/analyze.ts';
import type { Syntax } from '../parser/language.ts';
import { arithmetic } from '../sql/arithmetic.ts';
import { equality } from '../sql/compare.ts';
import { convert, toText } from '../sql/convert.ts';
import { parseDatetime, parseTimespan } from '../sql/literals.ts';
import { STRING_OPERATORS } from '../sql/strings.ts';
import type { Value } from '../sql/value.ts';
import { constantValue, typeOf } from './literal.ts';
import { isNumeric } from './relation.ts';
import type { Row } from './row.ts';
import type { Scope, Translator } from './translator.ts';

export const TIME_PARSERS = { datetime: parseDatetime, timespan: parseTimespan };

const operatorOf = (node: Syntax): string =>
  textOf(node.Operator as Syntax)
    .toLowerCase()
    .replace(/\s+/g, ' ');

/** Both sides as the same type, a dynamic becoming what the other side is. */
function aligned(t: Translator, node: Syntax, row: Row, a: Value, b: Value): [Value, Value] {
  if (a.type === b.type && a.type !== 'dynamic') return [a, b];
  if (a.type === 'dynamic' && b.type === 'dynamic') {
    if (a.constant === null || b.constant === null) return [a, b];
    return t.session.refuse('comparison of two dynamic values, convert them first (tostring, tolong …)', node);
  }
  if (a.type === 'dynamic') return [asType(t, node, row, a, b), b];
  if (b.type === 'dynamic') return [a, asType(t, node, row, b, a)];
  if (isNumeric(a.type) && isNumeric(b.type)) return [a, b];
  if (a.type === 'bool' && isNumeric(b.type)) return [{ ...a, sql: `CAST(${a.sql} AS BIGINT)`, type: 'long' }, b];
  if (b.type === 'bool' && isNumeric(a.type)) return [a, { ...b, sql: `CAST(${b.sql} AS BIGINT)`, type: 'long' }];
  if (b.constant === null) return [a, constantValue(null, a.type)];
  if (a.constant === null) return [constantValue(null, b.type), b];
  return t.session.refuse(`comparison of ${a.type} with ${b.type}`, node);
}

function asType(t: Translator, node: Syntax, row: Row, value: Value, like: Value): Value {
  // A number in a bag may have a fraction even when it is compared with a whole one.
  const type = like.type === 'long' || like.type === 'int' ? 'real' : like.type;
  const sql = convert(value, type, TIME_PARSERS, row);
  return sql === undefined ? t.session.refuse(`dynamic compared with ${like.type}`, node) : { sql, type };
}

/** A value whose SQL may be repeated. */
const short = (row: Row, value: Value): Value => (value.sql.length > 24 ? row.hold(value) : value);

const mayBeNaN = (value: Value): boolean =>
  (value.type === 'real' || value.type === 'decimal') &&
  !(typeof value.constant === 'number' && !Number.isNaN(value.constant));

/** DuckDB has NaN above all numbers, for Kusto it compares with none: the side that is to be greater must not be NaN. */
const noNaN = (greater: Value): string => (mayBeNaN(greater) ? ` AND ${greater.sql} <= CAST('inf' AS DOUBLE)` : '');

/** NaN equals nothing, itself included; for DuckDB it does. */
function withNaN(sql: string, a: Value, b: Value, equal: boolean): string {
  if (!mayBeNaN(a) || !mayBeNaN(b)) return sql;
  return equal ? `(${sql} AND NOT isnan(${a.sql}))` : `(${sql} OR isnan(${a.sql}))`;
}

function comparison(t: Translator, node: Syntax, row: Row, scope: Scope, predicate: boolean): Value {
  const operator = operatorOf(node);
  const left = t.scalar(node.Left as Syntax, row, scope);
  const right = t.scalar(node.Right as Syntax, row, scope);
  let [a, b] = aligned(t, node, row, left, right);
  if (operator === '==' || operator === '!=' || operator === '<>') {
    const both = (a.notNull !== true && b.notNull !== true && !predicate) || (mayBeNaN(a) && mayBeNaN(b));
    if (both) [a, b] = [short(row, a), short(row, b)];
    const sql = withNaN(equality(a, b, operator !== '==', predicate), a, b, operator === '==');
    return { sql, type: 'bool', ...(a.notNull || b.notNull ? { notNull: true } : {}) };
  }
  const notNull = a.notNull === true && b.notNull === true;
  if (operator.startsWith('>')) a = mayBeNaN(a) ? short(row, a) : a;
  else b = mayBeNaN(b) ? short(row, b) : b;
  const sql = `(${a.sql} ${operator} ${b.sql}${noNaN(operator.startsWith('>') ? a : b)})`;
  return { sql, type: 'bool', ...(notNull ? { notNull } : {}) };
}

function stringOperator(t: Translator, node: Syntax, row: Row, scope: Scope): Value {
  const operator = operatorOf(node);
  const negate = operator.startsWith('!') || operator.startsWith('not ');
  const bare = operator === '!~' ? '=~' : operator.replace(/^(?:!|not )/, '');
  const match = STRING_OPERATORS.get(bare);
  if (!match) return t.session.refuse(`operator ${operator}`, node);
  const left = t.scalar(node.Left as Syntax, row, scope);
  const right = t.scalar(node.Right as Syntax, row, scope);
  const text = toText(left, row);
  const needle = right.type === 'string' ? right : { sql: toText(right, row), type: 'string' as const };
  // Every text has the empty one as a term (seen on the emulator).
  if (bare.startsWith('has') && needle.constant === '')
    return { sql: negate ? 'FALSE' : 'TRUE', type: 'bool', notNull: true };
  const sql = match(bare.startsWith('has') && text.length > 24 ? row.atom(text) : text, needle, row);
  return { sql: negate ? `(NOT ${sql})` : sql, type: 'bool', notNull: true };
}

const COMPARISONS = new Set(['==', '!=', '<>', '<', '<=', '>', '>=']);
const ARITHMETIC = new Set(['+', '-', '*', '/', '%']);

function calculation(t: Translator, node: Syntax, row: Row, scope: Scope): Value {
  const type = typeOf(node);
  const operands = [node.Left as Syntax, node.Right as Syntax].map((side) => t.scalar(side, row, scope));
  const [a, b] = operands as [Value, Value];
  if (type === undefined || type === 'dynamic' || type === 'string' || type === 'bool') {
    return t.session.refuse(`${a.type} ${operatorOf(node)} ${b.type}, convert first (tolong, todouble …)`, node);
  }
  const [x, y] = [a, b].map((value): Value => {
    if (value.type === 'bool') return { ...value, sql: `CAST(${value.sql} AS BIGINT)`, type: 'long' };
    if (value.type !== 'dynamic') return value;
    return t.session.refuse(`arithmetic with a dynamic, convert first (tolong, todouble …)`, node);
  }) as [Value, Value];
  return (
    arithmetic(operatorOf(node), x, y, type, row) ?? t.session.refuse(`${a.type} ${operatorOf(node)} ${b.type}`, node)
  );
}

/** A binary expression as a value. */
export function binary(t: Translator, node: Syntax, row: Row, scope: Scope): Value {
  const operator = operatorOf(node);
  if (operator === 'and' || operator === 'or') {
    const sides = [node.Left as Syntax, node.Right as Syntax].map((side) => t.scalar(side, row, scope));
    const sql = sides.map((side) => (side.type === 'bool' ? side.sql : `(${side.sql} <> 0)`));
    const notNull = sides.every((side) => side.notNull === true);
    return { sql: `(${sql.join(` ${operator.toUpperCase()} `)})`, type: 'bool', ...(notNull ? { notNull } : {}) };
  }
  if (ARITHMETIC.has(operator)) return calculation(t, node, row, scope);
  return COMPARISONS.has(operator) ? comparison(t, node, row, scope, false) : stringOperator(t, node, row, scope);
}

/** A binary expression as a condition, where null may be given for false. */
export function predicateBinary(t: Translator, node: Syntax, row: Row, scope: Scope): string {
  const operator = operatorOf(node);
  if (operator === 'and' || operator === 'or') {
    const sides = [node.Left as Syntax, node.Right as Syntax].map((side) => t.predicate(side, row, scope));
    return `(${sides.join(` ${operator.toUpperCase()} `)})`;
  }
  if (COMPARISONS.has(operator)) return comparison(t, node, row, scope, true).sql;
  return binary(t, node, row, scope).sql;
}
