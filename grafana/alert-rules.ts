// Alert rules: one a detector class, many instances by rows. The functions under kql/alerts decide; a rule only asks whether value > 0.
import { QueryBuilder, RuleBuilder, type Rule } from '@grafana/grafana-foundation-sdk/alerting';
import { TypeThresholdBuilder } from '@grafana/grafana-foundation-sdk/expr';
import { ALERT_DATA_SOURCE_UID, ALERT_DATABASE, kql, PLUGIN } from './data-source.ts';
import { ALERT_FOLDER, NOC_UID, PANEL } from './noc-ids.ts';

interface RuleSpec {
  readonly uid: string;
  readonly title: string;
  readonly query: string;
  readonly severity: 'critical' | 'warning';
  readonly service: 'playback' | 'ingestion';
  readonly summary: string;
  readonly description: string;
  readonly panelId: number;
  /** What an answer without rows means: only of ingestion, nothing at all is bad news. */
  readonly noDataState: 'OK' | 'Alerting';
  /** Keeps a flapping instance firing. */
  readonly keepFiringFor: string;
}

interface Group {
  readonly name: string;
  readonly interval: string;
  readonly rules: readonly RuleSpec[];
}

const anomaly = (severity: 'critical' | 'warning'): RuleSpec => ({
  uid: `framewatch-anomaly-${severity}`,
  title: `QoE anomaly (${severity})`,
  query: `Alert_Anomaly($__timeTo, "${severity}")`,
  severity,
  service: 'playback',
  summary: 'Playback is {{ if eq .Labels.severity "critical" }}badly {{ end }}worse than usual: {{ .Labels.scope }}',
  description:
    'At least three of the last five bins of this scope lie far from their own 14-day baseline. See the incidents table for metrics, impact and causes.',
  panelId: PANEL.incidents,
  noDataState: 'OK',
  keepFiringFor: '0s',
});

const GROUPS: readonly Group[] = [
  { name: 'anomalies', interval: '1m', rules: [anomaly('critical'), anomaly('warning')] },
  {
    name: 'slo-fast',
    interval: '30s',
    rules: [
      {
        uid: 'framewatch-slo-burn-fast',
        title: 'SLO burn (fast)',
        query: 'Alert_SloBurn($__timeTo)',
        severity: 'critical',
        service: 'playback',
        summary: 'The error budget of {{ .Labels.slo }} burns over 14 times too fast: {{ .Labels.scope }}',
        description:
          'Both windows of a pair (1 h and 5 min, or 5 min and 2 min) exceed 14.4 times the budget. Pages for a hard outage before the anomaly detector has three bins.',
        panelId: PANEL.startFailures,
        noDataState: 'OK',
        keepFiringFor: '2m',
      },
    ],
  },
  {
    name: 'ingestion',
    interval: '1m',
    rules: [
      {
        uid: 'framewatch-ingest-stale',
        title: 'Ingestion stale or losing events',
        query: 'Alert_IngestStale($__timeTo)',
        severity: 'critical',
        service: 'ingestion',
        summary: 'Telemetry is missing ({{ .Labels.check }}, door {{ .Labels.door }})',
        description:
          'No batch for more than 5 min, or over a fifth of the events of the last 15 min rejected or dropped. Playback detectors are silent meanwhile: missing data is no dip in quality.',
        panelId: PANEL.ingestion,
        noDataState: 'Alerting',
        keepFiringFor: '0s',
      },
    ],
  },
];

const RANGE = { from: 900, to: 0 };
const EXPRESSIONS = '__expr__';

/** A query and the question whether any row's value exceeds 0. */
function ruleOf(spec: RuleSpec): Rule {
  const datasource = { type: PLUGIN, uid: ALERT_DATA_SOURCE_UID };
  return new RuleBuilder(spec.title)
    .uid(spec.uid)
    .condition('C')
    .withQuery(
      new QueryBuilder('A')
        .datasourceUid(ALERT_DATA_SOURCE_UID)
        .relativeTimeRange(RANGE)
        .model(kql(spec.query, { resultFormat: 'table', refId: 'A', database: ALERT_DATABASE, datasource })),
    )
    .withQuery(
      new QueryBuilder('C')
        .datasourceUid(EXPRESSIONS)
        .relativeTimeRange(RANGE)
        .model(
          new TypeThresholdBuilder()
            .refId('C')
            .expression('A')
            .conditions([{ evaluator: { type: 'gt', params: [0] } }])
            .datasource({ type: EXPRESSIONS, uid: EXPRESSIONS }),
        ),
    )
    .noDataState(spec.noDataState)
    .execErrState('Error')
    .forDuration('0s')
    .keepFiringFor(spec.keepFiringFor)
    .missingSeriesEvalsToResolve(2)
    .labels({ severity: spec.severity, service: spec.service, team: 'video' })
    .annotations({ summary: spec.summary, description: spec.description })
    .build();
}

/** File provisioning names some fields otherwise than the API that the SDK's builders speak. */
const provisioned = (spec: RuleSpec): object => {
  const rule = ruleOf(spec);
  return {
    uid: rule.uid,
    title: rule.title,
    condition: rule.condition,
    data: rule.data,
    dashboardUid: NOC_UID,
    panelId: spec.panelId,
    noDataState: rule.noDataState,
    execErrState: rule.execErrState,
    for: rule.for,
    keepFiringFor: rule.keep_firing_for,
    missing_series_evals_to_resolve: rule.missingSeriesEvalsToResolve,
    annotations: rule.annotations,
    labels: rule.labels,
    isPaused: false,
  };
};

/** The rules in the shape of Grafana's provisioning files. */
export const alertRules = (): object => ({
  apiVersion: 1,
  groups: GROUPS.map(({ name, interval, rules }) => ({
    orgId: 1,
    name,
    folder: ALERT_FOLDER,
    interval,
    rules: rules.map(provisioned),
  })),
});
