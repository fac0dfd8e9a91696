// `npm run grafana:deploy`, as a hook `npm run infra:grafana`: data source, dashboards, contact points, policy and alert rules.
import { applyGrafana, lineOf, planGrafana } from '../../grafana/deploy/deploy.ts';
import type { Grafana } from '../../grafana/deploy/port.ts';
import { wantedOf, type AlertTargets, type ClusterBinding } from '../../grafana/deploy/wanted.ts';
import { hookMain, type Hook, type HookRun } from './support/command.ts';
import { httpFor, type Http } from './support/http.ts';

/** Application id of Azure Managed Grafana: the audience of its tokens. */
const SCOPE = 'ce34e7e5-485f-4d76-964f-b3d2b16d1e4f/.default';
const POLL_MS = 15_000;
const DEFAULT_WAIT_SECONDS = 600;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function grafanaAt(url: string, http: Http, token: string | undefined): Grafana {
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return async ({ method, path, json, headers = {}, allow = [] }) =>
    http(`${url}${path}`, {
      method,
      json,
      allow,
      headers: { accept: 'application/json', ...headers, ...authorization },
    });
}

/** A role that was given minutes ago is not known everywhere. */
async function untilAllowed(grafana: Grafana, waitMs: number, note: (text: string) => void): Promise<void> {
  const deadline = performance.now() + waitMs;
  for (;;) {
    const { status } = await grafana({ method: 'GET', path: '/api/folders?limit=1', allow: [401, 403] });
    if (status < 400) return;
    if (performance.now() + POLL_MS > deadline)
      throw new Error(
        `Grafana answers ${status}: who deploys needs the role Grafana Admin on the workspace (infra/roles.json)`,
      );
    note('     Grafana does not know the role of this principal yet; another try in 15 s');
    await sleep(POLL_MS);
  }
}

function clustersOf({ option, settings }: HookRun): ClusterBinding[] {
  const url = option('cluster');
  const auth = option('auth') === 'none' ? 'none' : 'msi';
  if (url !== undefined) return [{ url, database: option('database') ?? 'framewatch', label: 'local', auth }];
  return settings.stamps().map(({ kustoUri, databaseName, location }) => ({
    url: kustoUri,
    database: databaseName,
    label: location,
    auth,
  }));
}

function targetsOf({ settings }: HookRun): AlertTargets {
  const emails = (settings.get('FRAMEWATCH_ALERT_EMAILS') ?? '')
    .split(',')
    .flatMap((one) => (one.trim() === '' ? [] : [one.trim()]));
  const webhook = settings.get('FRAMEWATCH_ALERT_WEBHOOK');
  const slack = settings.get('FRAMEWATCH_ALERT_SLACK');
  const teams = settings.get('FRAMEWATCH_ALERT_TEAMS');
  return {
    emails,
    ...(webhook === undefined ? {} : { webhook }),
    ...(slack === undefined ? {} : { slack }),
    ...(teams === undefined ? {} : { teams }),
  };
}

/** Azure's Grafana has no mail server of its own. */
function warnOfMail({ report }: HookRun, { emails = [], ...others }: AlertTargets, url: string): void {
  if (emails.length === 0 || Object.keys(others).length > 0 || !new URL(url).host.endsWith('.grafana.azure.com'))
    return;
  report.warn('mail from Grafana', {
    expected: 'a way to tell people that works without further settings',
    got: 'addresses alone: Azure Managed Grafana sends mail only with SMTP settings of yours',
    advice:
      'azd env set FRAMEWATCH_ALERT_TEAMS (or _SLACK, _WEBHOOK) <address>; or set SMTP under Configuration of the workspace',
  });
}

async function deploy(run: HookRun, url: string): Promise<void> {
  const { report, flag, option, isDryRun, settings } = run;
  const token = settings.get('GRAFANA_TOKEN');
  const grafana = grafanaAt(url, token === undefined ? httpFor(SCOPE) : httpFor(undefined), token);
  await untilAllowed(grafana, Number(option('wait') ?? DEFAULT_WAIT_SECONDS) * 1000, report.note);
  const options = { prune: flag('prune'), rewriteSecrets: flag('rewrite-secrets') };
  const targets = targetsOf(run);
  warnOfMail(run, targets, url);
  const wanted = wantedOf(clustersOf(run), targets);
  const steps = await planGrafana(grafana, wanted, options);
  const open = steps.filter(({ apply }) => apply !== undefined);
  if (flag('plan') || isDryRun) {
    for (const step of steps) report.note(lineOf(step));
    report.note(`${steps.length - open.length} unchanged, ${open.length} to apply on ${url}`);
    if (flag('plan') && open.length > 0) report.differs();
    return;
  }
  const applied = await applyGrafana(steps, report.note);
  const left = (await planGrafana(grafana, wanted, { ...options, rewriteSecrets: false })).filter(({ apply }) => apply);
  if (left.length === 0) report.ok(`Grafana ${url}`, `${applied} applied, nothing differs`);
  else
    report.fail(`Grafana ${url}`, {
      expected: 'no difference after applying',
      got: left.map(lineOf).join('; '),
      advice: `npm run grafana:deploy -- --plan --url ${url}`,
    });
}

/** The hook itself, for tests. */
export const grafana: Hook = {
  name: 'grafana',
  help: `npm run grafana:deploy -- [options]      (npm run infra:grafana is the same)
Folder, data sources, dashboards, contact points, notification policy and alert rules over Grafana's HTTP API; idempotent.

  --plan             show the difference, change nothing; exit 2 when something differs
  --prune            also take away what is ours and no file makes any more
  --rewrite-secrets  write webhook addresses again, which Grafana does not give back for comparison
  --url URL          Grafana; default FRAMEWATCH_GRAFANA_ENDPOINT
  --cluster URL      instead of the stamps' clusters
  --database NAME    with --cluster; default framewatch
  --auth msi|none    how Grafana signs in to Data Explorer; default msi, its own identity
  --wait SECONDS     longest wait for the role Grafana Admin to be known; default ${DEFAULT_WAIT_SECONDS}
Alerts go to FRAMEWATCH_ALERT_EMAILS, FRAMEWATCH_ALERT_WEBHOOK, FRAMEWATCH_ALERT_SLACK, FRAMEWATCH_ALERT_TEAMS, where set.
A Grafana that is not Azure's: put a service account's token into GRAFANA_TOKEN.`,
  options: {
    plan: { type: 'boolean' },
    prune: { type: 'boolean' },
    'rewrite-secrets': { type: 'boolean' },
    url: { type: 'string' },
    cluster: { type: 'string' },
    database: { type: 'string' },
    auth: { type: 'string' },
    wait: { type: 'string' },
  },
  async run(run) {
    const url = run.option('url') ?? run.settings.get('FRAMEWATCH_GRAFANA_ENDPOINT');
    if (url === undefined) run.report.note('no Grafana was deployed (FRAMEWATCH_GRAFANA=false): nothing to do');
    else await deploy(run, url.replace(/\/$/, ''));
  },
};

if (import.meta.main) await hookMain(grafana);
