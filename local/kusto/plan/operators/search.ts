// search: rows of one or several tables in which a term is found.

import { textOf } from '../../parser/analyze.ts';
import { elements, kindOf, type Syntax } from '../../parser/language.ts';
import { columnsIn } from '../columns-in.ts';
import { stringOf } from '../literal.ts';
import { reference, type Relation } from '../relation.ts';
import { Row } from '../row.ts';
import { termOperator, textMatch } from '../star.ts';
import type { Scope, Translator } from '../translator.ts';
import { parameter } from './join.ts';
import { inputsOf, stack } from './union.ts';

const SOURCE = '$table';

/** A condition in which a bare text is looked for in all columns. */
interface Search {
  readonly t: Translator;
  readonly row: Row;
  readonly scope: Scope;
  readonly caseSensitive: boolean;
  /** Columns that not every table has. */
  readonly partial: ReadonlySet<string>;
}

const isText = (node: Syntax): boolean =>
  kindOf(node) === 'CompoundStringLiteralExpression' ||
  (kindOf(node) === 'LiteralExpression' && /^h?@?["'`]/i.test(textOf(node)));

function term(search: Search, node: Syntax, column: Syntax | undefined, text: string): string {
  const { t, row } = search;
  const value = column && t.scalar(column, row, search.scope);
  const wanted = termOperator(text, search.caseSensitive);
  if (!wanted) return t.session.refuse(`an asterisk inside the term ${text}`, node);
  return textMatch(t, node, row, value, wanted.operator, wanted.text);
}

/** Comparisons that a missing column, which is null or '', can never meet. */
const POSITIVE = /^(?:==|=~|<|<=|>|>=|has|hasprefix|hassuffix|contains|startswith|endswith)(?:_cs)?$/;

function other(search: Search, node: Syntax): string {
  const { t, row, scope } = search;
  const missing = [...columnsIn(node)].filter((name) => search.partial.has(name));
  const operator = node.Operator ? textOf(node.Operator).toLowerCase() : '';
  const plain = node.Left && node.Right && kindOf(node.Left) === 'NameReference' && isLiteral(node.Right);
  if (missing.length > 0 && !(plain && POSITIVE.test(operator) && !(isText(node.Right) && stringOf(node.Right) === '')))
    return t.session.refuse(`search by ${missing[0] ?? ''}, which some of the tables don't have, in this form`, node);
  if (search.caseSensitive && /^(?:has|contains|startswith|endswith|hasprefix|hassuffix|=~)$/.test(operator))
    return t.session.refuse(`search kind=case_sensitive with ${operator}, write ${operator}_cs`, node);
  return t.predicate(node, row, scope);
}

const isLiteral = (node: Syntax): boolean =>
  kindOf(node) === 'LiteralExpression' || kindOf(node) === 'CompoundStringLiteralExpression';

/** SQL of the condition of search and find. */
export function conditionOf(search: Search, node: Syntax): string {
  if (isText(node)) return term(search, node, undefined, stringOf(node));
  switch (kindOf(node)) {
    case 'StarExpression':
      return 'TRUE';
    case 'ParenthesizedExpression':
      return conditionOf(search, node.Expression as Syntax);
    case 'BinaryExpression': {
      const operator = textOf(node.Operator as Syntax).toLowerCase();
      const [left, right] = [node.Left as Syntax, node.Right as Syntax];
      if (operator === 'and' || operator === 'or')
        return `(${conditionOf(search, left)} ${operator.toUpperCase()} ${conditionOf(search, right)})`;
      if (operator === ':' && isText(right)) return term(search, node, left, stringOf(right));
      return other(search, node);
    }
    default:
      return other(search, node);
  }
}

/** Every table of the database; views made by `let … = view()` as well. */
function allTables(t: Translator, node: Syntax, scope: Scope): Relation[] {
  if (t.session.catalog.tables.some((table) => table.isView === true))
    t.session.refuse('search over the whole database, name the tables: search in (A, B) …', node);
  return inputsOf(t, ['*'], scope);
}

/** Rows that are piped in, or the tables of `in (…)`, or all of them. */
export function tablesOf(t: Translator, node: Syntax, input: Relation | undefined, scope: Scope): Relation[] {
  if (input) return [input];
  const clause = node.InClause;
  if (!clause) return allTables(t, node, scope);
  return inputsOf(t, elements(clause.Expressions), scope);
}

export function search(t: Translator, node: Syntax, input: Relation | undefined, scope: Scope): Relation {
  if (input?.parts) t.session.refuse('search inside mv-apply or partition', node);
  const kind = (parameter(node, 'kind') ?? 'default').toLowerCase();
  const tables = tablesOf(t, node, input, scope);
  if (tables.some((table) => table.source === undefined || table.sourceUnsure === true))
    t.session.refuse('search in something that is no plain table, use where * has "…"', node);
  const names = new Set(tables.flatMap((table) => table.columns.map((column) => column.name)));
  const partial = new Set(
    [...names].filter((name) => !tables.every((table) => table.columns.some((c) => c.name === name))),
  );
  const stacked = stack(t, node, tables, SOURCE);
  const columns = stacked.columns.filter((column) => column.name !== SOURCE);
  const row = new Row(t.session, { ...stacked, columns });
  const found = conditionOf(
    { t, row, scope, caseSensitive: kind === 'case_sensitive', partial },
    node.Condition as Syntax,
  );
  return {
    from: `(SELECT * FROM ${row.from()} WHERE ${found})`,
    columns: stacked.columns.map(({ name, value }) => ({ name, value: reference(value.sql, value) })),
  };
}
