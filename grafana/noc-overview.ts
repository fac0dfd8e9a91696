// The board on the wall of the operations room: is something wrong, where, since when, how bad.
import {
  AnnotationQueryBuilder,
  DashboardBuilder,
  DashboardCursorSync,
  type Dashboard,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DATA_SOURCE, kql } from './data-source.ts';
import { ingestion, where } from './noc-breakdown.ts';
import { NOC_UID } from './noc-ids.ts';
import { now, tiles } from './noc-state.ts';
import { trends } from './noc-trends.ts';
import { variables } from './noc-variables.ts';
import { heading } from './panels.ts';

/** The NOC overview as classic dashboard JSON. */
export function nocOverview(): Dashboard {
  const dashboard = new DashboardBuilder('Framewatch: NOC overview')
    .uid(NOC_UID)
    .description(
      'Is something wrong with playback, where, since when, and how bad. Alerts and incidents first, then the four horsemen, then where it hurts.',
    )
    .tags(['framewatch', 'qoe', 'noc'])
    .timezone('browser')
    .readonly()
    .tooltip(DashboardCursorSync.Crosshair)
    .refresh('30s')
    .time({ from: 'now-6h', to: 'now' })
    .variables(variables())
    .annotation(
      new AnnotationQueryBuilder()
        .name('Incidents')
        .datasource(DATA_SOURCE)
        .enable(true)
        .iconColor('red')
        .target(
          kql(
            'Incidents($__timeFrom, $__timeTo) | project ["time"] = Started, timeEnd = min_of(ActiveUntil, $__timeTo), title = strcat(Severity, ": ", RootScope), text = Worst, tags = Metrics',
            { resultFormat: 'table', refId: 'Anno' },
          ),
        ),
    );
  for (const panel of [...tiles(), ...now()]) dashboard.withPanel(panel);
  dashboard.withRow(heading(100, 'Trends', 17));
  for (const panel of trends()) dashboard.withPanel(panel);
  dashboard.withRow(heading(101, 'Where', 42));
  for (const panel of where()) dashboard.withPanel(panel);
  dashboard.withRow(heading(102, 'Ingestion', 60));
  for (const panel of ingestion()) dashboard.withPanel(panel);
  return dashboard.build();
}
