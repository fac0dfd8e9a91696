import type { Scenario } from '../context.ts';
import { isList, textOf } from '../evaluate/values.ts';
import { atLeast, forReal, isolated, managed, rows, type PolicyRule } from './policy-rule.ts';

// Rules for what keeps, shows, guards and watches.

const kusto = rows('Microsoft.Kusto/clusters', [
  ['PSRule Azure.ADX.DiskEncryption, CKV_AZURE_74', 'properties.enableDiskEncryption', true],
  ['CKV_AZURE_75', 'properties.enableDoubleEncryption', true, undefined, forReal],
  ['PSRule Azure.ADX.ManagedIdentity', 'identity.type', managed, 'a managed identity'],
  ['PSRule Azure.ADX.SLA', 'sku.tier', 'Standard', undefined, forReal],
  ['PSRule Azure.ADX.SLA', 'sku.capacity', atLeast(2), 'at least 2', forReal],
  ['PSRule Azure.ADX.PublicAccess', 'properties.publicNetworkAccess', 'Disabled', undefined, isolated],
  ['Azure Data Explorer: production use', 'properties.enableStreamingIngest', true],
  [
    'Azure Data Explorer: production use',
    'properties.enableAutoStop',
    false,
    'false: a stopped cluster has to be started by hand',
    forReal,
  ],
  [
    'Azure Data Explorer: availability zones',
    'zones',
    (value) => isList(value) && value.length === 3,
    'three zones',
    forReal,
  ],
  ['erasure of a viewer', 'properties.enablePurge', true],
  [
    'PSRule Azure.ADX.PublicAccess',
    'properties.trustedExternalTenants',
    (value) => isList(value) && value.length === 0,
    'no other tenant',
  ],
]);
const dev = ({ profile }: Scenario): boolean => profile === 'dev';
/** What a dev cluster cannot have: Azure refuses the deployment. */
const devKusto = rows('Microsoft.Kusto/clusters', [
  ['dev SKU', 'sku.tier', 'Basic', undefined, dev],
  ['dev SKU', 'sku.capacity', 1, undefined, dev],
  ['dev SKU', 'zones', (value) => value === undefined, 'none', dev],
  ['dev SKU', 'properties.optimizedAutoscale', (value) => value === undefined, 'none', dev],
]);
const connections = rows('Microsoft.Kusto/clusters/databases/dataConnections', [
  [
    'no keys',
    'properties.managedIdentityResourceId',
    (value) => textOf(value ?? null).includes('/'),
    'the identity of the cluster: without it the connection silently uses keys',
  ],
]);
const grafana = rows('Microsoft.Dashboard/grafana', [
  [
    'PSRule Azure.Grafana.Version (AZR-000424)',
    'properties.grafanaMajorVersion',
    (value) => Number(value) >= 12,
    '12 or later',
  ],
  ['PSRule Azure.Grafana.AvailabilityZone', 'properties.zoneRedundancy', 'Enabled', undefined, forReal],
  ['no keys', 'properties.apiKey', 'Disabled'],
  [
    'PSRule Azure.Grafana.ManagedIdentity',
    'identity.type',
    'SystemAssigned',
    'an identity of its own, not that of the functions',
  ],
]);
const vaults = rows('Microsoft.KeyVault/vaults', [
  ['PSRule Azure.KeyVault.RBAC', 'properties.enableRbacAuthorization', true],
  ['PSRule Azure.KeyVault.SoftDelete, CKV_AZURE_111', 'properties.enableSoftDelete', true],
  [
    'PSRule Azure.KeyVault.PurgeProtect, CKV_AZURE_42, CKV_AZURE_110',
    'properties.enablePurgeProtection',
    true,
    undefined,
    forReal,
  ],
  [
    'PSRule Azure.KeyVault.Firewall, CKV_AZURE_109',
    'properties.networkAcls.defaultAction',
    'Deny',
    undefined,
    isolated,
  ],
  ['CKV_AZURE_189', 'properties.publicNetworkAccess', 'Disabled', undefined, isolated],
]);
const secrets = rows('Microsoft.KeyVault/vaults/secrets', [
  ['CKV_AZURE_114', 'properties.contentType', (value) => typeof value === 'string' && value !== '', 'a content type'],
]);
const monitoring = [
  ...rows('Microsoft.Insights/components', [
    ['PSRule Azure.AppInsights.LocalAuth (AZR-000484)', 'properties.DisableLocalAuth', true],
    [
      'PSRule Azure.AppInsights.Workspace',
      'properties.WorkspaceResourceId',
      (value) => textOf(value ?? null) !== '',
      'a workspace',
    ],
  ]),
  ...rows('Microsoft.OperationalInsights/workspaces', [
    ['AVM operational-insights/workspace', 'properties.features.disableLocalAuth', true],
    ['cost guard', 'properties.workspaceCapping.dailyQuotaGb', atLeast(1), 'a daily cap'],
    ['PSRule Azure.Log.Retention', 'properties.retentionInDays', atLeast(30), 'at least 30'],
  ]),
  ...rows('Microsoft.Insights/metricAlerts', [
    ['PSRule Azure.Alert.MetricAutoMitigate (AZR-000491)', 'properties.autoMitigate', true],
  ]),
  ...rows('Microsoft.Insights/scheduledQueryRules', [
    [
      'PSRule Azure.Alert.HighFrequencyQuery (AZR-000492)',
      'properties.evaluationFrequency',
      (value) => value !== 'PT1M',
      'PT5M or more',
    ],
  ]),
];
const edge = [
  ...rows('Microsoft.Network/FrontDoorWebApplicationFirewallPolicies', [
    ['PSRule Azure.FrontDoorWAF.Enabled', 'properties.policySettings.enabledState', 'Enabled'],
    ['PSRule Azure.FrontDoorWAF.PreventionMode', 'properties.policySettings.mode', 'Prevention'],
  ]),
  ...rows('Microsoft.Cdn/profiles/originGroups', [
    [
      'PSRule Azure.FrontDoor.ProbePath',
      'properties.healthProbeSettings.probePath',
      (value) => textOf(value ?? null).startsWith('/api/'),
      'a path of a health function',
    ],
    [
      'Functions answer 404 to HEAD',
      'properties.healthProbeSettings.probeRequestType',
      'GET',
      'GET: Functions answer 404 to HEAD',
    ],
  ]),
  ...rows('Microsoft.Cdn/profiles/afdEndpoints/routes', [
    ['PSRule Azure.FrontDoor.MinTLS', 'properties.forwardingProtocol', 'HttpsOnly'],
  ]),
];

export const dataRules: readonly PolicyRule[] = [
  ...kusto,
  ...devKusto,
  ...connections,
  ...grafana,
  ...vaults,
  ...secrets,
  ...monitoring,
  ...edge,
];
