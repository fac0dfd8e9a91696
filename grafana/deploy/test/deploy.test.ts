import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ALERT_DATA_SOURCE_UID } from '../../data-source.ts';
import { NOC_UID } from '../../noc-ids.ts';
import { applyGrafana, planGrafana, type DeployGrafanaOptions } from '../deploy.ts';
import { asList, asRecord, differences, type Grafana, type Json, type Step } from '../port.ts';
import { CONTACT_POINT, FOLDER, secondsOf, wantedOf, type AlertTargets, type ClusterBinding } from '../wanted.ts';
import { startGrafana, type GrafanaServer } from './grafana-server.ts';

const CLUSTER: ClusterBinding = {
  url: 'https://adx.westeurope.kusto.windows.net',
  database: 'framewatch',
  label: 'westeurope',
  auth: 'msi',
};
const SECOND: ClusterBinding = { ...CLUSTER, url: 'https://adx.northeurope.kusto.windows.net', label: 'northeurope' };
const MAIL: AlertTargets = { emails: ['noc@example.com'] };
const PLAIN: DeployGrafanaOptions = { prune: false, rewriteSecrets: false };

let server: GrafanaServer;
let grafana: Grafana;
beforeEach(async () => {
  server = await startGrafana();
  grafana = async ({ method, path, json, headers = {}, allow = [] }) => {
    const response = await fetch(`${server.url}${path}`, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    });
    const text = await response.text();
    if (!response.ok && !allow.includes(response.status)) throw new Error(`${response.status} ${text}`);
    return { status: response.status, body: text === '' ? undefined : (JSON.parse(text) as unknown) };
  };
});
afterEach(() => server.close());

const plan = (targets = MAIL, clusters = [CLUSTER], options = PLAIN): Promise<Step[]> =>
  planGrafana(grafana, wantedOf(clusters, targets), options);
const deploy = async (targets = MAIL, clusters = [CLUSTER], options = PLAIN): Promise<string[]> => {
  const lines: string[] = [];
  await applyGrafana(await plan(targets, clusters, options), (line) => lines.push(line));
  return lines;
};
const open = async (targets = MAIL, clusters = [CLUSTER], options = PLAIN): Promise<string[]> =>
  (await plan(targets, clusters, options))
    .filter(({ apply }) => apply)
    .map(({ action, kind, name }) => `${action} ${kind} ${name}`);

describe('an empty Grafana', () => {
  it('gets everything: folder, data source, dashboard, contact point, policy, rules', async () => {
    await deploy();
    const { state } = server;
    expect(state.folders.get(FOLDER.uid)?.['title']).toBe('Framewatch');
    expect(state.dataSources.get(ALERT_DATA_SOURCE_UID)).toMatchObject({
      type: 'grafana-azure-data-explorer-datasource',
      access: 'proxy',
      jsonData: { clusterUrl: CLUSTER.url, defaultDatabase: 'framewatch', azureCredentials: { authType: 'msi' } },
    });
    expect(state.dashboards.get(NOC_UID)?.folderUid).toBe(FOLDER.uid);
    expect([...state.contactPoints.values()]).toMatchObject([
      { name: CONTACT_POINT, type: 'email', settings: { addresses: 'noc@example.com' } },
    ]);
    expect(asList(state.policies['routes'])).toMatchObject([
      { receiver: CONTACT_POINT, object_matchers: [['grafana_folder', '=', 'Framewatch']] },
    ]);
    expect(state.rules.size).toBeGreaterThanOrEqual(4);
  });

  it('a second run changes nothing', async () => {
    await deploy();
    const before = server.changes.length;
    expect(await open()).toEqual([]);
    await deploy();
    expect(server.changes.length).toBe(before);
  });

  it('planning changes nothing', async () => {
    expect((await open()).length).toBeGreaterThan(7);
    expect(server.changes).toEqual([]);
  });
});

