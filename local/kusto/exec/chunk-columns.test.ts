import { DuckDBInstance } from '@duckdb/node-api';
import { expect, it } from 'vitest';
import { PHYSICAL, type Column, type KustoType } from '../types.ts';
import { columnReaders } from './chunk-columns.ts';

const TYPES: readonly KustoType[] = ['bool', 'int', 'long', 'real', 'string', 'datetime', 'dynamic'];

it('values of every type, nulls and chunk ends are read as the bindings’ own vectors read them', async () => {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const columns: Column[] = TYPES.map((type) => ({ name: type, type }));
  const value: Readonly<Record<string, string>> = {
    BOOLEAN: 'i % 3 = 0',
    INTEGER: '-i',
    BIGINT: '(i - 2500) * 900719925474099',
    DOUBLE: "CASE WHEN i % 5 = 0 THEN CAST('nan' AS DOUBLE) ELSE i / 7 END",
    VARCHAR:
      "substr('äöü 𝄞 twelve bytes and more', 1, CAST(i % 25 AS INTEGER)) || CASE WHEN i % 11 = 0 THEN chr(0) ELSE '' END",
  };
  const list = TYPES.map((type, k) => {
    const physical = PHYSICAL[type];
    return `CASE WHEN (i + ${k}) % 4 <> 0 THEN CAST(${value[physical] ?? ''} AS ${physical}) END`;
  });
  const result = await connection.stream(
    `SELECT ${list.join(', ')} FROM range(5001) AS r(i) UNION ALL SELECT ${TYPES.map(() => 'NULL').join(', ')}`,
  );
  let rows = 0;
  for (let chunk = await result.fetchChunk(); chunk !== null && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
    const read = columnReaders(chunk, columns);
    const known = chunk.getColumns();
    for (let row = 0; row < chunk.rowCount; row++)
      expect(read.map((cell) => cell(row))).toEqual(known.map((column) => column[row]));
    rows += chunk.rowCount;
  }
  expect(rows).toBe(5002);
  connection.closeSync();
  instance.closeSync();
});
