// Grafana's webhook contact point: one POST per rule with everything of it that fires or has just resolved.
import type { AlertRule } from './rules.ts';
import type { AlertInstance } from './state-machine.ts';
import { isFiring } from './state-machine.ts';

export interface WebhookAlert {
  readonly status: 'firing' | 'resolved';
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: string;
  readonly endsAt: string;
  readonly values: Readonly<Record<string, number>> | null;
  readonly valueString: string;
  readonly generatorURL: string;
  readonly fingerprint: string;
  readonly silenceURL: string;
  readonly dashboardURL: string;
  readonly panelURL: string;
}

const NEVER = '0001-01-01T00:00:00Z';
const RULE_NAME_OF_STATE: Readonly<Record<string, string>> = { NoData: 'DatasourceNoData', Error: 'DatasourceError' };

function alertOf(rule: AlertRule, instance: AlertInstance, externalUrl: string): WebhookAlert {
  const firing = isFiring(instance.state);
  const replacement = RULE_NAME_OF_STATE[instance.state];
  // Broken rules notify under a name of their own, so that they can be routed apart from real alerts.
  const labels =
    replacement === undefined ? instance.labels : { ...instance.labels, alertname: replacement, rulename: rule.title };
  const dashboardURL = rule.dashboardUid === undefined ? '' : `${externalUrl}/d/${rule.dashboardUid}`;
  return {
    status: firing ? 'firing' : 'resolved',
    labels,
    annotations: instance.annotations,
    startsAt: new Date(instance.startsAtMs).toISOString(),
    endsAt: firing ? NEVER : new Date(instance.endsAtMs).toISOString(),
    values: Object.keys(instance.values).length === 0 ? null : instance.values,
    valueString: instance.valueString,
    generatorURL: `${externalUrl}/alerting?rule=${encodeURIComponent(rule.uid)}`,
    fingerprint: instance.fingerprint,
    silenceURL: '',
    dashboardURL,
    panelURL: dashboardURL === '' || rule.panelId === undefined ? '' : `${dashboardURL}?viewPanel=${rule.panelId}`,
  };
}

const common = (maps: readonly Readonly<Record<string, string>>[]): Record<string, string> =>
  Object.fromEntries(Object.entries(maps[0] ?? {}).filter(([name, value]) => maps.every((one) => one[name] === value)));

const section = (title: string, alerts: readonly WebhookAlert[]): string =>
  alerts.length === 0
    ? ''
    : `**${title}**\n${alerts
        .map(
          (one) =>
            `\nValue: ${one.valueString || '[no value]'}\nLabels:\n${lines(one.labels)}Annotations:\n${lines(one.annotations)}`,
        )
        .join('\n')}`;
const lines = (map: Readonly<Record<string, string>>): string =>
  Object.entries(map)
    .map(([name, value]) => ` - ${name} = ${value}\n`)
    .join('');

/** The body Grafana's webhook sends, version 1, grouped by alertname and folder. */
export function webhookPayload(
  rule: AlertRule,
  instances: readonly AlertInstance[],
  externalUrl: string,
): Record<string, unknown> {
  const alerts = instances.map((one) => alertOf(rule, one, externalUrl));
  const firing = alerts.filter((one) => one.status === 'firing');
  const resolved = alerts.filter((one) => one.status === 'resolved');
  const status = firing.length > 0 ? 'firing' : 'resolved';
  const groupLabels = { alertname: rule.title, grafana_folder: rule.folder };
  const counts =
    firing.length > 0
      ? `FIRING:${firing.length}${resolved.length > 0 ? `, RESOLVED:${resolved.length}` : ''}`
      : 'RESOLVED';
  return {
    receiver: 'framewatch',
    status,
    orgId: 1,
    alerts,
    groupLabels,
    commonLabels: common(alerts.map((one) => one.labels)),
    commonAnnotations: common(alerts.map((one) => one.annotations)),
    externalURL: `${externalUrl}/`,
    version: '1',
    groupKey: `{}:{alertname=${JSON.stringify(rule.title)}, grafana_folder=${JSON.stringify(rule.folder)}}`,
    truncatedAlerts: 0,
    title: `[${counts}] ${rule.title} ${rule.folder}`,
    state: status === 'firing' ? 'alerting' : 'ok',
    message: [section('Firing', firing), section('Resolved', resolved)].filter(Boolean).join('\n\n'),
  };
}

const ATTEMPTS = 4;
const TIMEOUT_MS = 30_000;

/** Posts a payload; retries on network failures, 429 and 5xx with growing pauses. Rejects when all attempts failed. */
export async function postWebhook(url: string, payload: unknown, pause: (ms: number) => Promise<void>): Promise<void> {
  const body = JSON.stringify(payload);
  for (let attempt = 1; ; attempt += 1) {
    const problem = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    }).then(
      async (response) => {
        await response.arrayBuffer();
        if (response.ok) return undefined;
        return { text: `HTTP ${response.status}`, canRetry: response.status === 429 || response.status >= 500 };
      },
      (error: unknown) => ({ text: error instanceof Error ? error.message : String(error), canRetry: true }),
    );
    if (problem === undefined) return;
    if (!problem.canRetry || attempt === ATTEMPTS)
      throw new Error(`webhook: ${problem.text} after ${attempt} attempt(s)`);
    await pause(500 * 2 ** (attempt - 1));
  }
}