describe('rules', () => {
  it('carry the API’s names, point at the dashboard’s panels and at the bound database', async () => {
    await deploy(MAIL, [{ ...CLUSTER, database: 'qoe' }]);
    const rule = asRecord(server.state.rules.get('framewatch-slo-burn-fast'));
    expect(rule).toMatchObject({
      keep_firing_for: '2m',
      missingSeriesEvalsToResolve: 2,
      annotations: { __dashboardUid__: NOC_UID, __panelId__: '2' },
    });
    for (const name of ['keepFiringFor', 'missing_series_evals_to_resolve', 'dashboardUid', 'panelId'])
      expect(rule).not.toHaveProperty(name);
    expect(asList(rule['data']).map(({ datasourceUid }) => datasourceUid)).toEqual([ALERT_DATA_SOURCE_UID, '__expr__']);
    expect(asRecord(asList(rule['data'])[0]?.['model'])['database']).toBe('qoe');
    expect(server.state.intervals.get('framewatch/slo-fast')).toBe(30);
  });

  it('two clusters: each has its rules on its own data source, told apart by title, uid and label', async () => {
    await deploy(MAIL, [CLUSTER, SECOND]);
    const [first, second] = ['framewatch-slo-burn-fast', 'framewatch-slo-burn-fast-2'].map((uid) =>
      asRecord(server.state.rules.get(uid)),
    );
    expect(first).toMatchObject({ title: 'SLO burn (fast)', ruleGroup: 'slo-fast', labels: { region: 'westeurope' } });
    expect(second).toMatchObject({
      title: 'SLO burn (fast) (northeurope)',
      ruleGroup: 'slo-fast (northeurope)',
      labels: { region: 'northeurope', severity: 'critical' },
    });
    const [query] = asList(second?.['data']);
    expect(query?.['datasourceUid']).toBe('framewatch-adx-northeurope');
    expect(asRecord(query?.['model'])['datasource']).toMatchObject({ uid: 'framewatch-adx-northeurope' });
    expect(await open(MAIL, [CLUSTER, SECOND])).toEqual([]);
    for (const uid of server.state.rules.keys()) expect(uid.length, uid).toBeLessThanOrEqual(40);
  });

  it('a rule edited by hand is put back; one that was added to the group goes', async () => {
    await deploy();
    const held = asRecord(server.state.rules.get('framewatch-ingest-stale'));
    server.state.rules.set('framewatch-ingest-stale', { ...held, isPaused: true });
    server.state.rules.set('by-hand', { ...held, uid: 'by-hand', title: 'by hand' });
    expect(await open()).toEqual(['change rule group ingestion']);
    await deploy();
    expect(server.state.rules.get('framewatch-ingest-stale')?.['isPaused']).toBe(false);
    expect(server.state.rules.has('by-hand')).toBe(false);
  });

  it.each([
    ['30s', 30],
    ['1m', 60],
    ['2h', 7200],
  ])('%s is %i seconds', (text, seconds) => expect(secondsOf(text)).toBe(seconds));
  it.each(['', '1d', '0s', 'm'])('refuses %j as an interval', (text) =>
    expect(() => secondsOf(text)).toThrow(/duration/),
  );
});

describe('policies', () => {
  const theirs = { receiver: 'grafana-default-email', object_matchers: [['team', '=', 'billing']], routes: [] };

  it('leave everyone else’s branches and the default alone, and stay editable', async () => {
    server.state.policies = { ...server.state.policies, repeat_interval: '4h', routes: [theirs] };
    await deploy();
    const { policies } = server.state;
    expect(policies).toMatchObject({ receiver: 'grafana-default-email', repeat_interval: '4h' });
    expect(asList(policies['routes'])[1]).toEqual(theirs);
    expect(policies['provenance']).toBeUndefined();
  });

  it('a tree that was provisioned by others stays locked (X-Disable-Provenance would be refused)', async () => {
    server.state.policies = { ...server.state.policies, provenance: 'api' };
    await deploy();
    expect(server.state.policies['provenance']).toBe('api');
    expect(await open()).toEqual([]);
  });

  it('a branch edited by hand is put back, twins become one', async () => {
    await deploy();
    const [ours] = asList(server.state.policies['routes']);
    server.state.policies = { ...server.state.policies, routes: [ours, theirs, { ...ours, repeat_interval: '1m' }] };
    expect(await open()).toEqual(['change policy folder Framewatch → Framewatch']);
    await deploy();
    expect(asList(server.state.policies['routes'])).toEqual([ours, theirs]);
  });

  it('without anyone to tell, no branch is made, and one that is there goes before its contact point', async () => {
    expect((await open({})).filter((line) => line.includes('policy'))).toEqual([]);
    await deploy();
    const lines = await deploy({}, [CLUSTER], { prune: true, rewriteSecrets: false });
    expect(lines.filter((line) => line.startsWith('delete')).map((line) => line.slice(7, 22).trim())).toEqual([
      'policy',
      'contact point',
    ]);
    expect(asList(server.state.policies['routes'])).toEqual([]);
    expect(server.state.contactPoints.size).toBe(0);
  });
});

describe('contact points', () => {
  const slack: AlertTargets = { slack: 'https://hooks.slack.com/services/one' };

  it('a secret that Grafana hides is not written again and again, but on demand', async () => {
    await deploy(slack);
    expect(await open(slack)).toEqual([]);
    const moved: AlertTargets = { slack: 'https://hooks.slack.com/services/two' };
    expect(await open(moved)).toEqual([]);
    await deploy(moved, [CLUSTER], { prune: false, rewriteSecrets: true });
    expect(asRecord(server.state.contactPoints.get('framewatch-slack')?.['settings'])['url']).toBe(
      'https://hooks.slack.com/services/two',
    );
  });

  it('a changed address is a change; others’ contact points are never touched', async () => {
    server.state.contactPoints.set('theirs', {
      uid: 'theirs',
      name: 'Billing',
      type: 'email',
      settings: { addresses: 'x@example.com' },
    });
    await deploy();
    await deploy({ emails: ['noc@example.com', 'night@example.com'] }, [CLUSTER], {
      prune: true,
      rewriteSecrets: false,
    });
    expect(asRecord(server.state.contactPoints.get('framewatch-email')?.['settings'])['addresses']).toBe(
      'noc@example.com;night@example.com',
    );
    expect(server.state.contactPoints.has('theirs')).toBe(true);
  });
});

