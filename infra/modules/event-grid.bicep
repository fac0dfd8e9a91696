metadata description = 'System topic of the landing account. Its subscriptions come with events.bicep, once the function is there.'

@description('Name of the topic.')
param name string
@description('Region; the storage account\'s own.')
param location string
@description('Tags of every resource.')
param tags object
@description('Landing account.')
param landingAccountName string
@description('Workspace of the diagnostic settings.')
param workspaceId string

resource landing 'Microsoft.Storage/storageAccounts@2025-01-01' existing = {
  name: landingAccountName
}

// System-assigned: with a firewall on the account only this kind of identity may write dead letters.
resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' = {
  name: name
  location: location
  tags: tags
  identity: { type: 'SystemAssigned' }
  properties: {
    source: landing.id
    topicType: 'Microsoft.Storage.StorageAccounts'
  }
}

resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: topic
  name: 'framewatch'
  properties: {
    workspaceId: workspaceId
    logs: [{ categoryGroup: 'allLogs', enabled: true }]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

@description('Name of the topic.')
output topicName string = topic.name
@description('Resource id, for alerts.')
output topicId string = topic.id
@description('Object id, for the dead-letter role.')
output principalId string = topic.identity.principalId
