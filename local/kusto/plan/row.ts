import type { Value } from '../sql/value.ts';
import { findColumn, orderSql, reference, type Relation } from './relation.ts';
import type { Session } from './session.ts';

/**
 * The row that an expression sees. Besides resolving names it collects sub-expressions that get a column of their own
 * ("atoms"), so that SQL text which is needed several times is written once; `from()` gives the source with them added.
 */
export class Row {
  readonly session: Session;
  readonly relation: Relation | undefined;
  /** `$left` and `$right` of a join. */
  readonly sides: Readonly<Record<string, Relation>>;
  private readonly layers: ((from: string) => string)[] = [];
  private readonly known = new Map<string, string>();
  private sequence: string | undefined;
  /** No columns can be added: the expression stands inside another construct, and text that is used twice is written twice. */
  private readonly plain: boolean;
  /** Aggregates are collected here while a summarize expression is translated. */
  readonly aggregates: { readonly inner: Row; add(sql: Value): Value } | undefined;

  constructor(
    session: Session,
    relation: Relation | undefined,
    more: { sides?: Readonly<Record<string, Relation>>; aggregates?: Row['aggregates']; plain?: boolean } = {},
  ) {
    this.session = session;
    this.relation = relation;
    this.sides = more.sides ?? {};
    this.aggregates = more.aggregates;
    this.plain = more.plain === true;
  }

  column(name: string): Value | undefined {
    return this.relation && findColumn(this.relation, name)?.value;
  }

  /** Name of a column that holds this SQL. */
  atom(sql: string): string {
    const known = this.known.get(sql);
    if (known !== undefined) return known;
    if (this.plain) return `(${sql})`;
    if (this.relation === undefined && !this.aggregates) return this.share(sql);
    const id = this.session.id('h');
    this.layers.push((from) => `(SELECT *, ${sql} AS ${id} FROM ${from})`);
    this.known.set(sql, id);
    return id;
  }

  /** Adds a column that needs more than an expression: `build` wraps the source. */
  layer(build: (from: string) => string): void {
    this.layers.push(build);
  }

  /** Without rows there is no column to put it in; DuckDB folds a repeated constant, and long ones become a sub-query. */
  private share(sql: string): string {
    if (sql.length < 300) return sql;
    const id = this.session.id('s');
    this.session.shared.push(`${id} AS (SELECT ${sql} AS v)`);
    const name = `(SELECT v FROM ${id})`;
    this.known.set(sql, name);
    return name;
  }

  hold(value: Value): Value {
    return reference(this.atom(value.sql), value);
  }

  /** ORDER BY of the rows for window functions; undefined when they have no order. */
  rowOrder(): string | undefined {
    if (!this.relation?.serialized) return undefined;
    this.sequence ??= this.atom(
      `row_number() OVER (${this.relation.order ? `ORDER BY ${orderSql(this.relation.order)}` : ''})`,
    );
    return this.sequence;
  }

  /** What keeps the rows in the order that window functions saw, where no sort has said it. */
  sequenceOrder(): Pick<Relation, 'order'> {
    if (this.sequence === undefined || (this.relation?.order?.length ?? 0) > 0) return {};
    return { order: [{ sql: this.sequence, descending: false, nullsFirst: true }] };
  }

  /** The source with the collected columns. */
  from(source = this.relation?.from ?? '(SELECT 1)'): string {
    return this.layers.reduce((from, layer) => layer(from), source);
  }
}
