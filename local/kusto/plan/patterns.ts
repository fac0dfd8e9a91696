import type { Syntax } from '../parser/language.ts';
import type { Relation } from './relation.ts';
import type { Scope, Translator } from './translator.ts';

/** A call of a declared pattern; undefined when it is something else. */
export function callPattern(_t: Translator, _node: Syntax, _scope: Scope): Relation | undefined {
  return undefined;
}
