// What Grafana should hold: the committed files, bound to a cluster and to the people who get alerts.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ALERT_DATA_SOURCE_UID, PLUGIN } from '../data-source.ts';
import { ALERT_FOLDER } from '../noc-ids.ts';
import { asList, asRecord, type Json } from './port.ts';

export const FOLDER = { uid: 'framewatch', title: ALERT_FOLDER } as const;
/** Receivers that belong to us begin so; `--prune` touches no others. */
export const OWN_PREFIX = 'framewatch-';
export const CONTACT_POINT = 'Framewatch';

/** A cluster that dashboards can choose, with alert rules of its own. */
export interface ClusterBinding {
  readonly url: string;
  readonly database: string;
  /** Tells data sources apart when there are several; the region. */
  readonly label: string;
  /** `msi`: Managed Grafana's own identity. `none`: left as it is, for a Grafana that has its credentials by other means. */
  readonly auth: 'msi' | 'none';
}

/** Where alerts go. Absent: that way is not used. */
export interface AlertTargets {
  readonly emails?: readonly string[];
  readonly webhook?: string;
  readonly slack?: string;
  readonly teams?: string;
}

export interface RuleGroup {
  readonly title: string;
  readonly folderUid: string;
  /** Seconds. */
  readonly interval: number;
  readonly rules: readonly Json[];
}

export interface Wanted {
  readonly dataSources: readonly Json[];
  readonly dashboards: readonly Json[];
  readonly contactPoints: readonly Json[];
  readonly ruleGroups: readonly RuleGroup[];
}

const generated = join(import.meta.dirname, '..', 'generated');
const readJson = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));

const dataSourceUid = (label: string, index: number): string =>
  index === 0 ? ALERT_DATA_SOURCE_UID : `${ALERT_DATA_SOURCE_UID}-${label}`;

function dataSourceOf({ url, database, label, auth }: ClusterBinding, index: number): Json {
  return {
    uid: dataSourceUid(label, index),
    name: index === 0 ? 'Framewatch' : `Framewatch (${label})`,
    type: PLUGIN,
    access: 'proxy',
    jsonData: {
      clusterUrl: url,
      defaultDatabase: database,
      dataConsistency: 'strongconsistency',
      queryTimeout: '60s',
      defaultEditorMode: 'raw',
      ...(auth === 'msi' ? { azureCredentials: { authType: 'msi' } } : {}),
    },
  };
}

function contactPointsOf({ emails = [], webhook, slack, teams }: AlertTargets): Json[] {
  const receivers: [string, string, Json][] = [];
  if (emails.length > 0) receivers.push(['email', 'email', { addresses: emails.join(';'), singleEmail: false }]);
  if (webhook !== undefined) receivers.push(['webhook', 'webhook', { url: webhook, httpMethod: 'POST' }]);
  if (slack !== undefined) receivers.push(['slack', 'slack', { url: slack }]);
  if (teams !== undefined) receivers.push(['teams', 'teams', { url: teams }]);
  return receivers.map(([id, type, settings]) => ({
    uid: `${OWN_PREFIX}${id}`,
    name: CONTACT_POINT,
    type,
    settings,
    disableResolveMessage: false,
  }));
}

/** `1m`, `30s`, `1h` as seconds. */
export function secondsOf(duration: string): number {
  const [, amount = '', unit = ''] = /^(\d+)(s|m|h)$/.exec(duration) ?? [];
  const seconds = Number(amount) * ({ s: 1, m: 60, h: 3600 }[unit] ?? Number.NaN);
  if (!(seconds > 0)) throw new Error(`expected a duration as 30s, 1m or 1h, got ${duration}`);
  return seconds;
}

/** What tells the rules of one cluster from another's. Grafana's uids end at 40 characters: a number, not the region's name. */
interface Place {
  readonly dataSourceUid: string;
  readonly database: string;
  readonly uidSuffix: string;
  readonly titleSuffix: string;
  readonly labels: Json;
}

const placeOf = ({ database, label }: ClusterBinding, index: number, count: number): Place => ({
  dataSourceUid: dataSourceUid(label, index),
  database,
  uidSuffix: index === 0 ? '' : `-${index + 1}`,
  titleSuffix: index === 0 ? '' : ` (${label})`,
  labels: count === 1 ? {} : { region: label },
});

function queryOf(query: Json, { dataSourceUid: uid, database }: Place): Json {
  if (query['datasourceUid'] !== ALERT_DATA_SOURCE_UID) return query;
  const model = asRecord(query['model']);
  return {
    ...query,
    datasourceUid: uid,
    model: { ...model, database, datasource: { ...asRecord(model['datasource']), uid } },
  };
}

/** The provisioning file names some fields otherwise than the API: translated here. */
function ruleOf(rule: Json, group: string, place: Place): Json {
  const { dashboardUid, panelId, keepFiringFor, missing_series_evals_to_resolve: missing, annotations, ...same } = rule;
  return {
    ...same,
    uid: `${String(rule['uid'])}${place.uidSuffix}`,
    title: `${String(rule['title'])}${place.titleSuffix}`,
    orgID: 1,
    folderUID: FOLDER.uid,
    ruleGroup: group,
    data: asList(rule['data']).map((query) => queryOf(query, place)),
    keep_firing_for: keepFiringFor,
    missingSeriesEvalsToResolve: missing,
    labels: { ...asRecord(rule['labels']), ...place.labels },
    annotations: { ...asRecord(annotations), __dashboardUid__: String(dashboardUid), __panelId__: String(panelId) },
  };
}

function ruleGroupOf(group: Json, place: Place): RuleGroup {
  const title = `${String(group['name'])}${place.titleSuffix}`;
  return {
    title,
    folderUid: FOLDER.uid,
    interval: secondsOf(String(group['interval'])),
    rules: asList(group['rules']).map((rule) => ruleOf(rule, title, place)),
  };
}

/** Everything, from grafana/generated. */
export function wantedOf(clusters: readonly ClusterBinding[], targets: AlertTargets): Wanted {
  if (clusters.length === 0) throw new Error('no cluster given');
  const folder = join(generated, 'dashboards');
  const dashboards = readdirSync(folder).filter((file) => file.endsWith('.json'));
  const { groups } = asRecord(readJson(join(generated, 'alerts.json')));
  return {
    dataSources: clusters.map(dataSourceOf),
    dashboards: dashboards.toSorted((a, b) => a.localeCompare(b)).map((file) => asRecord(readJson(join(folder, file)))),
    contactPoints: contactPointsOf(targets),
    // Every cluster has its own detectors: every cluster is asked.
    ruleGroups: clusters.flatMap((cluster, index) =>
      asList(groups).map((group) => ruleGroupOf(group, placeOf(cluster, index, clusters.length))),
    ),
  };
}
