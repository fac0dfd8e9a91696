import { afterEach, beforeEach, expect, it } from 'vitest';
import { startGrafana, type GrafanaServer } from '../../../grafana/deploy/test/grafana-server.ts';
import { grafana } from '../grafana.ts';
import { environment, run } from './environment.ts';

let server: GrafanaServer;
beforeEach(async () => {
  server = await startGrafana('secret-token');
});
afterEach(() => server.close());

const values = (more: Record<string, string> = {}): Record<string, string> =>
  environment({ FRAMEWATCH_GRAFANA_ENDPOINT: server.url, GRAFANA_TOKEN: 'secret-token', ...more }, [
    'westeurope',
    'northeurope',
  ]);

it('--plan tells and ends with 2, deploying ends with 0, a plan after it with 0', async () => {
  const planned = await run(grafana, ['--plan'], values());
  expect(planned).toMatchObject({
    code: 2,
    output: expect.stringMatching(/create data source +framewatch-adx-northeurope/) as string,
  });
  expect(server.changes).toEqual([]);
  expect(await run(grafana, [], values())).toMatchObject({
    code: 0,
    output: expect.stringMatching(/ok +Grafana .* applied, nothing differs/) as string,
  });
  expect(await run(grafana, ['--plan'], values())).toMatchObject({ code: 0 });
});

it('binds the data source to another cluster and database when asked', async () => {
  await run(grafana, ['--cluster', 'http://127.0.0.1:8080', '--database', 'qoe', '--auth', 'none'], values());
  expect(server.state.dataSources.get('framewatch-adx')?.['jsonData']).toEqual({
    clusterUrl: 'http://127.0.0.1:8080',
    defaultDatabase: 'qoe',
    dataConsistency: 'strongconsistency',
    queryTimeout: '60s',
    defaultEditorMode: 'raw',
  });
  expect(server.state.dataSources.size).toBe(1);
});

it('a principal without the role is told which one it needs', async () => {
  const refused = await run(grafana, ['--wait', '0'], values({ GRAFANA_TOKEN: 'other' }));
  expect(refused).toMatchObject({ code: 1, output: expect.stringContaining('Grafana Admin') as string });
});

it('no address of a contact point is in the output', async () => {
  const { output } = await run(
    grafana,
    [],
    values({ FRAMEWATCH_ALERT_SLACK: 'https://hooks.slack.com/services/hidden' }),
  );
  expect(server.state.contactPoints.size).toBe(2);
  expect(output).not.toMatch(/hidden|secret-token/);
});
