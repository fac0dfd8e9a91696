import { isList, isObject, textOf } from '../evaluate/values.ts';
import { atLeast, forReal, has, isolated, managed, rows, type PolicyRule } from './policy-rule.ts';

// Rules for what takes requests, blobs and events in.

const storage = rows('Microsoft.Storage/storageAccounts', [
  ['PSRule Azure.Storage.SecureTransfer, CKV_AZURE_3, AVD-AZU-0008', 'properties.supportsHttpsTrafficOnly', true],
  [
    'PSRule Azure.Storage.MinTLS, CKV_AZURE_44',
    'properties.minimumTlsVersion',
    (value) => value === 'TLS1_2' || value === 'TLS1_3',
    'TLS1_2 or later',
  ],
  ['PSRule Azure.Storage.BlobPublicAccess, CKV_AZURE_59', 'properties.allowBlobPublicAccess', false],
  ['AVM storage/storage-account, CKV2_AZURE_40', 'properties.allowSharedKeyAccess', false],
  ['CKV2_AZURE_47', 'properties.allowCrossTenantReplication', false],
  ['PSRule Azure.Storage.Firewall, CKV_AZURE_35', 'properties.networkAcls.defaultAction', 'Deny', undefined, isolated],
  [
    'CKV_AZURE_36',
    'properties.networkAcls.bypass',
    (value) => textOf(value ?? null).includes('AzureServices'),
    'AzureServices: Event Grid writes dead letters as a trusted service',
  ],
  ['CKV_AZURE_59', 'properties.publicNetworkAccess', 'Disabled', undefined, isolated],
  [
    'PSRule Azure.Storage.UseReplication, CKV_AZURE_206',
    'sku.name',
    (value) => /ZRS$|GRS$/.test(textOf(value ?? null)),
    'ZRS, GZRS or GRS',
    forReal,
  ],
]);
const blobs = rows('Microsoft.Storage/storageAccounts/blobServices', [
  ['PSRule Azure.Storage.SoftDelete', 'properties.deleteRetentionPolicy.enabled', true],
  ['PSRule Azure.Storage.SoftDelete', 'properties.deleteRetentionPolicy.days', atLeast(7), 'at least 7'],
  ['PSRule Azure.Storage.ContainerSoftDelete', 'properties.containerDeleteRetentionPolicy.enabled', true],
]);
const containers = rows('Microsoft.Storage/storageAccounts/blobServices/containers', [
  ['PSRule Azure.Storage.BlobAccessType, CKV_AZURE_34', 'properties.publicAccess', 'None'],
]);
const sites = rows('Microsoft.Web/sites', [
  ['PSRule Azure.AppService.UseHTTPS, CKV_AZURE_14, CKV_AZURE_70, TA-000008', 'properties.httpsOnly', true],
  [
    'PSRule Azure.AppService.MinTLS, CKV_AZURE_15, CKV_AZURE_145, TA-000013',
    'properties.siteConfig.minTlsVersion',
    (value) => value === '1.2' || value === '1.3',
    '1.2 or 1.3',
  ],
  [
    'AVM web/site',
    'properties.siteConfig.scmMinTlsVersion',
    (value) => value === '1.2' || value === '1.3',
    '1.2 or 1.3',
  ],
  ['PSRule Azure.AppService.WebSecureFtp, CKV_AZURE_78, TA-000011', 'properties.siteConfig.ftpsState', 'Disabled'],
  [
    'PSRule Azure.AppService.RemoteDebug, CKV_AZURE_72, TA-000009',
    'properties.siteConfig.remoteDebuggingEnabled',
    false,
  ],
  ['PSRule Azure.AppService.HTTP2, CKV_AZURE_18, CKV_AZURE_67', 'properties.siteConfig.http20Enabled', true],
  ['PSRule Azure.AppService.ARRAffinity', 'properties.clientAffinityEnabled', false],
  [
    'PSRule Azure.AppService.ManagedIdentity, CKV_AZURE_16, CKV_AZURE_71, TA-000012',
    'identity.type',
    managed,
    'a managed identity',
  ],
  [
    'CKV_AZURE_57, CKV_AZURE_62, TA-000010',
    'properties.siteConfig.cors',
    (value) => value === undefined,
    'none: the function answers CORS itself, with exact origins',
  ],
  ['Flex Consumption: functionAppConfig', 'properties.functionAppConfig.runtime.name', 'node'],
  [
    'package.json engines',
    'properties.functionAppConfig.runtime.version',
    (value) => value === '22' || value === '24',
    '22 or 24',
  ],
  [
    'no cold start',
    'properties.functionAppConfig.scaleAndConcurrency.alwaysReady',
    (value) =>
      isList(value) &&
      value.some((each) => isObject(each) && each['name'] === 'http' && Number(each['instanceCount']) >= 1),
    'at least one instance for http',
  ],
  ['no keys', 'properties.functionAppConfig.deployment.storage.authentication.type', 'UserAssignedIdentity'],
]);
const plans = rows('Microsoft.Web/serverfarms', [
  ['CKV_AZURE_225, PSRule Azure.AppService.AvailabilityZone', 'properties.zoneRedundant', true, undefined, forReal],
]);
const publishing = rows('Microsoft.Web/sites/basicPublishingCredentialsPolicies', [
  ['AVM web/site', 'properties.allow', false],
]);
const eventHubs = rows('Microsoft.EventHub/namespaces', [
  ['PSRule Azure.EventHub.DisableLocalAuth', 'properties.disableLocalAuth', true],
  [
    'PSRule Azure.EventHub.MinTLS, CKV_AZURE_223',
    'properties.minimumTlsVersion',
    (value) => value === '1.2' || value === '1.3',
    '1.2 or 1.3',
  ],
  ['PSRule Azure.EventHub.AvailabilityZone (AZR-000505)', 'properties.zoneRedundant', true, undefined, forReal],
  ['PSRule Azure.EventHub.Firewall (AZR-000422)', 'properties.publicNetworkAccess', 'Disabled', undefined, isolated],
]);
const hubRules = rows('Microsoft.EventHub/namespaces/networkRuleSets', [
  ['PSRule Azure.EventHub.Firewall (AZR-000422)', 'properties.defaultAction', 'Deny', undefined, isolated],
  ['data connection of Azure Data Explorer', 'properties.trustedServiceAccessEnabled', true],
]);
const hubs = rows('Microsoft.EventHub/namespaces/eventhubs', [
  [
    'limit of Event Hubs Standard',
    'properties.partitionCount',
    (value, { profile }) => typeof value === 'number' && value <= (profile === 'scale' ? 1024 : 32),
    'at most 32 on Standard',
  ],
]);
const topics = rows('Microsoft.EventGrid/systemTopics', [
  ['PSRule Azure.EventGrid.ManagedIdentity, CKV_AZURE_191', 'identity.type', managed, 'a managed identity'],
]);
const subscriptions = rows('Microsoft.EventGrid/systemTopics/eventSubscriptions', [
  [
    'Event Grid: delivery without loss or echo',
    'properties.deadLetterWithResourceIdentity',
    (value) => has(value, 'deadLetterDestination'),
    'a dead letter by identity: the account takes no keys',
  ],
  [
    'Event Grid: delivery without loss or echo',
    'properties.filter.subjectBeginsWith',
    (value) => /^\/blobServices\/default\/containers\/.+\/$/.test(textOf(value ?? null)),
    'one container, or its own outputs come back as events',
  ],
  ['Event Grid: delivery without loss or echo', 'properties.destination.endpointType', 'AzureFunction'],
]);
export const doorRules: readonly PolicyRule[] = [
  ...storage,
  ...blobs,
  ...containers,
  ...sites,
  ...plans,
  ...publishing,
  ...eventHubs,
  ...hubRules,
  ...hubs,
  ...topics,
  ...subscriptions,
];
