import { nowTicks, ticksOfMs } from '../store/clock.ts';
import { table as result, type CommandContext, type CommandResult, type Handlers } from './command.ts';
import type { Scanner } from './scanner.ts';

/** As long as Kusto keeps them. */
const KEPT_TICKS = 14n * 864_000_000_000n;

/** Failures of queued ingestion, of commands and of update policies. */
async function ingestionFailures(scanner: Scanner, context: CommandContext): Promise<CommandResult> {
  const operation = scanner.properties().get('operationid')?.toLowerCase();
  scanner.end();
  const rows = await context.engine.readers.use(context.timeoutMs, undefined, async (connection) => {
    const reader = await connection.runAndReadAll(
      'SELECT operation_id, db, tbl, failed_on, source, details, kind, from_update_policy, error_code, permanent FROM fw.failures WHERE db = $1 AND failed_on > $2 ORDER BY failed_on DESC LIMIT 10000',
      [context.database, nowTicks() - KEPT_TICKS],
    );
    return reader.getRows();
  });
  return result(
    {
      OperationId: 'guid',
      Database: 'string',
      Table: 'string',
      FailedOn: 'datetime',
      IngestionSourcePath: 'string',
      Details: 'string',
      FailureKind: 'string',
      RootActivityId: 'guid',
      OperationKind: 'string',
      OriginatesFromUpdatePolicy: 'bool',
      ErrorCode: 'string',
      Principal: 'string',
      ShouldRetry: 'bool',
      User: 'string',
      IngestionProperties: 'string',
      NumberOfSources: 'int',
    },
    rows
      .filter(([id]) => operation === undefined || id === operation)
      .map(([id, database, table, failedOn, source, details, kind, fromPolicy, code, permanent]) => [
        id,
        database,
        table,
        failedOn,
        source,
        details,
        kind,
        id,
        'DataIngestPull',
        fromPolicy,
        code,
        '',
        permanent !== true,
        '',
        '',
        1,
      ]),
  );
}

/** Refused streaming requests, counted by what they had in common. */
const streamingFailures = ({ engine, database }: CommandContext): CommandResult =>
  result(
    {
      Database: 'string',
      Table: 'string',
      Principal: 'string',
      RootActivityId: 'guid',
      IngestionProperties: 'dynamic',
      Count: 'long',
      FirstFailureOn: 'datetime',
      LastFailureOn: 'datetime',
      FailureKind: 'string',
      Details: 'string',
      ErrorCode: 'string',
    },
    engine.streamingFailures
      .list(database)
      .map((bucket) => [
        bucket.database,
        bucket.table,
        bucket.principal,
        bucket.activityId,
        bucket.properties,
        BigInt(bucket.count),
        ticksOfMs(bucket.firstAt.getTime()),
        ticksOfMs(bucket.lastAt.getTime()),
        bucket.isPermanent ? 'Permanent' : 'Transient',
        bucket.details,
        bucket.errorCode,
      ]),
  );

export const ingestionFailureCommands: Handlers = {
  'show ingestion failures': ingestionFailures,
  'show streamingingestion failures': (_scanner, context) => streamingFailures(context),
};
