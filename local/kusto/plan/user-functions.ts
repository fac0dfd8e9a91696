// Stored functions and functions made by `let`: their bodies are translated in place.

import { elements, items, kindOf, type NetList, type Syntax, type TypeSymbol } from '../parser/language.ts';
import { constantValue, typeOf } from './literal.ts';
import { realias } from './realias.ts';
import type { Relation } from './relation.ts';
import { Row } from './row.ts';
import { Scope, type Translator } from './translator.ts';
import { declareStatement } from './statements.ts';
import { convert } from '../sql/convert.ts';
import { TIME_PARSERS } from './binary.ts';
import type { KustoType } from '../types.ts';
import type { Value } from '../sql/value.ts';

interface ParameterSymbol {
  readonly Name: string;
  readonly DefaultValue?: Syntax | null;
  readonly DeclaredTypes?: NetList<TypeSymbol>;
}

interface FunctionSymbol extends TypeSymbol {
  readonly Signatures?: NetList<{ readonly Parameters: NetList<ParameterSymbol> }>;
}

const nameOf = (node: Syntax): string => (node.Name as Syntax | null)?.SimpleName ?? node.SimpleName ?? '';

/** True for functions whose body is KQL. */
export function isUserFunction(t: Translator, node: Syntax, scope: Scope): boolean {
  const name = nameOf(node);
  return scope.find(name)?.kind === 'function' || t.session.catalog.functions.some((fn) => fn.name === name);
}

function parametersOf(t: Translator, node: Syntax): ParameterSymbol[] {
  const symbol: FunctionSymbol | null | undefined = node.ReferencedSymbol;
  const signature = symbol?.Signatures && items(symbol.Signatures)[0];
  return signature ? items(signature.Parameters) : t.session.refuse(`call of ${nameOf(node)}`, node);
}

const isTabular = (parameter: ParameterSymbol): boolean =>
  items(parameter.DeclaredTypes).some((type) => kindOf(type) === 'TableSymbol');

function declared(parameter: ParameterSymbol): KustoType | undefined {
  const name = items(parameter.DeclaredTypes)[0]?.Name;
  return name === undefined ? undefined : (name as KustoType);
}

/** The argument as the parameter's type: an int literal given for a real, for instance. */
function fitted(t: Translator, node: Syntax, value: Value, type: KustoType | undefined, row: Row): Value {
  if (type === undefined || value.type === type || value.tuple) return value;
  if (typeof value.constant === 'bigint') {
    if (type === 'real' || type === 'decimal') return constantValue(Number(value.constant), type);
    if (type === 'int' || type === 'long') return constantValue(value.constant, type);
  }
  if (value.constant === null) return constantValue(null, type);
  const sql = convert(value, type, TIME_PARSERS, row);
  return sql === undefined ? t.session.refuse(`${value.type} for a parameter of type ${type}`, node) : { sql, type };
}

/** The scope in which the body is translated: parameters bound to the arguments. */
function bindArguments(t: Translator, node: Syntax, row: Row, scope: Scope, input?: Relation): Scope {
  const binding = scope.find(nameOf(node));
  const inner = new Scope(binding?.kind === 'function' ? binding.scope : undefined);
  const parameters = parametersOf(t, node);
  const nodes = kindOf(node) === 'FunctionCallExpression' ? elements((node.ArgumentList as Syntax).Expressions) : [];
  const named = new Map<string, Syntax>();
  const positional: Syntax[] = [];
  for (const argument of nodes) {
    if (kindOf(argument) === 'SimpleNamedExpression') {
      named.set((argument.Name as Syntax).SimpleName ?? '', argument.Expression as Syntax);
    } else positional.push(argument);
  }
  let next = 0;
  parameters.forEach((parameter, i) => {
    if (i === 0 && input) {
      inner.declare(parameter.Name, { kind: 'table', make: () => realias(input, t.session) });
      return;
    }
    const argument = named.get(parameter.Name) ?? positional[next++] ?? parameter.DefaultValue;
    if (!argument) return t.session.fail(`${nameOf(node)}: no value for parameter ${parameter.Name}`, node);
    if (isTabular(parameter)) inner.declare(parameter.Name, { kind: 'table', make: () => t.table(argument, scope) });
    else {
      const value = fitted(t, argument, t.scalar(argument, row, scope), declared(parameter), row);
      inner.declare(parameter.Name, {
        kind: 'scalar',
        value: value.sql.length > 60 && row.relation ? row.hold(value) : value,
      });
    }
  });
  return inner;
}

/** Statements of a body declared in `scope`; gives the expression after them. */
function enterBody(t: Translator, node: Syntax, scope: Scope): Syntax {
  const body = node.GetCalledFunctionBody();
  if (!body) return t.session.refuse(`the body of ${nameOf(node)}`, node);
  const name = nameOf(node);
  const local = scope.find(name);
  const stored = t.session.catalog.functions.find((fn) => fn.name === name);
  if (local?.kind === 'function') t.session.schemas.enter(body, local.declaration.Body as Syntax);
  else if (stored) t.session.schemas.enter(body, { stored: name, text: stored.body });
  for (const statement of elements(body.Statements)) declareStatement(t, statement, scope);
  const expression = body.Expression as Syntax | null;
  return expression ?? t.session.refuse(`${nameOf(node)} has no result`, node);
}

/** A user function that gives a scalar. */
export function callUserScalar(t: Translator, node: Syntax, row: Row, scope: Scope): Value {
  const inner = bindArguments(t, node, row, scope);
  return t.session.inCall(node, () => {
    const value = t.scalar(enterBody(t, node, inner), row, inner);
    const type = typeOf(node);
    return type !== undefined && type !== value.type ? fitted(t, node, value, type, row) : value;
  });
}

/** A user function that gives a table; `input` is what `invoke` hands over as the first argument. */
export function callUserTable(t: Translator, node: Syntax, scope: Scope, input?: Relation): Relation {
  const inner = bindArguments(t, node, new Row(t.session, undefined), scope, input);
  return t.session.inCall(node, () => t.table(enterBody(t, node, inner), inner));
}
