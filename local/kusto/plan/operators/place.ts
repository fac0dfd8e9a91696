import type { Syntax } from '../../parser/language.ts';
import type { Relation, RelationColumn } from '../relation.ts';
import { namesOf } from '../select.ts';
import type { Translator } from '../translator.ts';

/** The columns that the parser names, taken from the new ones first and from the input else. */
export function placeNamed(
  t: Translator,
  node: Syntax,
  input: Relation,
  given: readonly RelationColumn[],
): RelationColumn[] {
  return namesOf(node).map((name) => {
    const column = given.find((item) => item.name === name) ?? input.columns.find((item) => item.name === name);
    return column ?? t.session.refuse(`column ${name} of this operator`, node);
  });
}
