// `npm run infra:approve`: lets Grafana's managed private endpoints into the clusters. Bicep cannot: the connection's name is not known before.
import { armOf } from './support/arm.ts';
import { hookMain, type Hook } from './support/command.ts';

const KUSTO = '2025-02-14';
/** What grafana-private-endpoint.bicep writes; requests of others are left to a person. */
const REQUEST = /^Framewatch: Grafana reads/;

interface Connection {
  readonly id?: string;
  readonly properties?: {
    readonly privateLinkServiceConnectionState?: { readonly status?: string; readonly description?: string };
  };
}

/** The hook itself, for tests. */
export const approve: Hook = {
  name: 'approve',
  help: `npm run infra:approve -- [options]
With network isolation: approves the private endpoints that Grafana has asked of the clusters. Otherwise there is nothing to do.
`,
  async run({ settings, report, isDryRun }) {
    if (settings.get('FRAMEWATCH_NETWORK_ISOLATION') !== 'true') {
      report.note('no network isolation: nothing to approve');
      return;
    }
    const arm = armOf(settings);
    for (const { resourceGroup, clusterName } of settings.stamps()) {
      const cluster = `/subscriptions/${settings.need('AZURE_SUBSCRIPTION_ID')}/resourceGroups/${resourceGroup}/providers/Microsoft.Kusto/clusters/${clusterName}`;
      const connections = (await arm.list(`${cluster}/privateEndpointConnections`, KUSTO)) as readonly Connection[];
      const pending = connections.filter(({ properties }) => {
        const state = properties?.privateLinkServiceConnectionState;
        return state?.status === 'Pending' && REQUEST.test(state.description ?? '');
      });
      for (const { id = '' } of pending) {
        if (!isDryRun)
          await arm.send('PUT', id, KUSTO, {
            properties: {
              privateLinkServiceConnectionState: {
                status: 'Approved',
                description: 'Approved by npm run infra:approve',
              },
            },
          });
        report.ok(isDryRun ? 'would approve' : 'approved', id.split('/').at(-1) ?? id);
      }
      report.ok(clusterName, `${connections.length} connections, ${pending.length} were pending`);
    }
  },
};

if (import.meta.main) await hookMain(approve);
