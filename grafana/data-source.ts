// The Azure Data Explorer plugin's query model; the Foundation SDK has no builder for it.
import type * as cog from '@grafana/grafana-foundation-sdk/cog';
import type { DataSourceRef } from '@grafana/grafana-foundation-sdk/common';

export const PLUGIN = 'grafana-azure-data-explorer-datasource';
/** Alert rules cannot use variables: they name the data source and database outright. */
export const ALERT_DATA_SOURCE_UID = 'framewatch-adx';
export const ALERT_DATABASE = 'framewatch';

/** The data source that the dashboard's variable chooses. */
export const DATA_SOURCE: DataSourceRef = { type: PLUGIN, uid: '${datasource}' };

/** `time_series`: one datetime column and numbers, ascending; text columns become labels. */
export type ResultFormat = 'table' | 'time_series';

const NO_EXPRESSION = { type: 'and', expressions: [] };

interface KqlQuery extends cog.Dataquery {
  readonly refId: string;
  readonly query: string;
}

interface KqlOptions {
  readonly resultFormat: ResultFormat;
  readonly refId?: string;
  readonly database?: string;
  readonly datasource?: DataSourceRef;
}

/** A raw KQL query of a panel, annotation or alert rule. */
export function kql(query: string, options: KqlOptions): cog.Builder<KqlQuery> {
  const { resultFormat, refId = 'A', database = '${database}', datasource = DATA_SOURCE } = options;
  return {
    build: () => ({
      refId,
      datasource,
      queryType: 'KQL',
      querySource: 'raw',
      rawMode: true,
      resultFormat,
      database,
      clusterUri: '',
      query,
      expression: { where: NO_EXPRESSION, groupBy: NO_EXPRESSION, reduce: NO_EXPRESSION },
      pluginVersion: '7.2.8',
      _implementsDataqueryVariant: () => undefined,
    }),
  };
}

/** The variables' values as the filter arguments of the QoE functions; All comes in as '*'. */
export const FILTERS = 'pack_array($cdn), pack_array($country), pack_array($device)';
/** From, to and bin width of the panel. */
export const RANGE = '$__timeFrom, $__timeTo, $__timeInterval';
/** From and to, and a bin as long as both: one row. */
export const WHOLE = '$__timeFrom, $__timeTo, ($__timeTo - $__timeFrom)';
