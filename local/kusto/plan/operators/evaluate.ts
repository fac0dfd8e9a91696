import type { Syntax } from '../../parser/language.ts';
import type { Relation } from '../relation.ts';
import type { Scope, Translator } from '../translator.ts';

export function evaluate(t: Translator, node: Syntax, _input: Relation, _scope: Scope): Relation {
  return t.session.refuse('operator evaluate', node);
}
