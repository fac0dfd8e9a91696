// The alerting part of the server: contact points, policy tree, rule groups, each with Grafana's documented checks.
import { asList, asRecord, type Json } from '../port.ts';
import { missing, NOT_FOUND, ok, refuse, type Answer, type Call, type GrafanaState } from './grafana-contract.ts';

const ACCEPTED: Answer = { status: 202, body: { message: 'accepted' } };
/** Settings that Grafana never gives back. */
const SECRET: Readonly<Record<string, readonly string[]>> = {
  slack: ['url', 'token'],
  teams: [],
  webhook: ['password'],
};
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  email: ['addresses'],
  webhook: ['url'],
  slack: ['url'],
  teams: ['url'],
};

/** A resource that was provisioned by the API cannot be changed as if by hand. */
const provenanceConflict = (held: Json | undefined, call: Call): Answer | undefined =>
  held?.['provenance'] === 'api' && call.disablesProvenance
    ? refuse(409, "cannot change provenance from 'api' to ''")
    : undefined;

const provenanceOf = (call: Call): Json => (call.disablesProvenance ? {} : { provenance: 'api' });

function redacted(point: Json): Json {
  const settings = { ...asRecord(point['settings']) };
  for (const name of SECRET[String(point['type'])] ?? []) if (name in settings) settings[name] = '[REDACTED]';
  return { ...point, settings };
}

const receiversOf = (route: Json): unknown[] => [route['receiver'], ...asList(route['routes']).flatMap(receiversOf)];

function contactPoints(call: Call, state: GrafanaState): Answer {
  const { method, body } = call;
  const uid = call.path[3] ?? String(body['uid']);
  const held = state.contactPoints.get(uid);
  if (method === 'GET') return ok([...state.contactPoints.values()].map(redacted));
  if (method === 'DELETE') {
    if (
      held &&
      receiversOf(state.policies).includes(held['name']) &&
      [...state.contactPoints.values()].filter(({ name }) => name === held['name']).length === 1
    )
      return refuse(409, 'contact point is currently used by a notification policy');
    return state.contactPoints.delete(uid) ? ACCEPTED : NOT_FOUND;
  }
  const type = String(body['type']);
  const lost = [
    ...missing(body, ['name', 'type', 'settings']),
    ...missing(asRecord(body['settings']), NEEDED[type] ?? ['(unknown type)']),
  ];
  if (lost.length > 0) return refuse(400, `invalid contact point: missing ${lost.join(', ')}`);
  if (!/^[\w-]{1,40}$/.test(uid)) return refuse(400, 'invalid uid');
  if (method === 'PUT' && !held) return NOT_FOUND;
  if (method === 'POST' && held) return refuse(409, 'contact point with this uid exists');
  const conflict = provenanceConflict(held, call);
  if (conflict) return conflict;
  state.contactPoints.set(uid, { ...body, uid, ...provenanceOf(call) });
  return ACCEPTED;
}

function policies(call: Call, state: GrafanaState): Answer {
  if (call.method === 'GET') return ok(state.policies);
  const conflict = provenanceConflict(state.policies, call);
  if (conflict) return conflict;
  if (missing(call.body, ['receiver']).length > 0)
    return refuse(400, 'invalid object specification: root route must specify a default receiver');
  if (asList(call.body['object_matchers']).length > 0) return refuse(400, 'root route must not have any matchers');
  const known = new Set<unknown>([...state.contactPoints.values()].map(({ name }) => name));
  known.add('grafana-default-email');
  const unknown = receiversOf(call.body).find((name) => !known.has(name));
  if (unknown !== undefined)
    return refuse(400, `invalid object specification: receiver '${JSON.stringify(unknown)}' does not exist`);
  state.policies = { ...call.body, ...provenanceOf(call) };
  return ACCEPTED;
}

const RULE_FIELDS = [
  'orgID',
  'folderUID',
  'ruleGroup',
  'title',
  'condition',
  'data',
  'noDataState',
  'execErrState',
  'for',
];

/** What is wrong with a rule, or undefined. */
function ruleFault(rule: Json, group: string, folder: string, state: GrafanaState): string | undefined {
  const lost = missing(rule, RULE_FIELDS);
  if (lost.length > 0) return `missing ${lost.join(', ')}`;
  if (rule['ruleGroup'] !== group || rule['folderUID'] !== folder) return 'rule is of another group or folder';
  const queries = asList(rule['data']);
  if (!queries.some(({ refId }) => refId === rule['condition'])) return 'condition does not exist';
  if (!['NoData', 'Alerting', 'OK', 'KeepLast'].includes(String(rule['noDataState']))) return 'unknown noDataState';
  if (!['Error', 'Alerting', 'OK', 'KeepLast'].includes(String(rule['execErrState']))) return 'unknown execErrState';
  for (const { datasourceUid, relativeTimeRange } of queries) {
    if (datasourceUid !== '__expr__' && !state.dataSources.has(String(datasourceUid)))
      return `data source ${String(datasourceUid)} not found`;
    const { from, to } = asRecord(relativeTimeRange);
    if (datasourceUid !== '__expr__' && !(Number(from) > Number(to))) return 'invalid relative time range';
  }
  const twin = [...state.rules.values()].find(
    ({ uid, title, ruleGroup }) => (uid === rule['uid'] || title === rule['title']) && ruleGroup !== group,
  );
  return twin ? 'a rule of this uid or title exists in another group' : undefined;
}

function ruleGroups(call: Call, state: GrafanaState): Answer {
  const [, , , folder = '', , group = ''] = call.path;
  const key = `${folder}/${group}`;
  const own = [...state.rules.values()].filter(
    ({ ruleGroup, folderUID }) => ruleGroup === group && folderUID === folder,
  );
  if (call.method === 'GET')
    return own.length === 0
      ? NOT_FOUND
      : ok({ title: group, folderUid: folder, interval: state.intervals.get(key), rules: own });
  if (call.method === 'PUT') {
    if (!state.folders.has(folder)) return refuse(404, 'folder not found');
    const { interval, rules } = call.body;
    if (!(Number(interval) >= 10) || Number(interval) % 10 !== 0)
      return refuse(400, 'interval must be a multiple of 10 seconds');
    for (const rule of asList(rules)) {
      const conflict = provenanceConflict(state.rules.get(String(rule['uid'])), call);
      if (conflict) return conflict;
      const fault = ruleFault(rule, group, folder, state);
      if (fault !== undefined) return refuse(400, `invalid alert rule '${String(rule['title'])}': ${fault}`);
    }
    state.intervals.set(key, Number(interval));
  }
  for (const { uid } of own) state.rules.delete(String(uid));
  if (call.method === 'DELETE') return own.length === 0 ? NOT_FOUND : { status: 204 };
  for (const rule of asList(call.body['rules']))
    state.rules.set(String(rule['uid']), {
      ...rule,
      id: state.rules.size + 1,
      updated: '2026-01-01T00:00:00Z',
      ...provenanceOf(call),
    });
  return ok(call.body);
}

/** `/api/v1/provisioning/…` */
export function alertingRoutes(call: Call, state: GrafanaState): Answer {
  switch (call.path[2]) {
    case 'contact-points':
      return contactPoints(call, state);
    case 'policies':
      return policies(call, state);
    case 'folder':
      return ruleGroups(call, state);
    case 'alert-rules':
      return ok([...state.rules.values()]);
    default:
      return NOT_FOUND;
  }
}
