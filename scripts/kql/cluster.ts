// A Kusto database through Microsoft's client: rows of queries and commands as plain objects.
import { DefaultAzureCredential } from '@azure/identity';
import { Client, KustoConnectionStringBuilder } from 'azure-kusto-data';

export type Row = Readonly<Record<string, unknown>>;

export interface Cluster {
  readonly url: string;
  readonly database: string;
  /** Rows of the primary result; the answer's `error.message` becomes the Error's message. */
  query(kql: string): Promise<Row[]>;
  command(text: string, database?: string): Promise<Row[]>;
  close(): void;
}

/** Plain HTTP to this machine is the local engine and needs no credential. */
export const isLocal = (url: string): boolean => /^http:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d+)?\/?$/.test(url);

/** What Kusto said, out of the client library's error. */
export function kustoMessage(error: unknown): string {
  const response = (error as { response?: { data?: { error?: { '@message'?: string; message?: string } } } } | null)
    ?.response;
  const said = response?.data?.error;
  return said?.['@message'] ?? said?.message ?? (error instanceof Error ? error.message : String(error));
}

export function openCluster(url: string, database: string): Cluster {
  const builder = isLocal(url)
    ? new KustoConnectionStringBuilder(`Data Source=${url};Initial Catalog=${database}`)
    : KustoConnectionStringBuilder.withTokenCredential(url, new DefaultAzureCredential());
  builder.applicationNameForTracing = 'framewatch-deploy';
  builder.userNameForTracing = 'framewatch-deploy';
  const client = new Client(builder);
  const run = async (text: string, target: string): Promise<Row[]> => {
    try {
      const answer = await client.execute(target, text);
      return answer.primaryResults.flatMap((table) => [...table.rows()].map((row) => row.toJSON<Row>()));
    } catch (error) {
      throw new Error(kustoMessage(error), { cause: error });
    }
  };
  return {
    url,
    database,
    query: (kql) => run(kql, database),
    command: (text, target = database) => run(text, target),
    close: () => client.close(),
  };
}
