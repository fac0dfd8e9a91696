import { kindOf, type Syntax } from '../parser/language.ts';

/** Names of the columns that an expression reads. */
export function columnsIn(node: Syntax, names = new Set<string>()): Set<string> {
  if (kindOf(node) === 'NameReference' && node.ReferencedSymbol && kindOf(node.ReferencedSymbol) === 'ColumnSymbol')
    names.add(node.SimpleName ?? '');
  for (let i = 0; i < node.ChildCount; i++) {
    const child = node.GetChild(i);
    if (child && child.IsToken !== true) columnsIn(child, names);
  }
  return names;
}
