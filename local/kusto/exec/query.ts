import type { DuckDBConnection, DuckDBPreparedStatement } from '@duckdb/node-api';
import { KustoError, type Catalog, type Column, type CompiledQuery, type SchemaNeed } from '../types.ts';
import { columnReaders } from './chunk-columns.ts';
import { encodeCell } from './encode.ts';
import type { Engine } from './engine.ts';

/** Limits of one answer, as Kusto sets them by default. */
export const MAX_RESULT_ROWS = 500_000;
export const MAX_RESULT_BYTES = 64 * 1024 * 1024;

export interface QueryRequest {
  readonly database: string;
  readonly text: string;
  readonly timeoutMs: number;
  readonly parameters?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  readonly maxRows?: number;
  readonly maxBytes?: number;
  /** Cuts the answer instead of refusing it (`query_take_max_records`). */
  readonly takeRows?: number;
  readonly now?: Date;
}

export interface QueryResult {
  readonly columns: readonly Column[];
  /** Each row as the JSON text of an array. */
  readonly rows: readonly string[];
  readonly visualization?: Readonly<Record<string, unknown>> | undefined;
  /** Why the rows end before the answer does: Kusto tells it behind the rows that fit. */
  readonly failure?: KustoError | undefined;
}

/** Compiles and runs a query over the tables of a database; views it reads are brought up to date first. */
export async function runQuery(engine: Engine, request: QueryRequest): Promise<QueryResult> {
  const { version } = engine.catalog;
  try {
    return await runOnce(engine, request);
  } catch (error) {
    // The schema changed between compiling and running: the statement named relations that are gone.
    if (engine.catalog.version === version) throw error;
    return runOnce(engine, request);
  }
}

async function runOnce(engine: Engine, asked: QueryRequest): Promise<QueryResult> {
  const request = { ...asked, now: asked.now ?? new Date() };
  const compiled = await compileFor(engine, request);
  await engine.views.bringUpToDate(request.database, compiled.reads);
  const limits = limitsOf(compiled, request);
  return engine.readers.use(request.timeoutMs, request.signal, async (connection) =>
    compiled.readsData === true
      ? inOneSnapshot(connection, async () => {
          const again = await compileWith(engine, request, (need) => foundColumns(connection, need));
          return collect(connection, again, limits);
        })
      : collect(connection, compiled, limits),
  );
}

/** Columns found in the data must be those of the rows that are then read: rows that came between the two would lose values. */
async function inOneSnapshot<T>(connection: DuckDBConnection, read: () => Promise<T>): Promise<T> {
  await connection.run('BEGIN TRANSACTION READ ONLY');
  try {
    return await read();
  } finally {
    await connection.run('ROLLBACK');
  }
}

type Limits = Pick<QueryRequest, 'maxRows' | 'maxBytes' | 'takeRows'>;

/** Limits of the request, or those that the query sets itself. */
function limitsOf({ settings = {} }: CompiledQuery, request: Limits): Limits {
  const { notruncation, truncationmaxrecords, truncationmaxsize, query_take_max_records: take } = settings;
  const none = notruncation === true ? Infinity : undefined;
  const maxRows = truncationmaxrecords ?? none ?? request.maxRows;
  const maxBytes = truncationmaxsize ?? none ?? request.maxBytes;
  const takeRows = take ?? request.takeRows;
  return {
    ...(maxRows === undefined ? {} : { maxRows }),
    ...(maxBytes === undefined ? {} : { maxBytes }),
    ...(takeRows === undefined ? {} : { takeRows }),
  };
}

/** With a catalog of the caller's own its relations may not be there yet: then columns cannot be looked up in the data. */
export async function compileFor(
  engine: Engine,
  request: Pick<QueryRequest, 'database' | 'text' | 'parameters' | 'now'> & Partial<QueryRequest>,
  catalog?: Catalog,
): Promise<CompiledQuery> {
  return compileWith(engine, request, catalog ?? ((need) => lookUp(engine, request, need)));
}

async function compileWith(
  engine: Engine,
  request: Pick<QueryRequest, 'database' | 'text' | 'parameters' | 'now'>,
  by: Catalog | ((need: SchemaNeed) => Promise<[string, string][]>),
): Promise<CompiledQuery> {
  return engine.compiler.compile(
    request.text,
    typeof by === 'function' ? engine.catalog.snapshot(request.database) : by,
    {
      now: request.now ?? new Date(),
      parameters: request.parameters ?? {},
      ...(typeof by === 'function' ? { lookUp: by } : {}),
    },
  );
}

/** Runs the statement that names the columns of bag_unpack or pivot. */
async function lookUp(
  engine: Engine,
  { database, timeoutMs = 240_000, signal }: Pick<QueryRequest, 'database'> & Partial<QueryRequest>,
  need: SchemaNeed,
): Promise<[string, string][]> {
  await engine.views.bringUpToDate(database, need.reads);
  return engine.readers.use(timeoutMs, signal, (connection) => foundColumns(connection, need));
}

