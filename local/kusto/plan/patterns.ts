// `declare pattern`: a table of function bodies, chosen by constant arguments.

import { textOf } from '../parser/analyze.ts';
import { elements, kindOf, type Syntax } from '../parser/language.ts';
import { stringOf } from './literal.ts';
import type { Relation } from './relation.ts';
import { declareStatement } from './statements.ts';
import { Scope, type Translator } from './translator.ts';

const nameOf = (node: Syntax | null | undefined): string => node?.SimpleName ?? '';

interface Call {
  readonly declaration: Syntax;
  readonly values: readonly string[];
  readonly path: string | undefined;
}

/** The call of a declared pattern: `name("a", "b")` or `name("a").path`. */
function callOf(t: Translator, node: Syntax, scope: Scope): Call | undefined {
  const call = kindOf(node) === 'PathExpression' ? (node.Expression as Syntax) : node;
  if (kindOf(call) !== 'FunctionCallExpression') return undefined;
  const binding = scope.find(nameOf(call.Name));
  if (binding?.kind !== 'pattern') return undefined;
  const values = elements((call.ArgumentList as Syntax).Expressions).map((item) => String(t.constant(item, scope)));
  const selector = kindOf(node) === 'PathExpression' ? (node.Selector as Syntax) : undefined;
  const path = selector && (selector.SimpleName ?? textOf(selector).replace(/^\[\s*(["'])([\s\S]*)\1\s*\]$/, '$2'));
  return { declaration: binding.declaration, values, path };
}

/** The result of a pattern; undefined when the node is no call of one. */
export function callPattern(t: Translator, node: Syntax, scope: Scope): Relation | undefined {
  const call = callOf(t, node, scope);
  if (!call) return undefined;
  for (const match of elements(call.declaration.Patterns)) {
    const wanted = elements((match.ParameterValues as Syntax).Expressions).map((item) => stringOf(item));
    const pathNode = (match.PathValue as Syntax | null)?.Value;
    const path = pathNode ? stringOf(pathNode) : undefined;
    if (wanted.join('\0') !== call.values.join('\0') || path !== call.path) continue;
    const inner = new Scope(scope);
    const body = match.Body as Syntax;
    for (const statement of elements(body.Statements)) declareStatement(t, statement, inner);
    return t.table(body.Expression as Syntax, inner);
  }
  return t.session.fail('no pattern for these values', node);
}
