import type { Activity, ActivityLog } from '../exec/activity-log.ts';
import { ticksOfMs } from '../store/clock.ts';
import { KustoError } from '../types.ts';
import { table as result, type CommandContext, type CommandResult, type Handler, type Handlers } from './command.ts';
import type { Scanner } from './scanner.ts';

const GUID = /[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}/gi;

const started = ({ startedAt }: Activity): bigint => ticksOfMs(startedAt.getTime());
/** A running activity was seen alive just now. */
const updatedMs = ({ state, updatedAt }: Activity): number =>
  state === 'InProgress' ? Date.now() : updatedAt.getTime();
const updated = (activity: Activity): bigint => ticksOfMs(updatedMs(activity));
const duration = (activity: Activity): bigint => BigInt(updatedMs(activity) - activity.startedAt.getTime()) * 10_000n;

const QUERY_COLUMNS = {
  ClientActivityId: 'string',
  Text: 'string',
  Database: 'string',
  StartedOn: 'datetime',
  LastUpdatedOn: 'datetime',
  Duration: 'timespan',
  State: 'string',
  RootActivityId: 'guid',
  User: 'string',
  FailureReason: 'string',
  Application: 'string',
  Principal: 'string',
  ResultSetStatistics: 'dynamic',
  CommandType: 'string',
} as const;

function activities(lists: readonly ActivityLog[], wanted: (activity: Activity) => boolean): CommandResult {
  const all = lists.flatMap((list) => list.list()).filter(wanted);
  return result(
    QUERY_COLUMNS,
    all
      .toSorted((a, b) => b.startedAt.getTime() - a.startedAt.getTime())
      .map((a) => [
        a.clientRequestId,
        a.text,
        a.database,
        started(a),
        updated(a),
        duration(a),
        a.state,
        a.id,
        a.user,
        a.reason,
        a.application,
        a.user,
        a.state === 'Completed' ? JSON.stringify({ TableCount: 1, TableStatistics: [{ RowCount: a.rowCount }] }) : null,
        a.type,
      ]),
  );
}

const isRunning = ({ state }: Activity): boolean => state === 'InProgress';
const inDatabase =
  ({ database }: CommandContext) =>
  (activity: Activity): boolean =>
    activity.database === database;

function showOperations(scanner: Scanner, { engine }: CommandContext): CommandResult {
  const ids: string[] = scanner.rest().toLowerCase().match(GUID) ?? [];
  const list = engine.operations.list().filter(({ id }) => ids.length === 0 || ids.includes(id));
  const missing = ids.find((id) => engine.operations.get(id) === undefined);
  if (missing !== undefined)
    throw new KustoError('NOTFOUND', `Entity ID '${missing}' of kind 'Operation' was not found.`);
  return result(
    {
      OperationId: 'guid',
      Operation: 'string',
      NodeId: 'string',
      StartedOn: 'datetime',
      LastUpdatedOn: 'datetime',
      Duration: 'timespan',
      State: 'string',
      Status: 'string',
      RootActivityId: 'guid',
      ShouldRetry: 'bool',
      Database: 'string',
      Principal: 'string',
      User: 'string',
    },
    list.map((o) => [
      o.id,
      o.type,
      engine.id,
      started(o),
      updated(o),
      duration(o),
      o.state,
      o.reason,
      o.id,
      o.isTransient,
      o.database,
      o.user,
      o.user,
    ]),
  );
}

/** `.cancel query 'client request id'`: that of a running query. */
const cancelQuery: Handler = (scanner, { engine }) => {
  const id = scanner.string();
  if (scanner.word('with')) scanner.properties();
  const running = engine.queries.list().filter((q) => isRunning(q) && (q.clientRequestId === id || q.id === id));
  if (running.length === 0) throw new KustoError('NOTFOUND', `No running query has the client request id '${id}'.`);
  for (const { cancel } of running) cancel?.();
  return result(
    { ClientRequestId: 'string', RequestStatus: 'string' },
    running.map((query) => [query.clientRequestId, 'Cancelled']),
  );
};

export const activityCommands: Handlers = {
  'show operations': showOperations,
  'show queries': (_scanner, context) => activities([context.engine.queries], inDatabase(context)),
  'show commands': (_scanner, context) => activities([context.engine.operations], inDatabase(context)),
  'show commands-and-queries': (_scanner, context) =>
    activities([context.engine.queries, context.engine.operations], inDatabase(context)),
  'show running queries': (_scanner, { engine }) => activities([engine.queries], isRunning),
  'show running commands': (_scanner, { engine }) => activities([engine.operations], isRunning),
  'cancel query': cancelQuery,
};
