// mv-apply: a sub-query over the elements of an array, for each row alone.

import { elements, type Syntax } from '../../parser/language.ts';
import { reference, type Relation, type RelationColumn } from '../relation.ts';
import { realias } from '../realias.ts';
import { Row } from '../row.ts';
import { namesOf } from '../select.ts';
import { PART_INPUT, Scope, type Translator } from '../translator.ts';
import { parameter } from './join.ts';
import { expand, expansionOf, rowLimit, placeColumns } from './mv-expand.ts';

export function mvApply(t: Translator, node: Syntax, input: Relation, scope: Scope): Relation {
  const { session } = t;
  if (node.ContextIdClause) session.refuse('mv-apply with id', node);
  const [base, rowId] = [session.id('m'), session.id()];
  const parts = input.parts ?? [];
  const whole: Relation = { ...input, from: base };
  const row = new Row(session, whole);
  const expansions = elements(node.Expressions).map((item) => expansionOf(t, item, row, scope, false));
  const expanded = expand(t, node, row, expansions, rowLimit(t, node, scope));
  const indexName = parameter(node, 'with_itemindex');
  const columns: RelationColumn[] = placeColumns(input, expansions, expanded.columns, []);
  if (indexName !== undefined)
    columns.push({ name: indexName, value: { sql: expanded.index, type: 'long', notNull: true } });
  // Within a row the elements come in the order of the array.
  const elementsOfRow: Relation = {
    from: expanded.from,
    columns,
    parts: [...parts, rowId],
    serialized: true,
    order: [{ sql: expanded.index, descending: false, nullsFirst: true }],
  };
  const inner = new Scope(scope);
  inner.declare(PART_INPUT, { kind: 'table', make: () => elementsOfRow });
  const result = t.table(node.Subquery?.Expression as Syntax, inner);
  const found = realias(
    { ...result, columns: [...result.columns, { name: '', value: reference(rowId, { sql: rowId, type: 'long' }) }] },
    session,
  );
  const foundId = found.columns.at(-1)?.value.sql ?? rowId;
  const names = namesOf(node);
  const outcome = names.map((name): RelationColumn => {
    const column = found.columns.find((item) => item.name === name) ?? input.columns.find((item) => item.name === name);
    return column ?? session.refuse(`column ${name} after mv-apply`, node);
  });
  const source = `SELECT *, row_number() OVER () AS ${rowId} FROM ${input.from}`;
  const from = `(WITH ${base} AS MATERIALIZED (${source}) SELECT * FROM ${base} AS b JOIN ${found.from} AS f ON b.${rowId} = f.${foundId})`;
  return { ...input, from, columns: outcome };
}