describe('boards', () => {
  it('a dashboard edited in the browser or moved is put back', async () => {
    await deploy();
    const held = server.state.dashboards.get(NOC_UID);
    server.state.dashboards.set(NOC_UID, {
      folderUid: '',
      dashboard: { ...held?.dashboard, title: 'Mine', version: 7 },
    });
    expect(await open()).toEqual(['change dashboard Framewatch: NOC overview']);
    await deploy();
    expect(server.state.dashboards.get(NOC_UID)).toMatchObject({
      folderUid: FOLDER.uid,
      dashboard: { title: 'Framewatch: NOC overview' },
    });
  });

  it('two clusters: two data sources; the URL follows, what others have set stays', async () => {
    await deploy(MAIL, [CLUSTER, SECOND]);
    const source = asRecord(server.state.dataSources.get('framewatch-adx-northeurope'));
    expect(source['name']).toBe('Framewatch (northeurope)');
    server.state.dataSources.set('framewatch-adx-northeurope', {
      ...source,
      jsonData: { ...asRecord(source['jsonData']), cacheMaxAge: '30s' },
    });
    const moved = [CLUSTER, { ...SECOND, url: 'https://new.northeurope.kusto.windows.net' }];
    expect(await open(MAIL, moved)).toEqual(['change data source framewatch-adx-northeurope']);
    await deploy(MAIL, moved);
    expect(server.state.dataSources.get('framewatch-adx-northeurope')).toMatchObject({
      jsonData: { clusterUrl: 'https://new.northeurope.kusto.windows.net', cacheMaxAge: '30s' },
    });
  });

  it('--prune takes ours that no file makes, and leaves what others keep in the folder', async () => {
    await deploy(MAIL, [CLUSTER, SECOND]);
    const put = (uid: string, dashboard: Json): void =>
      void server.state.dashboards.set(uid, { folderUid: FOLDER.uid, dashboard });
    put('framewatch-old', { title: 'Old', tags: ['framewatch'] });
    put('theirs', { title: 'Theirs', tags: [] });
    server.state.rules.set('old', {
      ...server.state.rules.get('framewatch-ingest-stale'),
      uid: 'old',
      ruleGroup: 'old',
    });
    const prune = { prune: true, rewriteSecrets: false };
    expect(await open(MAIL, [CLUSTER])).toEqual([]);
    // The second region's rules go before the data source that they ask.
    expect(await open(MAIL, [CLUSTER], prune)).toEqual([
      'delete rule group anomalies (northeurope)',
      'delete rule group slo-fast (northeurope)',
      'delete rule group ingestion (northeurope)',
      'delete rule group old',
      'delete dashboard Old',
      'delete data source framewatch-adx-northeurope',
    ]);
    await deploy(MAIL, [CLUSTER], prune);
    expect([...server.state.dashboards.keys()]).toEqual([NOC_UID, 'theirs']);
    expect(await open(MAIL, [CLUSTER], prune)).toEqual([]);
  });

  it('a folder renamed by someone else meanwhile is refused by its version, not overwritten', async () => {
    await deploy();
    server.state.folders.set(FOLDER.uid, { ...FOLDER, title: 'Renamed', version: 3 });
    const steps = await plan();
    server.state.folders.set(FOLDER.uid, { ...FOLDER, title: 'Renamed again', version: 4 });
    await expect(applyGrafana(steps, () => undefined)).rejects.toThrow(/folder Framewatch: 412 .*version-mismatch/);
  });
});

it('names the step that Grafana refuses', async () => {
  const wanted = wantedOf([CLUSTER], MAIL);
  const [group] = wanted.ruleGroups;
  const broken = {
    ...wanted,
    ruleGroups: [{ ...group, title: 'anomalies', folderUid: 'framewatch', interval: 15, rules: group?.rules ?? [] }],
  };
  const steps = await planGrafana(grafana, broken, PLAIN);
  await expect(applyGrafana(steps, () => undefined)).rejects.toThrow(/rule group anomalies: 400 .*multiple of 10/);
});

describe('differences', () => {
  it.each([
    [{ a: 1 }, { a: 1, b: 2 }, []],
    [{ a: { b: [1, 2] } }, { a: { b: [1, 3] } }, ['a.b[1]']],
    [{ a: [1] }, { a: [1, 2] }, ['a']],
    [{ a: undefined }, {}, []],
    [{ a: null }, { a: 0 }, ['a']],
  ])('%j in %j: %j', (wanted, held, paths) => expect(differences(wanted, held)).toEqual(paths));
});
