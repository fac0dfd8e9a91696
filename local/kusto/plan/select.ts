import { items, type Syntax } from '../parser/language.ts';
import type { Value } from '../sql/value.ts';
import { reference, type RelationColumn } from './relation.ts';
import type { Row } from './row.ts';
import type { Session } from './session.ts';

/** Names of the columns that the parser gives a tabular expression. */
export const namesOf = (node: Syntax): string[] => items(node.ResultType?.Columns).map((column) => column.Name);

const isName = (sql: string): boolean => /^[kh]\d+$/.test(sql);

/**
 * Values become columns of the source. What is a physical column already costs nothing; the rest is added with
 * `SELECT *, …`, and DuckDB leaves out what nobody reads.
 */
export function withColumns(
  session: Session,
  row: Row,
  values: readonly Value[],
  source?: string,
): { from: string; columns: Value[] } {
  const added: string[] = [];
  const columns = values.map((value) => {
    if (isName(value.sql)) return reference(value.sql, value);
    const id = session.id();
    added.push(`${value.sql} AS ${id}`);
    return reference(id, value);
  });
  const from = row.from(source);
  return { from: added.length > 0 ? `(SELECT *, ${added.join(', ')} FROM ${from})` : from, columns };
}

/** Gives values the names that the parser says the operator's columns have. */
export function named(
  session: Session,
  node: Syntax,
  values: readonly Value[],
  names = namesOf(node),
): RelationColumn[] {
  if (names.length !== values.length) {
    return session.refuse(`this operator: ${values.length} values for ${names.length} columns`, node);
  }
  return values.map((value, i) => ({ name: names[i] as string, value }));
}
