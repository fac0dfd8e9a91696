// partition by, top-hitters.

import { kindOf, type Syntax } from '../../parser/language.ts';
import { quote } from '../../sql/value.ts';
import { reference, type Relation } from '../relation.ts';
import { Row } from '../row.ts';
import { named, withColumns } from '../select.ts';
import { parameter } from './join.ts';
import { PART_INPUT, Scope, type Translator } from '../translator.ts';

/** Parts that the legacy strategy, which is the default, allows. */
const MOST_LEGACY_PARTS = 64;

/** Rows of which there are too many parts for the strategy are refused, as Kusto does. */
function limited(t: Translator, node: Syntax, from: string, key: string): string {
  const strategy = parameter(node, 'hint.strategy')?.toLowerCase() ?? 'legacy';
  if (strategy === 'native' || strategy === 'shuffle') return from;
  if (strategy !== 'legacy') return t.session.refuse(`partition hint.strategy=${strategy}`, node);
  const rows = t.session.id('m');
  const message = `KustoError: partition: more than ${MOST_LEGACY_PARTS} values of the key, use hint.strategy=native`;
  const test = `CASE WHEN (SELECT count(DISTINCT ${key}) FROM ${rows}) > ${MOST_LEGACY_PARTS} THEN error(${quote(message)}) ELSE TRUE END`;
  return `(WITH ${rows} AS MATERIALIZED (SELECT * FROM ${from}) SELECT * FROM ${rows} WHERE ${test})`;
}

/** `partition by key (sub-query)`: the sub-query runs for each key alone. */
export function partition(t: Translator, node: Syntax, input: Relation, scope: Scope): Relation {
  const operand = node.Operand as Syntax;
  if (node.ByExpression === null || node.ByExpression === undefined || kindOf(operand) !== 'PartitionSubquery') {
    return t.session.refuse('partition with a sub-query in braces, use partition by … ( … ) or join', node);
  }
  const row = new Row(t.session, input);
  const key = t.scalar(node.ByExpression, row, scope);
  const placed = withColumns(t.session, row, [key]);
  const id = placed.columns[0]?.sql ?? key.sql;
  const from = limited(t, node, placed.from, id);
  const part: Relation = { ...input, from, parts: [...(input.parts ?? []), id] };
  const inner = new Scope(scope);
  inner.declare(PART_INPUT, { kind: 'table', make: () => part });
  const result = t.table(operand.Subquery as Syntax, inner);
  const { parts: _, order: _o, serialized: _s, ...rest } = result;
  return {
    ...rest,
    columns: result.columns,
    ...(input.parts ? { parts: input.parts } : {}),
  };
}

/** `top-hitters n of x by y`: exact here. */
export function topHitters(t: Translator, node: Syntax, input: Relation, scope: Scope): Relation {
  const row = new Row(t.session, input);
  const of = t.scalar(node.OfExpression as Syntax, row, scope);
  const weight = node.ByClause ? t.scalar(node.ByClause.Expression as Syntax, row, scope) : undefined;
  const limit = t.constant(node.Expression as Syntax, scope);
  const [key, total] = [t.session.id(), t.session.id()];
  const type = weight?.type === 'real' ? 'real' : 'long';
  const sum = weight ? `CAST(sum(${weight.sql}) AS ${type === 'real' ? 'DOUBLE' : 'BIGINT'})` : 'count(*)';
  const from = `(SELECT ${of.sql} AS ${key}, ${sum} AS ${total} FROM ${row.from()} GROUP BY ${of.sql} ORDER BY ${total} DESC LIMIT ${String(limit)})`;
  return { from, columns: named(t.session, node, [reference(key, of), { sql: total, type }]) };
}
