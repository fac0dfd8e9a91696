import { Client, ClientRequestProperties, KustoConnectionStringBuilder } from 'azure-kusto-data';
import type { KqlArguments } from './arguments.ts';
import type { WireTable } from './output.ts';

/** Credentials are for https only: a token must not travel in the clear, and the local engine asks for none. */
async function connectionOf(cluster: string): Promise<string | KustoConnectionStringBuilder> {
  const isPlainAddress = URL.canParse(cluster) && /^https?:$/.test(new URL(cluster).protocol);
  if (!isPlainAddress || new URL(cluster).protocol === 'http:') return cluster;
  const { DefaultAzureCredential } = await import('@azure/identity');
  return KustoConnectionStringBuilder.withTokenCredential(cluster, new DefaultAzureCredential());
}

/** Whole numbers that a double cannot hold become bigints. `context.source` is the number as it was written. */
function exactJson(text: unknown): unknown {
  if (typeof text !== 'string') return text;
  const reviver = (_key: string, value: unknown, context?: { source?: string }): unknown => {
    const isInexact = typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value);
    return isInexact && /^-?\d+$/.test(context?.source ?? '') ? BigInt(context?.source ?? 0) : value;
  };
  try {
    return JSON.parse(text, reviver) as unknown;
  } catch {
    return text;
  }
}

function propertiesOf({ parameters, timeoutMs }: KqlArguments): ClientRequestProperties {
  const properties = new ClientRequestProperties();
  for (const [name, value] of parameters) properties.setParameter(name, value);
  if (timeoutMs !== null) properties.setTimeout(timeoutMs);
  return properties;
}

/** Sends the text; commands go to the management endpoint. Throws what the client throws. */
export async function ask(text: string, args: KqlArguments): Promise<WireTable> {
  const client = new Client(await connectionOf(args.cluster));
  client.axiosInstance.defaults.transformResponse = [exactJson];
  try {
    const isCommand = /^(?:\s*\/\/[^\n]*\n|\s)*\./.test(text);
    const answer = isCommand
      ? await client.executeMgmt(args.database, text.trim(), propertiesOf(args))
      : await client.executeQuery(args.database, text, propertiesOf(args));
    const [table] = answer.primaryResults;
    if (table === undefined) return { columns: [], rows: [] };
    return {
      columns: table.columns.map(({ name, type }) => ({ name: name ?? '', type: type ?? '' })),
      rows: table._rows as unknown[][],
    };
  } finally {
    client.close();
  }
}
