// What the parts of the compiler may ask of each other.

import type { Syntax } from '../parser/language.ts';
import type { Constant, Value } from '../sql/value.ts';
import type { Relation } from './relation.ts';
import type { Row } from './row.ts';
import type { Session } from './session.ts';

/** What a name declared by `let`, a parameter or a pattern stands for. */
export type Binding =
  | { readonly kind: 'scalar'; readonly value: Value }
  | { readonly kind: 'table'; readonly make: () => Relation }
  | { readonly kind: 'pattern'; readonly declaration: Syntax }
  | { readonly kind: 'function'; readonly declaration: Syntax; readonly scope: Scope; readonly view?: () => Relation };

/** Name under which the rows of mv-apply and partition are bound for their sub-query; no KQL name can be this. */
export const PART_INPUT = '$part';

/** Names visible at a place. */
export class Scope {
  private readonly parent: Scope | undefined;
  private readonly names = new Map<string, Binding>();

  constructor(parent?: Scope) {
    this.parent = parent;
  }

  declare(name: string, binding: Binding): void {
    this.names.set(name, binding);
  }

  /** Tables that `let name = view () { … }` declared, as patterns and search over everything see them. */
  views(isWanted: (name: string) => boolean): Relation[] {
    const own = [...this.names].flatMap(([source, binding]) =>
      binding.kind === 'function' && binding.view && isWanted(source) ? [{ ...binding.view(), source }] : [],
    );
    return [...(this.parent?.views(isWanted) ?? []), ...own];
  }

  find(name: string): Binding | undefined {
    return this.names.get(name) ?? this.parent?.find(name);
  }
}

export interface Translator {
  readonly session: Session;
  /** A scalar expression. */
  scalar(node: Syntax, row: Row, scope: Scope): Value;
  /** A condition for WHERE, where null counts as false. */
  predicate(node: Syntax, row: Row, scope: Scope): string;
  /** A scalar expression that must be known now. */
  constant(node: Syntax, scope: Scope): Constant;
  /** A tabular expression. */
  table(node: Syntax, scope: Scope): Relation;
  /** The operator after a pipe. */
  operator(node: Syntax, input: Relation, scope: Scope): Relation;
  /** The tabular result of a function call; `input` is what `invoke` hands over. */
  callTable(node: Syntax, scope: Scope, input?: Relation): Relation;
}
