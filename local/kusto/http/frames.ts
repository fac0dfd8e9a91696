// Answers of the query and management endpoints: v1 (`Tables`) and v2 (frames).

import { encodeRow } from '../exec/encode.ts';
import { nowTicks } from '../store/clock.ts';
import type { Column, KustoError, KustoType } from '../types.ts';
import { toOneApi, type RequestIds } from './errors.ts';

export interface AnswerTable {
  readonly columns: readonly Column[];
  /** Each row as the JSON text of an array. */
  readonly rows: readonly string[];
}

/** A query's rows, and why there are no more of them when the limits of an answer were reached. */
interface QueryAnswer extends AnswerTable {
  readonly failure?: KustoError | undefined;
}

const DOTNET: Readonly<Record<KustoType, string>> = {
  bool: 'SByte',
  int: 'Int32',
  long: 'Int64',
  real: 'Double',
  decimal: 'SqlDecimal',
  string: 'String',
  datetime: 'DateTime',
  timespan: 'TimeSpan',
  dynamic: 'Object',
  guid: 'Guid',
};

const columnV1 = ({ name, type }: Column): object => ({ ColumnName: name, DataType: DOTNET[type], ColumnType: type });
const columnV2 = ({ name, type }: Column): object => ({ ColumnName: name, ColumnType: type });
const rowsText = (rows: readonly string[]): string => `[${rows.join(',')}]`;

const tableV1 = (name: string, { columns, rows }: AnswerTable): string =>
  `{"TableName":${JSON.stringify(name)},"Columns":${JSON.stringify(columns.map(columnV1))},"Rows":${rowsText(rows)}}`;

const tableOf = (columns: Readonly<Record<string, KustoType>>, rows: readonly (readonly unknown[])[]): AnswerTable => {
  const list = Object.entries(columns).map(([name, type]) => ({ name, type }));
  return { columns: list, rows: rows.map((row) => encodeRow(row, list)) };
};

/** What a chart wants to know about the result; every property null when the query has no render. */
const visualizationJson = (visualization: Readonly<Record<string, unknown>> | undefined): string =>
  JSON.stringify({
    Visualization: null,
    Title: null,
    XColumn: null,
    Series: null,
    YColumns: null,
    AnomalyColumns: null,
    XTitle: null,
    YTitle: null,
    XAxis: null,
    YAxis: null,
    Legend: null,
    YSplit: null,
    Accumulate: false,
    IsQuerySorted: false,
    Kind: null,
    Ymin: 'NaN',
    Ymax: 'NaN',
    Xmin: null,
    Xmax: null,
    ...visualization,
  });

const statusTable = (ids: RequestIds): AnswerTable =>
  tableOf(
    {
      Timestamp: 'datetime',
      Severity: 'int',
      SeverityName: 'string',
      StatusCode: 'int',
      StatusDescription: 'string',
      Count: 'int',
      RequestId: 'guid',
      ActivityId: 'guid',
      SubActivityId: 'guid',
      ClientActivityId: 'string',
    },
    [
      [
        nowTicks(),
        4,
        'Info',
        0,
        'Query completed successfully',
        1,
        ids.activityId,
        ids.activityId,
        ids.activityId,
        ids.clientRequestId,
      ],
    ],
  );

/** A query's v1 answer: the result, its properties, the status and a table of contents; of a partial failure the result and the failure. */
export function queryV1(
  result: QueryAnswer,
  visualization: Readonly<Record<string, unknown>> | undefined,
  ids: RequestIds,
): string {
  if (result.failure) {
    const exceptions = `"Exceptions":${JSON.stringify([result.failure.message])}`;
    const rows = [...result.rows, `{${exceptions}}`];
    return `{"Tables":[${tableV1('Table_0', { columns: result.columns, rows })}],${exceptions}}`;
  }
  const properties = tableOf({ Value: 'string' }, [[visualizationJson(visualization)]]);
  const contents = tableOf({ Ordinal: 'long', Kind: 'string', Name: 'string', Id: 'string', PrettyName: 'string' }, [
    [0n, 'QueryResult', 'PrimaryResult', ids.activityId, ''],
    [1n, 'QueryProperties', '@ExtendedProperties', ids.activityId, ''],
    [2n, 'QueryStatus', 'QueryStatus', '00000000-0000-0000-0000-000000000000', ''],
  ]);
  const tables = [result, properties, statusTable(ids), contents].map((table, i) => tableV1(`Table_${i}`, table));
  return `{"Tables":[${tables.join(',')}]}`;
}

/** A management command's v1 answer: one table. */
export const commandV1 = (result: AnswerTable): string => `{"Tables":[${tableV1('Table_0', result)}]}`;

const frame = (id: number, kind: string, name: string, { columns, rows }: AnswerTable): string =>
  `{"FrameType":"DataTable","TableId":${id},"TableKind":"${kind}","TableName":"${name}","Columns":${JSON.stringify(columns.map(columnV2))},"Rows":${rowsText(rows)}}`;

/** A query's v2 answer. A partial failure stands behind the last row and in the completion, as Kusto has it. */
export function queryV2(
  result: QueryAnswer,
  visualization: Readonly<Record<string, unknown>> | undefined,
  ids: RequestIds,
): string {
  const properties = tableOf({ TableId: 'int', Key: 'string', Value: 'string' }, [
    [1, 'Visualization', visualizationJson(visualization)],
  ]);
  const completion = tableOf(
    {
      Timestamp: 'datetime',
      ClientRequestId: 'string',
      ActivityId: 'guid',
      SubActivityId: 'guid',
      ParentActivityId: 'guid',
      Level: 'int',
      LevelName: 'string',
      StatusCode: 'int',
      StatusCodeName: 'string',
      EventType: 'int',
      EventTypeName: 'string',
      Payload: 'string',
    },
    [
      [
        nowTicks(),
        ids.clientRequestId,
        ids.activityId,
        ids.activityId,
        ids.activityId,
        4,
        'Info',
        0,
        'S_OK (0)',
        4,
        'QueryInfo',
        '{"Count":1,"Text":"Query completed successfully"}',
      ],
    ],
  );
  const errors = result.failure && `"OneApiErrors":[${toOneApi(result.failure, ids).body}]`;
  const rows = errors === undefined ? result.rows : [...result.rows, `{${errors}}`];
  return `[${[
    '{"FrameType":"DataSetHeader","IsProgressive":false,"Version":"v2.0"}',
    frame(0, 'QueryProperties', '@ExtendedProperties', properties),
    frame(1, 'PrimaryResult', 'PrimaryResult', { columns: result.columns, rows }),
    frame(2, 'QueryCompletionInformation', 'QueryCompletionInformation', completion),
    errors === undefined
      ? '{"FrameType":"DataSetCompletion","HasErrors":false,"Cancelled":false}'
      : `{"FrameType":"DataSetCompletion","HasErrors":true,"Cancelled":false,${errors}}`,
  ].join(',')}]`;
}
