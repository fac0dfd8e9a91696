import type { Syntax } from '../../parser/language.ts';
import type { Relation } from '../relation.ts';
import type { Scope, Translator } from '../translator.ts';

export function search(t: Translator, node: Syntax, _input: Relation | undefined, _scope: Scope): Relation {
  return t.session.refuse('operator search', node);
}
export function find(t: Translator, node: Syntax, _scope: Scope): Relation {
  return t.session.refuse('operator find', node);
}
