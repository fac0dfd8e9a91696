// evaluate: the plugins. narrow is here, the larger ones have files of their own.

import type { Syntax } from '../../parser/language.ts';
import { toText } from '../../sql/convert.ts';
import { quote } from '../../sql/value.ts';
import { nameOfCall } from '../call.ts';
import type { Relation } from '../relation.ts';
import { Row } from '../row.ts';
import type { Scope, Translator } from '../translator.ts';
import { bagUnpack } from './bag-unpack.ts';
import { ipv4Lookup } from './ipv4-lookup.ts';
import { pivot } from './pivot.ts';

/** `narrow()`: one row per cell. */
function narrow(t: Translator, _node: Syntax, input: Relation): Relation {
  const [rowId, nameId, valueId, number] = [t.session.id(), t.session.id(), t.session.id(), t.session.id()];
  const row = new Row(t.session, input);
  const cells = input.columns.map(({ name, value }) => `{'n': ${quote(name)}, 'v': ${toText(value, row)}}`);
  const numbered = `(SELECT *, row_number() OVER () - 1 AS ${number} FROM ${row.from()})`;
  const list = `(SELECT ${number} AS ${rowId}, unnest([${cells.join(', ')}]) AS cell FROM ${numbered})`;
  return {
    from: `(SELECT ${rowId}, cell.n AS ${nameId}, cell.v AS ${valueId} FROM ${list})`,
    columns: [
      { name: 'Row', value: { sql: rowId, type: 'long', notNull: true } },
      { name: 'Column', value: { sql: nameId, type: 'string', notNull: true } },
      { name: 'Value', value: { sql: valueId, type: 'string', notNull: true } },
    ],
  };
}

export function evaluate(t: Translator, node: Syntax, input: Relation, scope: Scope): Relation {
  const name = nameOfCall(node.FunctionCall as Syntax);
  if (name === 'bag_unpack') return bagUnpack(t, node, input, scope);
  if (name === 'pivot') return pivot(t, node, input, scope);
  if (name === 'ipv4_lookup') return ipv4Lookup(t, node, input, scope);
  if (name === 'narrow') return narrow(t, node, input);
  return t.session.refuse(`plugin ${name}`, node);
}
