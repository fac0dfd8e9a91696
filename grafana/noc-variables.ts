import type * as cog from '@grafana/grafana-foundation-sdk/cog';
import {
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  VariableRefresh,
  VariableSort,
  type VariableModel,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DATA_SOURCE, PLUGIN } from './data-source.ts';

const ALL = { selected: true, text: ['All'], value: ['$__all'] };

/** Values of a rollup column in the chosen range. Several may be chosen; All is '*', which the QoE functions take for no filter. */
function dimension(name: string, label: string, column: string, description: string): cog.Builder<VariableModel> {
  const query = `QoeBeats1m_v1 | where Bin >= $__timeFrom and Bin < $__timeTo and isnotempty(${column}) | distinct ${column} | sort by ${column} asc`;
  return new QueryVariableBuilder(name)
    .label(label)
    .description(description)
    .datasource(DATA_SOURCE)
    .query({
      refId: `variable-${name}`,
      query,
      database: '${database}',
      clusterUri: '',
      querySource: 'raw',
      queryType: 'KQL',
      resultFormat: 'table',
      rawMode: true,
    })
    .definition(query)
    .multi(true)
    .includeAll(true)
    .allValue("'*'")
    .current(ALL)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc);
}

export const variables = (): cog.Builder<VariableModel>[] => [
  new DatasourceVariableBuilder('datasource')
    .label('Data source')
    .type(PLUGIN)
    .description('The Azure Data Explorer cluster.'),
  new QueryVariableBuilder('database')
    .label('Database')
    .description('The database that kql:deploy has set up.')
    .datasource(DATA_SOURCE)
    .query({ refId: 'variable-database', query: '', clusterUri: '', querySource: 'raw', queryType: 'Databases' })
    .definition('databases()')
    .current({ selected: true, text: 'framewatch', value: 'framewatch' })
    .refresh(VariableRefresh.OnDashboardLoad)
    .sort(VariableSort.AlphabeticalAsc),
  dimension('cdn', 'CDN', 'Cdn', 'CDN that served the media.'),
  dimension('country', 'Country', 'Country', 'Country of the viewer.'),
  dimension('device', 'Device', 'DeviceType', 'Device class of the viewer.'),
];
