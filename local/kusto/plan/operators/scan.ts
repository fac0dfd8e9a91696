// scan: a state machine over ordered rows, as a recursive query that takes one row of every part at a time.

import type { Syntax } from '../../parser/language.ts';
import { PHYSICAL } from '../../types.ts';
import { orderSql, type Relation, type RelationColumn } from '../relation.ts';
import type { Scope, Translator } from '../translator.ts';
import { parameter } from './join.ts';
import { Machine, type State } from './scan-machine.ts';

/** A recursive query costs about a millisecond a row, so longer inputs are refused. */
const MOST_ROWS = 20_000;

const stateColumns = (states: readonly State[]): string[] =>
  states.flatMap((state) => [state.active, state.match, ...state.records.flat()]);

/** Values of all state columns before the first row. */
const emptyStates = (machine: Machine, states: readonly State[]): string[] =>
  states.flatMap((state) => [
    'FALSE',
    'CAST(NULL AS BIGINT)',
    ...state.records.flatMap((ids, j) => ids.map((_, f) => machine.steps[j]?.fields[f]?.empty ?? 'NULL')),
  ]);

/** Of the steps with output=last, the record that no other of the same series comes after. */
function lastOnly(machine: Machine, outs: string, parts: readonly string[], turn: string): string {
  const last = machine.steps.flatMap(({ output }, k) => (output === 'last' ? [k] : []));
  if (last.length === 0) return outs;
  const next = `lead(o.b) OVER (PARTITION BY ${[...parts, 'o.k'].join(', ')} ORDER BY ${turn})`;
  return `SELECT * FROM (${outs}) QUALIFY o.k NOT IN (${last.join(', ')}) OR coalesce(${next}, TRUE)`;
}

export function scan(t: Translator, node: Syntax, input: Relation, scope: Scope): Relation {
  const { session } = t;
  if (!input.serialized) session.fail('scan needs ordered rows: use sort or serialize before it', node);
  if (node.OrderByClause || node.PartitionByClause)
    session.refuse('scan with order by or partition by inside it', node);
  const machine = new Machine(t, node, input, scope);
  const initial = machine.steps.map((_, k) => machine.newState(k));
  const states = [...initial];
  const firstMatch = machine.nextMatch;
  for (let k = machine.steps.length - 1; k >= 0; k--) machine.turn(k, states);
  const parts = input.parts ?? [];
  const [source, table, n, turn] = [session.id('w'), session.id('w'), session.id(), session.id()];
  const outDeclared = machine.declared.map(() => session.id());
  const outMatch = session.id();
  const rows = machine.outputs.map(
    ({ step: k, flag, match, declared, begins }) =>
      `CASE WHEN ${flag} THEN {${[`'m': ${match}`, ...declared.map((id, i) => `'d${i + 1}': ${id}`), `'k': ${k}`, `'b': ${begins}`].join(', ')}} END`,
  );
  const emitted = `list_filter([${rows.join(', ')}], lambda x: x IS NOT NULL)`;
  const list = session.id();
  const body = machine.layers.reduce(
    (from, layer) => (layer.length > 0 ? `(SELECT *, ${layer.join(', ')} FROM ${from})` : from),
    `(SELECT * FROM ${table} AS s JOIN (SELECT * REPLACE (0 AS one) FROM ${source}) AS r ON r.${n} = s.${turn} + 1${parts.map((part) => ` AND r.${part} IS NOT DISTINCT FROM s.p_${part}`).join('')})`,
  );
  const emptyRow = `{'m': CAST(NULL AS BIGINT)${machine.declared.map((column, i) => `, 'd${i + 1}': CAST(NULL AS ${PHYSICAL[column.type]})`).join('')}, 'k': 0, 'b': FALSE}`;
  const columns = [turn, ...parts.map((part) => `p_${part}`), firstMatch, ...stateColumns(initial), list];
  const start = [
    'CAST(0 AS BIGINT)',
    ...parts,
    'CAST(0 AS BIGINT)',
    ...emptyStates(machine, initial),
    `list_filter([${emptyRow}], lambda x: FALSE)`,
  ];
  const step = [n, ...parts, machine.nextMatch, ...stateColumns(states), emitted];
  const order = input.order && input.order.length > 0 ? `ORDER BY ${orderSql(input.order)}` : '';
  const numbered = `SELECT *, 0 AS one, row_number() OVER (${parts.length > 0 ? `PARTITION BY ${parts.join(', ')} ` : ''}${order}) AS ${n} FROM ${input.from}`;
  const limit = `CASE WHEN (SELECT max(${n}) FROM ${source}) > ${MOST_ROWS} THEN error('scan: more than ${MOST_ROWS} rows in a part') ELSE TRUE END`;
  const base = `SELECT DISTINCT ${start.join(', ')} FROM ${source} WHERE ${limit}`;
  const back = parts.map((part) => ` AND r.${part} IS NOT DISTINCT FROM o.p_${part}`).join('');
  const partNames = parts.map((part) => `p_${part}`);
  const outs = lastOnly(
    machine,
    `SELECT ${[turn, ...partNames].join(', ')}, unnest(${list}) AS o FROM ${table}`,
    partNames,
    turn,
  );
  const picked = [`o.o.m AS ${outMatch}`, ...outDeclared.map((id, i) => `o.o.d${i + 1} AS ${id}`)].join(', ');
  const from = `(WITH RECURSIVE ${source} AS MATERIALIZED (${numbered}), ${table}(${columns.join(', ')}) AS (${base} UNION ALL SELECT ${step.join(', ')} FROM ${body}) SELECT r.*, ${picked} FROM (${outs}) AS o JOIN ${source} AS r ON r.${n} = o.${turn}${back})`;
  const given: RelationColumn[] = machine.declared.map((column, i) => ({
    name: column.name,
    value: { sql: outDeclared[i] as string, type: column.type, ...(column.type === 'string' ? { notNull: true } : {}) },
  }));
  const matchName = parameter(node, 'with_match_id');
  // The parser lists a column match_id even when none is asked for; Kusto gives none.
  if (matchName !== undefined) given.push({ name: matchName, value: { sql: outMatch, type: 'long' } });
  return {
    ...input,
    from,
    columns: [...input.columns.filter((column) => !given.some((item) => item.name === column.name)), ...given],
    order: [{ sql: n, descending: false, nullsFirst: true }],
    serialized: true,
  };
}
