// scan: a state machine over ordered rows, as a recursive query that takes one row of every part at a time.
//
// Each step k has a state: whether a sequence is active, its match id, and the records of the steps 1 … k. A row is held
// against the steps from the last to the first. Check 1: the step before is active and the condition holds with its state:
// that state moves on to k. Check 2: k is active (or the first step) and the condition holds with its own state.

import { textOf } from '../../parser/analyze.ts';
import { elements, kindOf, type Syntax } from '../../parser/language.ts';
import { nullOf, unified } from '../../sql/convert.ts';
import type { Value } from '../../sql/value.ts';
import { PHYSICAL, type KustoType } from '../../types.ts';
import { orderSql, type Relation, type RelationColumn } from '../relation.ts';
import { Row } from '../row.ts';
import { parameter } from './join.ts';
import type { Scope, Translator } from '../translator.ts';

/** A recursive query costs about a millisecond a row, so longer inputs are refused. */
const MOST_ROWS = 20_000;

interface Field {
  readonly name: string;
  readonly value: Value;
  /** What it is while the step has no record. */
  readonly empty: string;
}

interface Step {
  readonly name: string;
  readonly node: Syntax;
  readonly output: string;
  /** Fields of this step that any expression reads. */
  readonly fields: readonly Field[];
}

interface State {
  readonly active: string;
  readonly match: string;
  /** By step (1 … k) the physical columns of its fields. */
  readonly records: readonly (readonly string[])[];
}

interface Declared {
  readonly name: string;
  readonly type: KustoType;
  readonly initial: string;
}

const ALIASES: Readonly<Record<string, KustoType>> = {
  double: 'real',
  date: 'datetime',
  time: 'timespan',
  boolean: 'bool',
};

function declaredColumns(t: Translator, node: Syntax, scope: Scope): Declared[] {
  return elements(node.DeclareClause?.Declarations).map((item) => {
    const declaration = item.NameAndType as Syntax;
    const word = textOf(declaration.Type as Syntax).toLowerCase();
    const type = ALIASES[word] ?? (word as KustoType);
    const given = item.DefaultValue?.Value;
    const value = given ? t.scalar(given, new Row(t.session, undefined), scope) : nullOf(type, PHYSICAL);
    return { name: declaration.Name?.SimpleName ?? '', type, initial: fit(t, node, value, type) };
  });
}

function fit(t: Translator, node: Syntax, value: Value, type: KustoType): string {
  const sql = unified(value, type, { atom: (text) => text });
  return sql === undefined
    ? t.session.refuse(`${value.type} assigned to a column of type ${type} in scan`, node)
    : `CAST(${sql} AS ${PHYSICAL[type]})`;
}

/** Names of `step.field` that are read anywhere. */
function fieldsRead(node: Syntax, step: string, found: Set<string>): void {
  if (kindOf(node) === 'PathExpression' && node.Expression?.SimpleName === step) {
    found.add((node.Selector as Syntax).SimpleName ?? '');
  }
  for (let i = 0; i < node.ChildCount; i++) {
    const child = node.GetChild(i);
    if (child && child.IsToken !== true) fieldsRead(child, step, found);
  }
}

class Machine {
  readonly t: Translator;
  readonly scope: Scope;
  readonly input: Relation;
  readonly declared: readonly Declared[];
  readonly steps: readonly Step[];
  /** Columns of one turn, in layers that may read the ones before. */
  readonly layers: string[][] = [];
  readonly outputs: { flag: string; match: string; declared: string[] }[] = [];
  nextMatch: string;

  constructor(t: Translator, node: Syntax, input: Relation, scope: Scope) {
    this.t = t;
    this.scope = scope;
    this.input = input;
    this.declared = declaredColumns(t, node, scope);
    this.steps = elements(node.Steps).map((step) => this.stepOf(node, step));
    this.nextMatch = t.session.id();
  }

  private stepOf(node: Syntax, step: Syntax): Step {
    const name = step.Name?.SimpleName ?? '';
    const found = new Set<string>();
    fieldsRead(node, name, found);
    const fields = [...found].map((field): Field => {
      const own = this.declared.find((item) => item.name === field);
      if (own) return { name: field, value: { sql: '', type: own.type }, empty: own.initial };
      const column = this.input.columns.find((item) => item.name === field);
      if (!column || column.value.list) return this.t.session.refuse(`scan: ${name}.${field}`, step);
      return { name: field, value: column.value, empty: nullOf(column.value.type, PHYSICAL).sql };
    });
    const output = step.ScanStepOutput?.OutputKind ? textOf(step.ScanStepOutput.OutputKind).toLowerCase() : 'all';
    if (output === 'last') this.t.session.refuse('scan with output=last', step);
    return { name, node: step, output, fields };
  }

  newState(k: number): State {
    const id = (): string => this.t.session.id();
    return { active: id(), match: id(), records: this.steps.slice(0, k + 1).map((step) => step.fields.map(id)) };
  }

  /** A row that sees the input and, as `step.field`, these records; steps without one show their empty values. */
  private rowWith(records: readonly (readonly string[])[]): Row {
    const sides = Object.fromEntries(
      this.steps.map((step, j) => {
        const columns = step.fields.map((field, f): RelationColumn => {
          const { type } = field.value;
          const sql = records[j]?.[f] ?? field.empty;
          return { name: field.name, value: { sql, type, ...(type === 'string' ? { notNull: true } : {}) } };
        });
        return [step.name, { from: '', columns }];
      }),
    );
    return new Row(this.t.session, this.input, { sides, plain: true });
  }

