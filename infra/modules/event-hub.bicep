metadata description = 'Event Hubs namespace without keys: hub telemetry takes events of other producers, hub rows carries finished rows into Azure Data Explorer.'

@description('Name of the namespace, 6 to 50 characters.')
param name string
@description('Region.')
param location string
@description('Tags of every resource.')
param tags object
@description('Section eventHubs of the profile.')
param eventHubs object
@description('Spread over availability zones.')
param zoneRedundant bool
@description('Consumer groups of hub rows: one for each cluster that reads it.')
param consumerGroups array
@description('Closes the public endpoint; private endpoints and trusted services remain.')
param networkIsolation bool
@description('Workspace of the diagnostic settings.')
param workspaceId string

var isStandard = eventHubs.skuName == 'Standard'

// Defaults follow AVM event-hub/namespace.
resource namespace 'Microsoft.EventHub/namespaces@2024-01-01' = {
  name: name
  location: location
  tags: tags
  sku: { name: eventHubs.skuName, tier: eventHubs.skuName, capacity: eventHubs.capacity }
  properties: {
    disableLocalAuth: true
    minimumTlsVersion: '1.2'
    zoneRedundant: zoneRedundant
    isAutoInflateEnabled: isStandard
    maximumThroughputUnits: isStandard ? eventHubs.maximumThroughputUnits : 0
    publicNetworkAccess: networkIsolation ? 'Disabled' : 'Enabled'
  }
}

// Overrides the namespace's own setting. Azure Data Explorer reads as a trusted service with its identity.
resource network 'Microsoft.EventHub/namespaces/networkRuleSets@2024-01-01' = {
  parent: namespace
  name: 'default'
  properties: {
    publicNetworkAccess: networkIsolation ? 'Disabled' : 'Enabled'
    defaultAction: networkIsolation ? 'Deny' : 'Allow'
    trustedServiceAccessEnabled: true
    ipRules: []
    virtualNetworkRules: []
  }
}

resource rows 'Microsoft.EventHub/namespaces/eventhubs@2024-01-01' = {
  parent: namespace
  name: 'rows'
  properties: {
    // Can never be lowered, and on Standard never be changed.
    partitionCount: eventHubs.partitionCount
    retentionDescription: {
      cleanupPolicy: 'Delete'
      retentionTimeInHours: eventHubs.retentionHours
    }
  }
}

resource groups 'Microsoft.EventHub/namespaces/eventhubs/consumergroups@2024-01-01' = [
  for group in consumerGroups: {
    parent: rows
    name: group
    properties: { userMetadata: 'One reader: the data connection of the cluster of that name.' }
  }
]

resource telemetry 'Microsoft.EventHub/namespaces/eventhubs@2024-01-01' = {
  parent: namespace
  name: 'telemetry'
  properties: {
    partitionCount: eventHubs.partitionCount
    retentionDescription: {
      cleanupPolicy: 'Delete'
      retentionTimeInHours: eventHubs.retentionHours
    }
  }
}

resource functionsGroup 'Microsoft.EventHub/namespaces/eventhubs/consumergroups@2024-01-01' = {
  parent: telemetry
  name: 'functions'
  properties: { userMetadata: 'One reader: function telemetryHub.' }
}

resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: namespace
  name: 'framewatch'
  properties: {
    workspaceId: workspaceId
    logs: [{ categoryGroup: 'allLogs', enabled: true }]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

@description('Name of the namespace.')
output namespaceName string = namespace.name
@description('Resource id, for alerts and its private endpoint.')
output namespaceId string = namespace.id
@description('Hub of finished rows.')
output rowsHubName string = rows.name
@description('Resource id of that hub, for data connections.')
output rowsHubId string = rows.id
@description('Hub of events from other producers.')
output telemetryHubName string = telemetry.name
