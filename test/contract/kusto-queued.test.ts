import { Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { QueueServiceClient } from '@azure/storage-queue';
import { Client } from 'azure-kusto-data';
import { DataFormat, IngestClient } from 'azure-kusto-ingest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Azurite, startAzurite } from '../../local/azurite/azurite.ts';
import { startKusto, type KustoServer } from '../../local/kusto/http/server.ts';

const DB = 'framewatch';
let azurite: Azurite;
let server: KustoServer;
let client: Client;

const eventually = async (check: () => Promise<boolean>): Promise<void> => {
  for (let attempt = 0; attempt < 240; attempt++) {
    if (await check()) return;
    await wait(250);
  }
  throw new Error('it did not happen within a minute');
};

const rowCount = async (table: string): Promise<number> => {
  const answer = await client.execute(DB, `.show table ${table} details`);
  const [row] = [...(answer.primaryResults[0]?.rows() ?? [])];
  return Number((row as { toJSON(): Record<string, unknown> } | undefined)?.toJSON()['TotalRowCount']);
};

const failures = async (): Promise<Record<string, unknown>[]> => {
  const answer = await client.execute(DB, '.show ingestion failures');
  return [...(answer.primaryResults[0]?.rows() ?? [])].map((row) =>
    (row as { toJSON(): Record<string, unknown> }).toJSON(),
  );
};

beforeAll(async () => {
  azurite = await startAzurite();
  server = await startKusto({ file: ':memory:', port: 0, warmUp: false, blobConnection: azurite.connectionString() });
  client = new Client(server.url);
  await client.execute(DB, '.create-merge table Q (Id:string, N:long)');
});

afterAll(async () => {
  client.close();
  await server.close();
  await azurite.close();
});

describe('queued ingestion', () => {
  it('the queued client uploads to the offered container and the rows arrive', async () => {
    const ingest = new IngestClient(server.url, { database: DB, table: 'Q', format: DataFormat.JSON });
    await ingest.ingestFromStream(Readable.from([Buffer.from('{"Id":"a","N":1}\n{"Id":"b","N":2}\n')]));
    await eventually(async () => (await rowCount('Q')) === 2);
    ingest.close();
    expect(await failures()).toEqual([]);
  });

  it('a blob that cannot be ingested is recorded once, with its code, and its message is gone', async () => {
    const ingest = new IngestClient(server.url, {
      database: DB,
      table: 'Q',
      format: DataFormat.JSON,
      ingestionMappingReference: 'missing',
    });
    await ingest.ingestFromStream(Readable.from([Buffer.from('{"Id":"c"}\n')]));
    await eventually(async () => (await failures()).length === 1);
    ingest.close();
    const [failure] = await failures();
    expect(failure).toMatchObject({
      Table: 'Q',
      ErrorCode: 'BadRequest_MappingReferenceWasNotFound',
      FailureKind: 'Permanent',
    });
    expect(String(failure?.['IngestionSourcePath'])).not.toContain('sig=');
    const queue = QueueServiceClient.fromConnectionString(azurite.connectionString()).getQueueClient(
      'kusto-ready-for-aggregation',
    );
    await eventually(async () => (await queue.getProperties()).approximateMessagesCount === 0);
    expect(await failures()).toHaveLength(1);
  });

  it('a poison message does not loop and does not stop the ones behind it', async () => {
    const queue = QueueServiceClient.fromConnectionString(azurite.connectionString()).getQueueClient(
      'kusto-ready-for-aggregation',
    );
    await queue.sendMessage(Buffer.from('not json at all').toString('base64'));
    const ingest = new IngestClient(server.url, { database: DB, table: 'Q', format: DataFormat.CSV });
    await ingest.ingestFromStream(Readable.from([Buffer.from('d,4\n')]));
    await eventually(async () => (await rowCount('Q')) === 3);
    await eventually(async () => (await queue.getProperties()).approximateMessagesCount === 0);
    ingest.close();
  });

  it('tags keep a batch from coming twice, a header is left out, and a row knows its blob', async () => {
    await client.execute(DB, '.create table Tagged (N:long, At:datetime, Line:long, From:string)');
    const mapping = [
      { Column: 'N', Properties: { Ordinal: '0' } },
      { Column: 'At', Properties: { Ordinal: '1', Transform: 'DateTimeFromUnixSeconds' } },
      { Column: 'Line', Properties: { Transform: 'SourceLineNumber' } },
      { Column: 'From', Properties: { Transform: 'SourceLocation' } },
    ];
    await client.execute(DB, `.create table Tagged ingestion csv mapping 'm' '${JSON.stringify(mapping)}'`);
    const ingest = new IngestClient(server.url, {
      database: DB,
      table: 'Tagged',
      format: DataFormat.CSV,
      ingestionMappingReference: 'm',
      ignoreFirstRecord: true,
      ingestByTags: ['batch-1'],
      ingestIfNotExists: '["batch-1"]',
    });
    const send = (text: string): Promise<unknown> => ingest.ingestFromStream(Readable.from([Buffer.from(text)]));
    await send('number,seconds\n1,0\n2,60\n');
    await eventually(async () => (await rowCount('Tagged')) === 2);
    await send('number,seconds\n3,0\n');
    const queue = QueueServiceClient.fromConnectionString(azurite.connectionString()).getQueueClient(
      'kusto-ready-for-aggregation',
    );
    await eventually(async () => (await queue.getProperties()).approximateMessagesCount === 0);
    ingest.close();
    const { primaryResults } = await client.executeQuery(DB, 'Tagged | order by N asc');
    const rows = [...(primaryResults[0]?.rows() ?? [])].map((row) => row.toJSON<Record<string, unknown>>());
    expect(rows.map(({ N, Line }) => [N, Line])).toEqual([
      [1, 1],
      [2, 2],
    ]);
    expect(rows[1]?.['At']).toEqual(new Date(60_000));
    expect(String(rows[0]?.['From'])).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/[^?]+$/);
    await client.execute(DB, `.ingest inline into table Tagged with (ingestIfNotExists='["batch-1"]') <| 9`);
    expect(await rowCount('Tagged')).toBe(2);
  });
});
