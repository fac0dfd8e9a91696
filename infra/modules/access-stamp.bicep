metadata description = 'Every role assignment inside a stamp. Role ids and the reason for each stand in roles.json.'

@description('Account of the functions host.')
param hostAccountName string
@description('Landing account.')
param landingAccountName string
@description('Containers into which producers drop blobs.')
param dropContainers array
@description('Application Insights component.')
param insightsName string
@description('Cluster of the stamp.')
param clusterName string
@description('Its database.')
param databaseName string
@description('Event Hubs namespace.')
param hubNamespaceName string
@description('Hub of finished rows.')
param rowsHubName string
@description('Hub of events from other producers.')
param telemetryHubName string
@description('Identity of the function app: object id.')
param functionsPrincipalId string
@description('Identity of the Event Grid system topic: object id.')
param topicPrincipalId string
@description('Identity of Managed Grafana: object id; empty without Grafana.')
param grafanaPrincipalId string
@description('Who deploys: object id; empty leaves the data plane closed to them.')
param deployerPrincipalId string
@description('Kind of the deploying principal.')
param deployerPrincipalType string

var roles = loadJsonContent('../roles.json')
var definitions = 'Microsoft.Authorization/roleDefinitions'

resource host 'Microsoft.Storage/storageAccounts@2025-01-01' existing = {
  name: hostAccountName
}

resource landing 'Microsoft.Storage/storageAccounts@2025-01-01' existing = {
  name: landingAccountName
}

resource landingBlobs 'Microsoft.Storage/storageAccounts/blobServices@2025-01-01' existing = {
  parent: landing
  name: 'default'
}

resource drops 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-01-01' existing = [
  for container in dropContainers: {
    parent: landingBlobs
    name: container
  }
]

resource checkpoints 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-01-01' existing = {
  parent: landingBlobs
  name: 'checkpoints'
}

resource quarantine 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-01-01' existing = {
  parent: landingBlobs
  name: 'quarantine'
}

resource spill 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-01-01' existing = {
  parent: landingBlobs
  name: 'spill'
}

resource salts 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-01-01' existing = {
  parent: landingBlobs
  name: 'salts'
}

resource deadLetter 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-01-01' existing = {
  parent: landingBlobs
  name: 'dead-letter'
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

resource hubNamespace 'Microsoft.EventHub/namespaces@2024-01-01' existing = {
  name: hubNamespaceName
}

resource rowsHub 'Microsoft.EventHub/namespaces/eventhubs@2024-01-01' existing = {
  parent: hubNamespace
  name: rowsHubName
}

resource telemetryHub 'Microsoft.EventHub/namespaces/eventhubs@2024-01-01' existing = {
  parent: hubNamespace
  name: telemetryHubName
}

resource cluster 'Microsoft.Kusto/clusters@2024-04-13' existing = {
  name: clusterName
}

resource database 'Microsoft.Kusto/clusters/databases@2024-04-13' existing = {
  parent: cluster
  name: databaseName
}

resource functionsHostStorage 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: host
  name: guid(host.id, functionsPrincipalId, roles.functionsHostStorage.id)
  properties: {
    principalId: functionsPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(definitions, roles.functionsHostStorage.id)
    description: roles.functionsHostStorage.reason
  }
}

resource functionsReadTelemetry 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (container, index) in dropContainers: {
    scope: drops[index]
    name: guid(landing.id, container, functionsPrincipalId, roles.functionsReadTelemetry.id)
    properties: {
      principalId: functionsPrincipalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId(definitions, roles.functionsReadTelemetry.id)
      description: roles.functionsReadTelemetry.reason
    }
  }
]

resource functionsWriteCheckpoints 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: checkpoints
  name: guid(checkpoints.id, functionsPrincipalId, roles.functionsWriteCheckpoints.id)
  properties: {
    principalId: functionsPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(definitions, roles.functionsWriteCheckpoints.id)
    description: roles.functionsWriteCheckpoints.reason
  }
}