async function foundColumns(connection: DuckDBConnection, need: SchemaNeed): Promise<[string, string][]> {
  try {
    const result = await connection.runAndReadAll(need.sql);
    return result.getRows().map(([name, type]) => [String(name), String(type)]);
  } catch (error) {
    throw asKustoError(error);
  }
}

/** Runs a compiled query and encodes its rows chunk by chunk, so that an answer beyond the limits never fills the memory. */
export async function collect(
  connection: DuckDBConnection,
  compiled: CompiledQuery,
  limits: Limits,
): Promise<QueryResult> {
  const { maxRows = MAX_RESULT_ROWS, maxBytes = MAX_RESULT_BYTES, takeRows = Infinity } = limits;
  // DuckDB reads a statement up to the first NUL.
  if (compiled.sql.includes('\0')) throw new KustoError('UNSUPPORTED', 'Not supported: a NUL character in a literal');
  const rows: string[] = [];
  let bytes = 0;
  let failure: KustoError | undefined;
  const { columns } = compiled;
  let statement: DuckDBPreparedStatement | undefined;
  try {
    statement = await connection.prepare(gathered(compiled, Math.min(maxRows, takeRows)));
    const result = await statement.stream();
    for (
      let chunk = await result.fetchChunk();
      chunk !== null && chunk.rowCount > 0;
      chunk = await result.fetchChunk()
    ) {
      const read = columnReaders(chunk, columns);
      for (let row = 0; row < chunk.rowCount && rows.length < takeRows && failure === undefined; row++) {
        const text = rowText(columns, read, row);
        bytes += text.length;
        if (rows.length >= maxRows) failure = tooLarge(`${maxRows} records`);
        else if (bytes > maxBytes) failure = tooLarge(`${maxBytes} bytes`);
        else rows.push(text);
      }
      if (rows.length >= takeRows || failure !== undefined) break;
    }
  } catch (error) {
    throw asKustoError(error);
  } finally {
    statement?.destroySync();
  }
  return { columns, rows, visualization: compiled.visualization, failure };
}

function rowText(columns: readonly Column[], read: ReturnType<typeof columnReaders>, row: number): string {
  let text = '[';
  for (let i = 0; i < columns.length; i++) {
    const column = columns[i];
    if (column === undefined) break;
    text += `${i === 0 ? '' : ','}${encodeCell(read[i]?.(row), column.type)}`;
  }
  return `${text}]`;
}

/**
 * A streamed filter gives a chunk for every 2,048 rows it looked at, however few it kept, and each is fetched by itself. Gathered first,
 * within DuckDB's memory limit and one row beyond what may be answered, the rows come in full chunks. A sort gathers anyway.
 */
const gathered = ({ sql, ordered }: CompiledQuery, mostRows: number): string =>
  ordered
    ? sql
    : `WITH answer AS MATERIALIZED (SELECT * FROM (${sql})${Number.isSafeInteger(mostRows) ? ` LIMIT ${mostRows + 1}` : ''}) SELECT * FROM answer`;

const tooLarge = (limit: string): KustoError =>
  new KustoError(
    'LIMIT',
    `Query execution has exceeded the allowed limits (80DA0003): The results of this query exceed the set limit of ${limit}, so not all records were returned (E_QUERY_RESULT_SET_TOO_LARGE, 0x80DA0003). See https://aka.ms/kustoquerylimits for more information and possible solutions..`,
    undefined,
    false,
  );

/** What DuckDB says in words a Kusto client understands. */
export function asKustoError(error: unknown): KustoError {
  if (error instanceof KustoError) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (/^INTERRUPT/i.test(message))
    return new KustoError('TIMEOUT', 'Request timed out or was cancelled (0x80131505).', undefined, false);
  if (/out of memory/i.test(message)) {
    return new KustoError(
      'LIMIT',
      `Query execution lacks memory resources to complete (80DA0007): ${message} (E_LOW_MEMORY_CONDITION).`,
    );
  }
  const thrown = /KustoError: (.*)/s.exec(message);
  if (thrown?.[1] !== undefined) return new KustoError('BADREQUEST', thrown[1]);
  const asserted = /Invalid Input Error: (assert\(\) has failed[^\n]*)/.exec(message);
  if (asserted?.[1] !== undefined) return new KustoError('BADREQUEST', asserted[1]);
  if (
    /(?:Binder|Parser|Catalog|Conversion|Not implemented|Out of Range|Invalid Input|Constraint) Error:/i.test(message)
  ) {
    return new KustoError(
      'UNSUPPORTED',
      `Not supported: the engine cannot run this query (${message.split('\n')[0] ?? ''})`,
    );
  }
  return new KustoError('INTERNAL', `Query execution failed: ${message}`);
}
