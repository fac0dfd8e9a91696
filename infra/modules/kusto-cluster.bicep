metadata description = 'Azure Data Explorer cluster: streaming ingestion, optimised autoscale, encrypted disks, its own identity.'

@description('Name of the cluster, 4 to 22 lower-case letters and digits.')
param name string
@description('Region.')
param location string
@description('Tags of every resource.')
param tags object
@description('Section kusto of the profile.')
param kusto object
@description('Availability zones; once set they cannot be taken away.')
param zones array
@description('Closes the public endpoint; private endpoints take over.')
param networkIsolation bool
@description('Workspace of the diagnostic settings.')
param workspaceId string
@description('Guards the cluster against deletion; npm run infra:unlock takes the lock away before azd down.')
param lockData bool
@description('Also logs every query and every successful ingestion: chatty.')
param verboseLogs bool

// A deleted cluster's name stays blocked for 14 days, unless this tag says otherwise.
var softDeleteTags = kusto.optOutOfSoftDelete ? { 'opt-out-of-soft-delete': 'true' } : {}
var autoscale = { version: 1, isEnabled: true, minimum: kusto.capacity, maximum: kusto.maximumCapacity }
var quietTables = ['FailedIngestion', 'Command', 'TableUsageStatistics', 'TableDetails', 'Journal', 'DataOperation']
var chattyTables = ['SucceededIngestion', 'IngestionBatching', 'Query']

// Defaults follow AVM kusto/cluster.
resource cluster 'Microsoft.Kusto/clusters@2024-04-13' = {
  name: name
  location: location
  tags: union(tags, softDeleteTags)
  sku: { name: kusto.skuName, tier: kusto.skuTier, capacity: kusto.capacity }
  zones: empty(zones) ? null : zones
  identity: { type: 'SystemAssigned' }
  properties: {
    engineType: 'V3'
    enableStreamingIngest: true
    // Erasure of a viewer's rows (`.purge`) needs it.
    enablePurge: true
    enableAutoStop: kusto.autoStop
    enableDiskEncryption: true
    enableDoubleEncryption: kusto.doubleEncryption
    optimizedAutoscale: kusto.autoscale ? autoscale : null
    publicNetworkAccess: networkIsolation ? 'Disabled' : 'Enabled'
    publicIPType: 'IPv4'
    restrictOutboundNetworkAccess: 'Disabled'
    trustedExternalTenants: []
  }
}

resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: cluster
  name: 'framewatch'
  properties: {
    workspaceId: workspaceId
    logs: [for table in (verboseLogs ? concat(quietTables, chattyTables) : quietTables): { category: table, enabled: true }]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

resource lock 'Microsoft.Authorization/locks@2020-05-01' = if (lockData) {
  scope: cluster
  name: 'keep-the-data'
  properties: {
    level: 'CanNotDelete'
    notes: 'Holds 400 days of measurements. npm run infra:unlock removes this lock.'
  }
}

@description('Name of the cluster.')
output clusterName string = cluster.name
@description('Resource id, for data connections, alerts and private endpoints.')
output clusterId string = cluster.id
@description('Object id, for reading Event Hubs.')
output principalId string = cluster.identity.principalId
@description('Query and management endpoint.')
output uri string = cluster.properties.uri
