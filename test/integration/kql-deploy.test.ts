import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startKusto, type KustoServer } from '../../local/kusto/http/server.ts';
import { openCluster, type Cluster } from '../../scripts/kql/cluster.ts';
import { DataLossError, deployKql, planKql, type DeployResult } from '../../scripts/kql/deploy.ts';
import { loadKql } from '../../scripts/kql/load.ts';

const database = 'framewatch';
const commands = loadKql().flatMap((stage) => stage.commands);
let server: KustoServer;
let cluster: Cluster;
let first: DeployResult;
const deploy = (name = database): Promise<DeployResult> =>
  deployKql({ cluster: server.url, database: name, log: () => undefined });

beforeAll(async () => {
  server = await startKusto({ file: ':memory:', port: 0 });
  cluster = openCluster(server.url, database);
  first = await deploy();
});
afterAll(async () => {
  cluster.close();
  await server.close();
});

describe('kql:deploy', () => {
  it('creates everything on an empty engine', () => {
    expect(first.created).toBe(commands.length);
    expect(first.changed + first.same).toBe(0);
  });

  it('changes nothing the second time', async () => {
    const second = await deploy();
    expect(
      second.differences
        .filter(({ action }) => action !== 'same')
        .map(({ command, action, reason }) => `${action} ${command.kind} ${command.name} ${command.detail} ${reason}`),
    ).toEqual([]);
  });

  it('creates a database that is not there yet', async () => {
    const result = await deploy('another');
    expect(result.created).toBe(commands.length);
  });

  it('puts back a function that was changed by hand, and says so beforehand', async () => {
    await cluster.command(
      '.create-or-alter function with (folder = "Alerts", docstring = "changed") SloDefaults() { print Slo = "x", Budget = 0.5, MinEvents = 1.0 }',
    );
    const plan = await planKql({ cluster: server.url, database });
    expect(
      plan
        .filter(({ action }) => action !== 'same')
        .map(({ action, command, reason }) => [action, command.name, reason]),
    ).toEqual([['change', 'SloDefaults', 'body']]);
    expect((await deploy()).changed).toBe(1);
    expect(await cluster.query('SloDefaults() | summarize Count = count()')).toEqual([{ Count: 3 }]);
  });

  it('puts back a policy', async () => {
    await cluster.command('.alter-merge table PlaybackEvents policy retention softdelete = 1d');
    expect((await deploy()).changed).toBe(1);
    const [policy] = await cluster.command('.show table PlaybackEvents policy retention');
    expect(String(policy?.['Policy'])).toContain('90.00:00:00');
  });

  it('refuses when a column of the cluster is of another type or not in the schema any more; nothing is applied', async () => {
    await deploy('guarded');
    await cluster.command('.alter-merge table Anomalies (Handmade:string)', 'guarded');
    await expect(deploy('guarded')).rejects.toThrow(DataLossError);
    await expect(deploy('guarded')).rejects.toThrow(/Handmade/);
    const plan = await planKql({ cluster: server.url, database: 'guarded' });
    expect(plan.filter(({ action }) => action === 'refuse').map(({ command }) => command.name)).toEqual(['Anomalies']);
  });

  it('tells which command of a script failed', async () => {
    await expect(
      cluster.command(
        '.execute database script with (ThrowOnErrors=true) <|\n.alter table NoSuchTable policy caching hot = 1d',
      ),
    ).rejects.toThrow(/NoSuchTable/);
  });
});
