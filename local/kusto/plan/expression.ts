// Scalar expressions of the bound tree → SQL.

import { textOf } from '../parser/analyze.ts';
import { kindOf, type Syntax } from '../parser/language.ts';
import { integerValue, realSql } from '../sql/arithmetic.ts';
import type { Value } from '../sql/value.ts';
import { binary, predicateBinary } from './binary.ts';
import { call } from './call.ts';
import { between, hasList, inList } from './lists.ts';
import { constantValue, dynamicText, literal } from './literal.ts';
import { elementAccess, pathAccess } from './path.ts';
import type { Row } from './row.ts';
import { textMatch } from './star.ts';
import { scalarSubquery } from './subquery.ts';
import type { Scope, Translator } from './translator.ts';

function name(t: Translator, node: Syntax, row: Row, scope: Scope): Value {
  const text = node.SimpleName ?? textOf(node);
  const symbol = node.ReferencedSymbol;
  const kind = symbol ? kindOf(symbol) : '';
  if (kind === 'ColumnSymbol') {
    const column = row.column(text);
    if (column) return column;
  }
  const binding = scope.find(text);
  if (binding?.kind === 'scalar') return binding.value;
  const column = row.column(text);
  if (column) return column;
  return t.session.refuse(`name ${text} here`, node);
}

function negated(t: Translator, node: Syntax, row: Row, scope: Scope): Value {
  const value = t.scalar(node.Expression as Syntax, row, scope);
  if (textOf(node.Operator as Syntax) === '+') return value;
  if (value.type === 'dynamic') return t.session.refuse('minus before a dynamic', node);
  if (typeof value.constant === 'bigint') return integerValue(-value.constant, value.type);
  if (typeof value.constant === 'number') {
    return { sql: realSql(-value.constant), type: value.type, notNull: true, constant: -value.constant };
  }
  return { sql: `(-${value.sql})`, type: value.type, ...(value.notNull ? { notNull: true } : {}) };
}

function dynamicLiteral(t: Translator, node: Syntax): Value {
  const text = dynamicText(node, t.session);
  return constantValue(text === 'null' ? null : text, 'dynamic');
}

type Translate = (t: Translator, node: Syntax, row: Row, scope: Scope) => Value;

const inner: Translate = (t, node, row, scope) => t.scalar(node.Expression as Syntax, row, scope);
const written: Translate = (t, node) => literal(node, t.session);
const listed: Translate = (t, node, row, scope) => ({
  sql: hasList(t, node, row, scope),
  type: 'bool',
  notNull: true,
});

const LISTS = new Set(['SeparatedElement', 'SyntaxList', 'List', 'ExpressionList']);

/** Whether a node is an argument of `extract()`, `percentile_tdigest()` or their like. */
function isResultType(node: Syntax): boolean {
  let above = node.Parent;
  while (above && LISTS.has(kindOf(above))) above = above.Parent;
  return (
    !!above &&
    kindOf(above) === 'FunctionCallExpression' &&
    /^(?:extract|percentile)/.test(textOf(above.Name as Syntax))
  );
}

/** Has a meaning only where a function takes the type of its result, which the parser has resolved already. */
const typeName: Translate = (t, node) =>
  isResultType(node) ? constantValue(null, 'dynamic') : t.session.refuse('typeof() as a value', node);

const EXPRESSIONS: ReadonlyMap<string, Translate> = new Map<string, Translate>([
  ['LiteralExpression', written],
  ['CompoundStringLiteralExpression', written],
  ['TypeOfLiteralExpression', typeName],
  ['DynamicExpression', dynamicLiteral],
  ['ParenthesizedExpression', inner],
  ['SimpleNamedExpression', inner],
  ['CompoundNamedExpression', inner],
  ['NameReference', name],
  ['PrefixUnaryExpression', negated],
  ['BinaryExpression', binary],
  ['InExpression', (t, node, row, scope) => ({ ...inList(t, node, row, scope, false), type: 'bool' })],
  ['HasAnyExpression', listed],
  ['HasAllExpression', listed],
  ['BetweenExpression', between],
  ['FunctionCallExpression', call],
  ['PathExpression', pathAccess],
  ['ElementExpression', elementAccess],
  ['ToScalarExpression', (t, node, _row, scope) => scalarSubquery(t, node.Expression as Syntax, scope)],
]);

/** A scalar expression. */
export function scalar(t: Translator, node: Syntax, row: Row, scope: Scope): Value {
  const translate = EXPRESSIONS.get(kindOf(node));
  if (!translate) return t.session.refuse(`${kindOf(node)} ${textOf(node).slice(0, 60)}`, node);
  return translate(t, node, row, scope);
}

/** `* has "x"`. */
function onAllColumns(t: Translator, node: Syntax, row: Row, scope: Scope): string {
  const text = t.constant(node.Right as Syntax, scope);
  if (typeof text !== 'string') return t.session.refuse('a text that is not constant after *', node);
  return textMatch(t, node, row, undefined, textOf(node.Operator as Syntax).toLowerCase(), text);
}

/** A condition for WHERE: null may be given for false, which lets DuckDB push it down to the scan. */
export function predicate(t: Translator, node: Syntax, row: Row, scope: Scope): string {
  switch (kindOf(node)) {
    case 'ParenthesizedExpression':
      return predicate(t, node.Expression as Syntax, row, scope);
    case 'BinaryExpression':
      if (kindOf(node.Left as Syntax) === 'StarExpression') return onAllColumns(t, node, row, scope);
      return predicateBinary(t, node, row, scope);
    case 'InExpression':
      return inList(t, node, row, scope, true).sql;
    default: {
      const value = t.scalar(node, row, scope);
      if (value.type === 'dynamic') return t.session.refuse('a dynamic as condition, use tobool()', node);
      return value.type === 'bool' ? value.sql : `(${value.sql} <> 0)`;
    }
  }
}
