import type { TableName } from '../../schema/tables.ts';
import type { Refusal, RowsByTable, Sink } from '../pipeline/ports.ts';
import { countOf, textOf, type RowList } from '../pipeline/row-text.ts';
import type { TableWriter } from './table-writer.ts';

/** A sink with one writer for each table, made when the first row for it comes. */
export function tableSink(writerFor: (table: TableName) => TableWriter): Sink {
  const writers = new Map<TableName, TableWriter>();
  const writerOf = (table: TableName): TableWriter => {
    let writer = writers.get(table);
    if (!writer) writers.set(table, (writer = writerFor(table)));
    return writer;
  };
  const writeTable = async (table: TableName, rows: RowList<object>): Promise<Refusal[]> => {
    const refusals = await writerOf(table).write(textOf(rows));
    return refusals.map((refusal) => ({ table, ...refusal }));
  };
  return {
    async write(rows: RowsByTable) {
      const lists = Object.entries(rows).filter(([, list]) => countOf(list) > 0);
      const writes = lists.map(([table, list]) => writeTable(table as TableName, list));
      // All must be over before anyone is told: a rejected promise must not leave its siblings writing unseen.
      const results = await Promise.allSettled(writes);
      const failed = results.find((result) => result.status === 'rejected');
      if (failed) throw failed.reason;
      return results.flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
    },
  };
}
