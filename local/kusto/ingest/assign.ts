import type { TableEntity } from '../catalog/entities.ts';
import { KustoError, PHYSICAL, type Column, type KustoType } from '../types.ts';

const NUMERIC: ReadonlySet<KustoType> = new Set<KustoType>(['int', 'long', 'real', 'decimal']);

/** SQL that turns result column `q<i>` into the target's type; null when Kusto would not take it. */
function cast(from: KustoType, to: KustoType, name: string): string | null {
  if (to === 'string' && from === 'string') return `coalesce(${name}, '')`;
  if (from === to) return name;
  if (to === 'dynamic' && from === 'string') return `to_json(${name})::VARCHAR`;
  if (from === 'dynamic' && to === 'string') return `coalesce(${name}, '')`;
  if (NUMERIC.has(from) && NUMERIC.has(to)) return `TRY_CAST(${name} AS ${PHYSICAL[to]})`;
  if ((from === 'guid' || from === 'bool' || NUMERIC.has(from)) && to === 'string')
    return `coalesce(CAST(${name} AS VARCHAR), '')`;
  return null;
}

/** The values for a table's columns from a result, by position as `.append` and update policies do; missing trailing columns are null. */
export function assignable(target: TableEntity, columns: readonly Column[]): string {
  if (columns.length > target.columns.length) {
    throw new KustoError(
      'BADREQUEST',
      `Query schema does not match table schema: the query gives ${columns.length} columns, table '${target.name}' has ${target.columns.length}`,
    );
  }
  return target.columns
    .map((column, i) => {
      const from = columns[i];
      if (from === undefined) return column.type === 'string' ? "''" : 'NULL';
      const sql = cast(from.type, column.type, `q${i}`);
      if (sql === null) {
        throw new KustoError(
          'BADREQUEST',
          `Query schema does not match table schema: column ${i} '${column.name}' is ${column.type}, the query gives '${from.name}' of ${from.type}`,
        );
      }
      return sql;
    })
    .join(', ');
}
