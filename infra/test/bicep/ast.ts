// What a Bicep file is made of. Grammar: https://github.com/Azure/bicep/blob/main/docs/grammar.md

/** A place in a file, counted from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

export interface Property {
  /** Undefined when the key is computed. */
  readonly name: string | undefined;
  readonly key: Expression;
  readonly value: Expression;
  readonly at: Position;
}

interface Node<Kind extends string> {
  readonly kind: Kind;
  readonly at: Position;
}

export type StringNode = Node<'string'> & { readonly parts: readonly (string | Expression)[] };
export type ObjectNode = Node<'object'> & {
  readonly properties: readonly Property[];
  readonly resources: readonly ResourceDeclaration[];
};
export type CallNode = Node<'call'> & {
  readonly name: string;
  /** The thing a method is called on, such as a vault in `vault.getSecret()`. */
  readonly target: Expression | undefined;
  readonly args: readonly Expression[];
};

export type Expression =
  | StringNode
  | ObjectNode
  | CallNode
  | (Node<'number'> & { readonly value: number })
  | (Node<'boolean'> & { readonly value: boolean })
  | Node<'null'>
  | (Node<'array'> & { readonly items: readonly Expression[] })
  | (Node<'name'> & { readonly name: string })
  | (Node<'member'> & { readonly object: Expression; readonly name: string; readonly isSafe: boolean })
  | (Node<'index'> & { readonly object: Expression; readonly index: Expression; readonly isSafe: boolean })
  | (Node<'nested'> & { readonly object: Expression; readonly name: string })
  | (Node<'unary'> & { readonly operator: string; readonly operand: Expression })
  | (Node<'binary'> & { readonly operator: string; readonly left: Expression; readonly right: Expression })
  | (Node<'ternary'> & { readonly test: Expression; readonly yes: Expression; readonly no: Expression })
  | (Node<'lambda'> & { readonly parameters: readonly string[]; readonly body: Expression })
  | (Node<'for'> & {
      readonly item: string;
      readonly index: string | undefined;
      readonly over: Expression;
      readonly body: Expression;
    })
  | (Node<'if'> & { readonly condition: Expression; readonly body: Expression });

export interface TypeProperty {
  readonly name: string;
  readonly type: TypeNode;
  readonly isOptional: boolean;
  readonly decorators: readonly CallNode[];
  readonly at: Position;
}

export type TypeNode =
  | (Node<'named'> & { readonly name: string })
  | (Node<'literal'> & { readonly value: string | number | boolean | null })
  | (Node<'union'> & { readonly members: readonly TypeNode[] })
  | (Node<'list'> & { readonly item: TypeNode })
  | (Node<'nullable'> & { readonly inner: TypeNode })
  | (Node<'shape'> & { readonly properties: readonly TypeProperty[]; readonly rest: TypeNode | undefined });

interface Declaration<Kind extends string> extends Node<Kind> {
  readonly name: string;
  readonly decorators: readonly CallNode[];
}

export type ParameterDeclaration = Declaration<'param'> & {
  readonly type: TypeNode;
  readonly value: Expression | undefined;
};
export type ResourceDeclaration = Declaration<'resource'> & {
  readonly type: string;
  readonly apiVersion: string;
  readonly isExisting: boolean;
  readonly body: Expression;
};
export type ModuleDeclaration = Declaration<'module'> & { readonly path: string; readonly body: Expression };
export type OutputDeclaration = Declaration<'output'> & { readonly type: TypeNode; readonly value: Expression };

export type Statement =
  | ParameterDeclaration
  | ResourceDeclaration
  | ModuleDeclaration
  | OutputDeclaration
  | (Declaration<'var'> & { readonly value: Expression })
  | (Declaration<'type'> & { readonly type: TypeNode })
  | (Declaration<'func'> & {
      readonly parameters: readonly { readonly name: string; readonly type: TypeNode }[];
      readonly returns: TypeNode;
      readonly value: Expression;
    })
  | (Node<'metadata'> & { readonly name: string; readonly value: Expression })
  | (Node<'scope'> & { readonly value: string })
  | (Node<'import'> & {
      readonly path: string;
      /** Names as they are called here → names in the file; `*` maps to the alias of the whole file. */
      readonly names: Readonly<Record<string, string>>;
      readonly alias: string | undefined;
    });

/** Raised at the first thing that is not Bicep. */
export class SyntaxFault extends Error {
  readonly at: Position;
  readonly expected: string;
  readonly got: string;

  constructor(at: Position, expected: string, got: string) {
    super(`${at.line}:${at.column}: expected ${expected}, got ${got}`);
    this.at = at;
    this.expected = expected;
    this.got = got;
  }
}