  private condition(step: Step, records: readonly (readonly string[])[]): string {
    return `coalesce(${this.t.predicate(step.node.Condition as Syntax, this.rowWith(records), this.scope)}, FALSE)`;
  }

  /** Values of the declared columns when the step matches with these records. */
  private assigned(step: Step, records: readonly (readonly string[])[]): string[] {
    const row = this.rowWith(records);
    const assignments = new Map(
      elements(step.node.ComputationClause?.Assignments).map((item) => [
        item.Name?.SimpleName ?? '',
        item.Expression as Syntax,
      ]),
    );
    return this.declared.map((column) => {
      const expression = assignments.get(column.name);
      return expression
        ? fit(this.t, expression, this.t.scalar(expression, row, this.scope), column.type)
        : column.initial;
    });
  }

  /** One step against the row: gives the states of all steps after it. */
  turn(k: number, states: State[]): void {
    const { session } = this.t;
    const step = this.steps[k] as Step;
    const own = states[k] as State;
    const before = states[k - 1];
    const [first, second] = [session.id(), session.id()];
    const promoted = before ? before.records : [];
    const moves = before ? `(${before.active} AND ${this.condition(step, promoted)})` : 'FALSE';
    const stays = this.condition(step, own.records);
    this.layers.push([`${moves} AS ${first}`]);
    this.layers.push([`(NOT ${first} AND ${k === 0 ? '' : `${own.active} AND `}${stays}) AS ${second}`]);
    const matched = `(${first} OR ${second})`;
    const choose = (a: string, b: string, otherwise: string): string =>
      `CASE WHEN ${first} THEN ${a} WHEN ${second} THEN ${b} ELSE ${otherwise} END`;
    const [moved, stayed] = [before ? this.assigned(step, promoted) : undefined, this.assigned(step, own.records)];
    const values = stayed.map((value, i) => ({ id: session.id(), sql: choose(moved?.[i] ?? 'NULL', value, 'NULL') }));
    const next = this.newState(k);
    const started = session.id();
    const fresh = k === 0 ? `CASE WHEN ${own.active} THEN ${own.match} ELSE ${this.nextMatch} END` : own.match;
    const later = [
      `${matched} OR ${own.active} AS ${next.active}`,
      `${choose(before?.match ?? 'NULL', fresh, own.match)} AS ${next.match}`,
    ];
    if (k === 0)
      later.push(`${this.nextMatch} + CASE WHEN ${second} AND NOT ${own.active} THEN 1 ELSE 0 END AS ${started}`);
    this.layers.push(values.map(({ id, sql }) => `${sql} AS ${id}`));
    next.records.forEach((ids, j) =>
      ids.forEach((id, f) => {
        const old = own.records[j]?.[f] ?? 'NULL';
        const field = step.fields[f];
        const at = this.declared.findIndex((item) => item.name === field?.name);
        const fromRow = at >= 0 ? (values[at]?.id ?? 'NULL') : (field?.value.sql ?? 'NULL');
        later.push(
          `${j === k ? `CASE WHEN ${matched} THEN ${fromRow} ELSE ${old} END` : choose(before?.records[j]?.[f] ?? 'NULL', old, old)} AS ${id}`,
        );
      }),
    );
    states[k] = next;
    if (before) {
      const cleared = this.newState(k - 1);
      later.push(`(${before.active} AND NOT ${first}) AS ${cleared.active}`, `${before.match} AS ${cleared.match}`);
      cleared.records.forEach((ids, j) =>
        ids.forEach((id, f) =>
          later.push(
            `CASE WHEN ${first} THEN ${this.steps[j]?.fields[f]?.empty ?? 'NULL'} ELSE ${before.records[j]?.[f] ?? 'NULL'} END AS ${id}`,
          ),
        ),
      );
      states[k - 1] = cleared;
    }
    this.layers.push(later);
    if (k === 0) this.nextMatch = started;
    if (step.output !== 'none')
      this.outputs.push({ flag: matched, match: next.match, declared: values.map(({ id }) => id) });
  }
}

const stateColumns = (states: readonly State[]): string[] =>
  states.flatMap((state) => [state.active, state.match, ...state.records.flat()]);

/** Values of all state columns before the first row. */
const emptyStates = (machine: Machine, states: readonly State[]): string[] =>
  states.flatMap((state) => [
    'FALSE',
    'CAST(NULL AS BIGINT)',
    ...state.records.flatMap((ids, j) => ids.map((_, f) => machine.steps[j]?.fields[f]?.empty ?? 'NULL')),
  ]);

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
    ({ flag, match, declared }) =>
      `CASE WHEN ${flag} THEN {'m': ${[match, ...declared].map((id, i) => (i === 0 ? id : `'d${i}': ${id}`)).join(', ')}} END`,
  );
  const emitted = `list_filter([${rows.join(', ')}], lambda x: x IS NOT NULL)`;
  const list = session.id();
  const body = machine.layers.reduce(
    (from, layer) => (layer.length > 0 ? `(SELECT *, ${layer.join(', ')} FROM ${from})` : from),
    `(SELECT * FROM ${table} AS s JOIN (SELECT * REPLACE (0 AS one) FROM ${source}) AS r ON r.${n} = s.${turn} + 1${parts.map((part) => ` AND r.${part} IS NOT DISTINCT FROM s.p_${part}`).join('')})`,
  );
  const emptyRow = `{'m': CAST(NULL AS BIGINT)${machine.declared.map((column, i) => `, 'd${i + 1}': CAST(NULL AS ${PHYSICAL[column.type]})`).join('')}}`;
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
  const outs = `SELECT ${[turn, ...parts.map((part) => `p_${part}`)].join(', ')}, unnest(${list}) AS o FROM ${table}`;
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
