import { reference, type Relation } from './relation.ts';
import type { Session } from './session.ts';

/** The same rows under new physical names, so that a table can be joined with itself. */
export function realias(relation: Relation, session: Session): Relation {
  const names = new Map<string, string>();
  const items: string[] = [];
  const rename = (sql: string): string =>
    sql.replace(/\b[kh]\d+\b/g, (old) => {
      let id = names.get(old);
      if (id === undefined) {
        id = session.id();
        names.set(old, id);
        items.push(`${old} AS ${id}`);
      }
      return id;
    });
  const columns = relation.columns.map(({ name, value }) => ({ name, value: reference(rename(value.sql), value) }));
  const order = relation.order?.map((key) => ({ ...key, sql: rename(key.sql) }));
  const ingested = relation.ingested === undefined ? {} : { ingested: rename(relation.ingested) };
  const from = `(SELECT ${items.length > 0 ? items.join(', ') : '1'} FROM ${relation.from})`;
  return { ...relation, from, columns, ...(order ? { order } : {}), ...ingested };
}