resource functionsSalts 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: salts
  name: guid(salts.id, functionsPrincipalId, roles.functionsSalts.id)
  properties: {
    principalId: functionsPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(definitions, roles.functionsSalts.id)
    description: roles.functionsSalts.reason
  }
}

resource functionsWriteQuarantine 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: quarantine
  name: guid(quarantine.id, functionsPrincipalId, roles.functionsWriteQuarantine.id)
  properties: {
    principalId: functionsPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(definitions, roles.functionsWriteQuarantine.id)
    description: roles.functionsWriteQuarantine.reason
  }
}

resource functionsSpill 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: spill
  name: guid(spill.id, functionsPrincipalId, roles.functionsSpill.id)
  properties: {
    principalId: functionsPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(definitions, roles.functionsSpill.id)
    description: roles.functionsSpill.reason
  }
}

resource functionsPublishMetrics 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: insights
  name: guid(insights.id, functionsPrincipalId, roles.functionsPublishMetrics.id)
  properties: {
    principalId: functionsPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(definitions, roles.functionsPublishMetrics.id)
    description: roles.functionsPublishMetrics.reason
  }
}

resource functionsSendRows 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: rowsHub
  name: guid(rowsHub.id, functionsPrincipalId, roles.functionsSendRows.id)
  properties: {
    principalId: functionsPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(definitions, roles.functionsSendRows.id)
    description: roles.functionsSendRows.reason
  }
}

resource functionsReceiveTelemetry 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: telemetryHub
  name: guid(telemetryHub.id, functionsPrincipalId, roles.functionsReceiveTelemetry.id)
  properties: {
    principalId: functionsPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(definitions, roles.functionsReceiveTelemetry.id)
    description: roles.functionsReceiveTelemetry.reason
  }
}

resource topicWriteDeadLetters 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: deadLetter
  name: guid(deadLetter.id, topicPrincipalId, roles.topicWriteDeadLetters.id)
  properties: {
    principalId: topicPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(definitions, roles.topicWriteDeadLetters.id)
    description: roles.topicWriteDeadLetters.reason
  }
}

// Azure Data Explorer has principals of its own beside Azure's roles. Changes of one cluster must not overlap: hence the chain.
resource functionsIngest 'Microsoft.Kusto/clusters/databases/principalAssignments@2024-04-13' = {
  parent: database
  name: guid(database.id, functionsPrincipalId, roles.functionsIngest.role)
  properties: {
    principalId: functionsPrincipalId
    principalType: 'App'
    tenantId: tenant().tenantId
    role: roles.functionsIngest.role
  }
}

resource functionsQuery 'Microsoft.Kusto/clusters/databases/principalAssignments@2024-04-13' = {
  parent: database
  name: guid(database.id, functionsPrincipalId, roles.functionsQuery.role)
  properties: {
    principalId: functionsPrincipalId
    principalType: 'App'
    tenantId: tenant().tenantId
    role: roles.functionsQuery.role
  }
  dependsOn: [functionsIngest]
}

resource grafanaQuery 'Microsoft.Kusto/clusters/databases/principalAssignments@2024-04-13' = if (!empty(grafanaPrincipalId)) {
  parent: database
  name: guid(database.id, grafanaPrincipalId, roles.grafanaQuery.role)
  properties: {
    principalId: grafanaPrincipalId
    principalType: 'App'
    tenantId: tenant().tenantId
    role: roles.grafanaQuery.role
  }
  dependsOn: [functionsQuery]
}

resource deployerDatabase 'Microsoft.Kusto/clusters/databases/principalAssignments@2024-04-13' = if (!empty(deployerPrincipalId)) {
  parent: database
  name: guid(database.id, deployerPrincipalId, roles.deployerDatabase.role)
  properties: {
    principalId: deployerPrincipalId
    principalType: deployerPrincipalType == 'User' ? 'User' : 'App'
    tenantId: tenant().tenantId
    role: roles.deployerDatabase.role
  }
  dependsOn: [grafanaQuery]
}
