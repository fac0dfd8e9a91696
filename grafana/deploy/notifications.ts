// Contact points and the branch of the policy tree that leads to them.
import { asList, asRecord, differences, read, reasonOf, type Grafana, type Json, type Step } from './port.ts';
import { CONTACT_POINT, FOLDER, OWN_PREFIX } from './wanted.ts';

const REDACTED = '[REDACTED]';
const POINTS = '/api/v1/provisioning/contact-points';
const POLICIES = '/api/v1/provisioning/policies';

/** Grafana never gives a secret back: a redacted value tells nothing. */
function comparable(wanted: Json, held: Json): Json {
  const heldSettings = asRecord(held['settings']);
  const settings = Object.entries(asRecord(wanted['settings'])).filter(([name]) => heldSettings[name] !== REDACTED);
  return { ...wanted, settings: Object.fromEntries(settings) };
}

const isHidden = (held: Json): boolean => Object.values(asRecord(held['settings'])).includes(REDACTED);

function contactPointStep(grafana: Grafana, wanted: Json, held: Json | undefined, rewriteSecrets: boolean): Step {
  const uid = String(wanted['uid']);
  const step = { kind: 'contact point', name: uid } as const;
  if (held === undefined)
    return {
      ...step,
      action: 'create',
      reason: '',
      apply: async () => void (await grafana({ method: 'POST', path: POINTS, json: wanted })),
    };
  const changed = differences(comparable(wanted, held), held);
  const rewrite = rewriteSecrets && isHidden(held);
  if (changed.length === 0 && !rewrite)
    return {
      ...step,
      action: 'same',
      reason: isHidden(held) ? 'its secret cannot be compared: --rewrite-secrets writes it' : '',
    };
  return {
    ...step,
    action: 'change',
    reason: changed.length === 0 ? 'its secret is written again' : reasonOf(changed),
    apply: async () => void (await grafana({ method: 'PUT', path: `${POINTS}/${uid}`, json: wanted })),
  };
}

export async function contactPointSteps(
  grafana: Grafana,
  wanted: readonly Json[],
  { prune, rewriteSecrets }: { readonly prune: boolean; readonly rewriteSecrets: boolean },
): Promise<{ readonly before: Step[]; readonly after: Step[] }> {
  const held = asList(await read(grafana, POINTS));
  const before = wanted.map((point) =>
    contactPointStep(
      grafana,
      point,
      held.find(({ uid }) => uid === point['uid']),
      rewriteSecrets,
    ),
  );
  const uids = new Set(wanted.map(({ uid }) => uid));
  const stale = prune ? held.filter(({ uid }) => String(uid).startsWith(OWN_PREFIX) && !uids.has(uid)) : [];
  // After the policies: a contact point that a policy names cannot be deleted.
  const after = stale.map(({ uid }): Step => ({
    kind: 'contact point',
    name: String(uid),
    action: 'delete',
    reason: 'not configured any more',
    apply: async () => void (await grafana({ method: 'DELETE', path: `${POINTS}/${String(uid)}`, allow: [404] })),
  }));
  return { before, after };
}

const matcher = (label: string, value: string): readonly string[] => [label, '=', value];

/** Alerts of our folder: grouped by rule and scope; what is critical is told at once and repeated hourly. */
const BRANCH = {
  receiver: CONTACT_POINT,
  object_matchers: [matcher('grafana_folder', FOLDER.title)],
  group_by: ['alertname', 'scope'],
  group_wait: '30s',
  group_interval: '5m',
  repeat_interval: '12h',
  routes: [
    {
      receiver: CONTACT_POINT,
      object_matchers: [matcher('severity', 'critical')],
      group_by: ['alertname', 'scope'],
      group_wait: '0s',
      group_interval: '1m',
      repeat_interval: '1h',
    },
  ],
};

const isOurs = (route: Json): boolean =>
  route['receiver'] === CONTACT_POINT && differences(BRANCH.object_matchers, route['object_matchers']).length === 0;

/**
 * The tree is one object an organisation and PUT replaces all of it: only our branch is exchanged, everyone else's stay.
 * `X-Disable-Provenance` keeps the tree editable in the browser; a tree that is locked already stays as it is.
 */
export async function policyStep(grafana: Grafana, hasReceiver: boolean): Promise<Step> {
  const tree = asRecord(await read(grafana, POLICIES));
  const routes = asList(tree['routes']);
  const ours = routes.filter(isOurs);
  const step = { kind: 'policy', name: `folder ${FOLDER.title} → ${CONTACT_POINT}` } as const;
  const put = async (next: readonly Json[]): Promise<void> => {
    const { provenance, ...rest } = tree;
    await grafana({
      method: 'PUT',
      path: POLICIES,
      json: { ...rest, routes: next },
      ...(typeof provenance === 'string' && provenance !== '' ? {} : { headers: { 'X-Disable-Provenance': 'true' } }),
    });
  };
  const others = routes.filter((route) => !isOurs(route));
  if (!hasReceiver) {
    return ours.length === 0
      ? { ...step, action: 'keep', reason: 'nobody is named who should get alerts: they stay with the default policy' }
      : { ...step, action: 'delete', reason: 'nobody is named who should get alerts', apply: () => put(others) };
  }
  const changed = ours.length === 1 ? differences(BRANCH, ours[0]) : [`${ours.length} branches`];
  if (ours.length === 1 && changed.length === 0) return { ...step, action: 'same', reason: '' };
  return {
    ...step,
    action: ours.length === 0 ? 'create' : 'change',
    reason: ours.length === 0 ? '' : reasonOf(changed),
    apply: () => put([BRANCH, ...others]),
  };
}
