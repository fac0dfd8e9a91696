// `let`, `declare query_parameters`, `set` before the query itself.

import { textOf } from '../parser/analyze.ts';
import { elements, kindOf, type Syntax } from '../parser/language.ts';
import { constantValue, parseLiteral, typeOf } from './literal.ts';
import { isTable } from './lists.ts';
import { realias } from './realias.ts';
import { Row } from './row.ts';
import { declareSetting } from './settings.ts';
import type { Relation } from './relation.ts';
import { Scope, type Binding, type Translator } from './translator.ts';

const nameOf = (node: Syntax): string => (node.Name as Syntax).SimpleName ?? '';

/** The rows of `view () { … }`. */
function viewBody(t: Translator, declaration: Syntax, scope: Scope): Relation {
  const inner = new Scope(scope);
  const body = declaration.Body as Syntax;
  for (const statement of elements(body.Statements)) declareStatement(t, statement, inner);
  return t.table(body.Expression as Syntax, inner);
}

function letBinding(t: Translator, expression: Syntax, scope: Scope): Binding {
  if (kindOf(expression) === 'FunctionDeclaration') {
    const view = /^view\b/.test(textOf(expression)) ? (): Relation => viewBody(t, expression, scope) : undefined;
    return { kind: 'function', declaration: expression, scope, ...(view ? { view } : {}) };
  }
  if (kindOf(expression) === 'ParenthesizedExpression' && !isTable(expression)) {
    return letBinding(t, expression.Expression as Syntax, scope);
  }
  if (!isTable(expression))
    return { kind: 'scalar', value: t.scalar(expression, new Row(t.session, undefined), scope) };
  if (kindOf(expression) === 'MaterializeExpression') {
    let table: ReturnType<Translator['table']> | undefined;
    return { kind: 'table', make: () => realias((table ??= t.table(expression, scope)), t.session) };
  }
  // Translated again at every use, as Kusto runs it again: physical names must be unique in the statement.
  return { kind: 'table', make: () => t.table(expression, scope) };
}

function declareParameters(t: Translator, node: Syntax, scope: Scope): void {
  for (const parameter of elements(node.Parameters)) {
    const declaration = parameter.NameAndType as Syntax;
    const name = nameOf(declaration);
    const type = typeOf(declaration.Name as Syntax) ?? 'string';
    const given = t.session.parameters[name];
    const initial = (parameter.DefaultValue as Syntax | null)?.Value;
    if (given === undefined) {
      if (!initial) t.session.fail(`no value for query parameter ${name}`, parameter);
      scope.declare(name, { kind: 'scalar', value: t.scalar(initial, new Row(t.session, undefined), scope) });
      continue;
    }
    const constant = type === 'string' ? unquoted(given) : type === 'dynamic' ? given : parseLiteral(given, type);
    if (constant === undefined) t.session.fail(`query parameter ${name} is no ${type}: ${given}`, parameter);
    scope.declare(name, { kind: 'scalar', value: constantValue(constant, type) });
  }
}

/** Parameters of type string may come as a KQL literal or bare. */
const unquoted = (text: string): string => /^(["'])([\s\S]*)\1$/.exec(text)?.[2] ?? text;

/** Declares what a statement names; nothing for others. */
export function declareStatement(t: Translator, node: Syntax, scope: Scope): void {
  switch (kindOf(node)) {
    case 'LetStatement':
      scope.declare(nameOf(node), letBinding(t, node.Expression as Syntax, scope));
      return;
    case 'QueryParametersStatement':
      declareParameters(t, node, scope);
      return;
    case 'PatternStatement':
      scope.declare(nameOf(node), { kind: 'pattern', declaration: node.Pattern as Syntax });
      return;
    case 'SetOptionStatement':
      declareSetting(t, node, scope);
      return;
    default:
      t.session.refuse(`statement ${textOf(node).slice(0, 40)}`, node);
  }
}
