import type { Expression, Statement, TypeNode } from './ast.ts';

// Walks over expressions, knowing which names are local to loops and lambdas.

/** The text of a string without interpolation. */
export const plainText = (node: Expression | undefined): string | undefined =>
  node?.kind === 'string' && node.parts.every((part) => typeof part === 'string') ? node.parts.join('') : undefined;

/** An expression with the local names that hold there. */
export interface Visit {
  readonly node: Expression;
  readonly locals: ReadonlySet<string>;
}

const and = (locals: ReadonlySet<string>, ...names: readonly (string | undefined)[]): ReadonlySet<string> =>
  new Set([...locals, ...names.filter((name) => name !== undefined)]);

/** The expressions directly inside one. */
function childrenOf(node: Expression, locals: ReadonlySet<string>): Visit[] {
  const same = (...nodes: readonly Expression[]): Visit[] => nodes.map((each) => ({ node: each, locals }));
  switch (node.kind) {
    case 'string':
      return same(...node.parts.filter((part) => typeof part !== 'string'));
    case 'array':
      return same(...node.items);
    case 'object':
      return [
        ...same(...node.properties.flatMap((property) => [property.key, property.value])),
        ...node.resources.flatMap((resource) => same(resource.body)),
      ];
    case 'call':
      return same(...(node.target ? [node.target] : []), ...node.args);
    case 'member':
    case 'nested':
      return same(node.object);
    case 'index':
      return same(node.object, node.index);
    case 'unary':
      return same(node.operand);
    case 'binary':
      return same(node.left, node.right);
    case 'ternary':
      return same(node.test, node.yes, node.no);
    case 'lambda':
      return [{ node: node.body, locals: and(locals, ...node.parameters) }];
    case 'for':
      return [...same(node.over), { node: node.body, locals: and(locals, node.item, node.index) }];
    case 'if':
      return same(node.condition, node.body);
    default:
      return [];
  }
}

/** An expression and everything inside it. */
export function* visit(node: Expression, locals: ReadonlySet<string> = new Set()): Generator<Visit> {
  yield { node, locals };
  for (const child of childrenOf(node, locals)) yield* visit(child.node, child.locals);
}

/** Every expression of a statement. */
export function* expressionsOf(statement: Statement): Generator<Visit> {
  if ('decorators' in statement)
    for (const decorator of statement.decorators) for (const arg of decorator.args) yield* visit(arg);
  switch (statement.kind) {
    case 'param':
      if (statement.value) yield* visit(statement.value);
      break;
    case 'resource':
    case 'module':
      yield* visit(statement.body);
      break;
    case 'func':
      yield* visit(statement.value, new Set(statement.parameters.map(({ name }) => name)));
      break;
    case 'var':
    case 'output':
    case 'metadata':
      yield* visit(statement.value);
      break;
    default:
  }
}

/** Names of types that a type is made of. */
export function* typeNames(type: TypeNode): Generator<{ readonly name: string; readonly at: TypeNode['at'] }> {
  switch (type.kind) {
    case 'named':
      yield type;
      break;
    case 'union':
      for (const member of type.members) yield* typeNames(member);
      break;
    case 'list':
      yield* typeNames(type.item);
      break;
    case 'nullable':
      yield* typeNames(type.inner);
      break;
    case 'shape':
      for (const property of type.properties) yield* typeNames(property.type);
      if (type.rest) yield* typeNames(type.rest);
      break;
    default:
  }
}
