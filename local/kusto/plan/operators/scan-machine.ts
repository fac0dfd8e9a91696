// The state machine of scan.
//
// Each step k has a state: whether a sequence is active, its match id, and the records of the steps 1 … k. A row is held
// against the steps from the last to the first. Check 1: the step before is active and the condition holds with its state:
// that state moves on to k. Check 2: k is active (or the first step) and the condition holds with its own state.

import { textOf } from '../../parser/analyze.ts';
import { elements, kindOf, type Syntax } from '../../parser/language.ts';
import { nullOf, unified } from '../../sql/convert.ts';
import type { Value } from '../../sql/value.ts';
import { PHYSICAL, type KustoType } from '../../types.ts';
import type { Relation, RelationColumn } from '../relation.ts';
import { Row } from '../row.ts';
import type { Scope, Translator } from '../translator.ts';
import { writtenType } from './declared-schema.ts';

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

export interface State {
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

function declaredColumns(t: Translator, node: Syntax, scope: Scope): Declared[] {
  return elements(node.DeclareClause?.Declarations).map((item) => {
    const declaration = item.NameAndType as Syntax;
    const type = writtenType(declaration.Type as Syntax);
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

/** What a step gives for a row that matches it. */
interface Output {
  readonly step: number;
  readonly flag: string;
  readonly match: string;
  readonly declared: readonly string[];
  /** Whether the match is the first of a series that repeats it. */
  readonly begins: string;
}

/** The machine as SQL: every step adds layers of columns to the row of a turn. */
export class Machine {
  readonly t: Translator;
  readonly scope: Scope;
  readonly input: Relation;
  readonly declared: readonly Declared[];
  readonly steps: readonly Step[];
  /** Columns of one turn, in layers that may read the ones before. */
  readonly layers: string[][] = [];
  readonly outputs: Output[] = [];
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
    const begins = k === 0 ? `(${second} AND NOT ${own.active})` : first;
    const declared = values.map(({ id }) => id);
    if (step.output !== 'none') this.outputs.push({ step: k, flag: matched, match: next.match, declared, begins });
  }
}
