import type { DuckDBConnection } from '@duckdb/node-api';
import type { ReaderPool } from '../store/readers.ts';

const INGEST_BY = 'ingest-by:';

/** `ingest-by:` tags of batches, for `ingestIfNotExists`. */
export class TagLog {
  readonly #readers: ReaderPool;
  constructor(readers: ReaderPool) {
    this.#readers = readers;
  }

  static readonly bootstrap = 'CREATE TABLE IF NOT EXISTS fw.tags (db VARCHAR, tbl VARCHAR, tag VARCHAR)';

  async hasAny(database: string, table: string, values: readonly string[]): Promise<boolean> {
    if (values.length === 0) return false;
    return this.#readers.use(30_000, undefined, async (connection) => {
      const reader = await connection.runAndReadAll('SELECT tag FROM fw.tags WHERE db = $1 AND tbl = $2', [
        database,
        table,
      ]);
      const known = new Set(reader.getRows().map(([tag]) => tag));
      return values.some((value) => known.has(value));
    });
  }

  /** Keeps the `ingest-by:` tags of a JSON array of tags, inside the transaction that writes the rows. */
  async add(connection: DuckDBConnection, database: string, table: string, tags: string | undefined): Promise<void> {
    const list: unknown = tags === undefined ? [] : JSON.parse(tags);
    if (!Array.isArray(list)) return;
    for (const tag of list) {
      if (typeof tag !== 'string' || !tag.startsWith(INGEST_BY)) continue;
      await connection.run('INSERT INTO fw.tags VALUES ($1, $2, $3)', [database, table, tag.slice(INGEST_BY.length)]);
    }
  }
}
