// What tools ask when they connect, and this engine has none of: the right columns and no rows, as the documentation gives them.

import type { KustoType } from '../types.ts';
import { table as result, type Handlers } from './command.ts';

type Columns = Readonly<Record<string, KustoType>>;

const EXTERNAL_TABLES: Columns = {
  TableName: 'string',
  TableType: 'string',
  Folder: 'string',
  DocString: 'string',
  Properties: 'string',
};
const PRINCIPALS: Columns = {
  Role: 'string',
  PrincipalType: 'string',
  PrincipalDisplayName: 'string',
  PrincipalObjectId: 'string',
  PrincipalFQN: 'string',
};
const EMPTY: Readonly<Record<string, Columns>> = {
  'show external tables': EXTERNAL_TABLES,
  'show database principals': PRINCIPALS,
  'show cluster principals': PRINCIPALS,
  'show entity_groups': { Name: 'string', Entities: 'string' },
  'show workload_groups': { WorkloadGroupName: 'string', WorkloadGroup: 'string' },
  'show continuous-exports': {
    Name: 'string',
    ExternalTableName: 'string',
    Query: 'string',
    ForcedLatency: 'timespan',
    IntervalBetweenRuns: 'timespan',
    CursorScopedTables: 'string',
    ExportProperties: 'string',
    LastRunTime: 'datetime',
    StartCursor: 'string',
    IsDisabled: 'bool',
    LastRunResult: 'string',
    ExportedTo: 'datetime',
    IsRunning: 'bool',
  },
  'show stored_query_results': {
    StoredQueryResultId: 'guid',
    Name: 'string',
    DatabaseName: 'string',
    PrincipalIdentity: 'string',
    SizeInBytes: 'long',
    RowCount: 'long',
    CreatedOn: 'datetime',
    ExpiresOn: 'datetime',
  },
};

/** Nobody signs in, so no role is given to anybody; see also `.show principal roles`. */
export const principals = result(PRINCIPALS, []);

export const fixedAnswers: Handlers = {
  ...Object.fromEntries(Object.entries(EMPTY).map(([words, columns]) => [words, () => result(columns, [])])),
  // Whoever asks may do everything.
  'show principal roles': () =>
    result({ Scope: 'string', DisplayName: 'string', AADObjectID: 'string', Role: 'string' }, [
      ['Cluster', '', '', 'AllDatabasesAdmin'],
    ]),
};
