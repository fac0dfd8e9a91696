// A small real HTTP server that speaks Kusto's v1 protocol and answers with the tables it is given.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Table {
  /** `name:type` each. */
  readonly columns: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
}

export type Answer = Table | { readonly error: string };

export interface RecordedKusto {
  readonly url: string;
  /** Every query that arrived, newest last. */
  readonly queries: string[];
  readonly close: () => Promise<void>;
}

const v1 = ({ columns, rows }: Table): unknown => ({
  Tables: [
    {
      TableName: 'Table_0',
      Columns: columns.map((column) => ({ ColumnName: column.split(':')[0], ColumnType: column.split(':')[1] })),
      Rows: rows,
    },
  ],
});

/** Starts the server; `answer` decides by the text of the query. */
export async function startRecordedKusto(answer: (csl: string) => Answer | Promise<Answer>): Promise<RecordedKusto> {
  const queries: string[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      // The asker went away.
      return;
    }
    const { csl } = JSON.parse(Buffer.concat(chunks).toString('utf8')) as { csl: string };
    queries.push(csl);
    const result = await answer(csl);
    const isError = 'error' in result;
    response.writeHead(isError ? 400 : 200, { 'content-type': 'application/json' });
    const error = isError
      ? {
          code: 'General_BadRequest',
          message: result.error,
          '@type': 'Kusto.Data.Exceptions.SyntaxException',
          '@message': result.error,
          '@permanent': true,
        }
      : undefined;
    response.end(JSON.stringify(isError ? { error } : v1(result)));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url: `http://127.0.0.1:${port}`, queries, close };
}
