import type { Syntax } from '../../parser/language.ts';
import type { Relation } from '../relation.ts';
import type { Scope, Translator } from '../translator.ts';

export function parse(t: Translator, node: Syntax, _input: Relation, _scope: Scope): Relation {
  return t.session.refuse('operator parse', node);
}
export function parseKv(t: Translator, node: Syntax, _input: Relation, _scope: Scope): Relation {
  return t.session.refuse('operator parse-kv', node);
}
