metadata description = 'Everything of one region: storage, Event Hubs, Data Explorer, Event Grid, the function app and what watches them.'

@description('Name of the azd environment.')
param environmentName string
@description('Thirteen letters and digits that make names unique.')
param token string
@description('Region.')
param location string
@description('Tags of every resource.')
param tags object
@description('The chosen profile of profiles.json.')
param profile object
@description('Position of this stamp: 0 is the first.')
param index int
@description('Regions of all stamps: each cluster reads the hub of each.')
param locations array
@description('Private endpoints and a virtual network instead of public endpoints.')
param networkIsolation bool
@description('Pairs container=tenant.')
param dropContainers string
@description('Who gets mail from alerts.')
param alertEmails array
@description('Key vault: resource id.')
param vaultId string
@description('Key vault: endpoint.')
param vaultUri string
@description('Front Door\'s id; empty without Front Door.')
param frontDoorId string
@description('Identity of the function app: resource id.')
param identityId string
@description('Identity of the function app: object id.')
param identityPrincipalId string
@description('Identity of the function app: client id.')
param identityClientId string
@description('Identity of Grafana: object id; empty without Grafana.')
param grafanaPrincipalId string
@description('Who deploys: object id; empty leaves the data plane closed to them.')
param deployerPrincipalId string
@description('Kind of the deploying principal.')
param deployerPrincipalType string
@description('Log Analytics workspace: resource id.')
param monitoringWorkspaceId string
@description('Application Insights component.')
param insightsName string
@description('Connection string of Application Insights; no secret.')
param insightsConnectionString string

var prefixes = loadJsonContent('../abbreviations.json')
var databaseName = 'framewatch'
var containers = map(split(dropContainers, ','), pair => trim(split(pair, '=')[0]))

module network 'network.bicep' = if (networkIsolation) {
  name: 'network-${location}'
  params: {
    name: '${prefixes.virtualNetwork}-${token}'
    securityGroupName: '${prefixes.networkSecurityGroup}-${token}'
    location: location
    tags: tags
    octet: 20 + index
  }
}

module storage 'storage.bicep' = {
  name: 'storage-${location}'
  params: {
    hostAccountName: '${prefixes.storageHost}${token}'
    landingAccountName: '${prefixes.storageLanding}${token}'
    location: location
    tags: tags
    storage: profile.storage
    dropContainers: containers
    networkIsolation: networkIsolation
    workspaceId: monitoringWorkspaceId
  }
}

module hub 'event-hub.bicep' = {
  name: 'event-hub-${location}'
  params: {
    name: '${prefixes.eventHubNamespace}-${token}'
    location: location
    tags: tags
    eventHubs: profile.eventHubs
    zoneRedundant: profile.zoneRedundant
    consumerGroups: map(locations, region => 'adx-${region}')
    networkIsolation: networkIsolation
    workspaceId: monitoringWorkspaceId
  }
}

module topic 'event-grid.bicep' = {
  name: 'event-grid-${location}'
  params: {
    name: '${prefixes.eventGridSystemTopic}-${token}'
    location: location
    tags: tags
    landingAccountName: storage.outputs.landingAccountName
    workspaceId: monitoringWorkspaceId
  }
}

module cluster 'kusto-cluster.bicep' = {
  name: 'kusto-cluster-${location}'
  params: {
    name: '${prefixes.kustoCluster}${token}'
    location: location
    tags: tags
    kusto: profile.kusto
    zones: profile.zones
    networkIsolation: networkIsolation
    workspaceId: monitoringWorkspaceId
    lockData: profile.lockData
    verboseLogs: profile.monitoring.verboseKustoLogs
  }
}

module database 'kusto-database.bicep' = {
  name: 'kusto-database-${location}'
  params: {
    clusterName: cluster.outputs.clusterName
    location: location
    databaseName: databaseName
    kusto: profile.kusto
  }
}

module scripts '../generated/kusto-scripts.bicep' = {
  name: 'kusto-scripts-${location}'
  params: {
    clusterName: cluster.outputs.clusterName
    databaseName: database.outputs.databaseName
  }
}

module access 'access-stamp.bicep' = {
  name: 'access-${location}'
  params: {
    hostAccountName: storage.outputs.hostAccountName
    landingAccountName: storage.outputs.landingAccountName
    dropContainers: containers
    insightsName: insightsName
    clusterName: cluster.outputs.clusterName
    databaseName: scripts.outputs.databaseName
    hubNamespaceName: hub.outputs.namespaceName
    rowsHubName: hub.outputs.rowsHubName
    telemetryHubName: hub.outputs.telemetryHubName
    functionsPrincipalId: identityPrincipalId
    topicPrincipalId: topic.outputs.principalId
    grafanaPrincipalId: grafanaPrincipalId
    deployerPrincipalId: deployerPrincipalId
    deployerPrincipalType: deployerPrincipalType
  }
}

// Part of the resource that each endpoint leads to.
var endpointGroups = { host: 'blob', landing: 'blob', hub: 'namespace', kusto: 'cluster', vault: 'vault' }
var endpointTargets = {
  host: storage.outputs.hostAccountId
  landing: storage.outputs.landingAccountId
  hub: hub.outputs.namespaceId
  kusto: cluster.outputs.clusterId
  vault: vaultId
}

module privateEndpoints 'private-endpoint.bicep' = [
  for endpoint in items(endpointGroups): if (networkIsolation) {
    name: 'private-endpoint-${endpoint.key}-${location}'
    params: {
      name: '${prefixes.privateEndpoint}-${endpoint.key}-${token}'
      location: location
      tags: tags
      subnetId: network!.outputs.endpointsSubnetId
      targetId: endpointTargets[endpoint.key]
      groupId: endpoint.value
      zoneIds: network!.outputs.zoneIds[endpoint.value]
    }
  }
]

// After the roles and the private names: an app that starts without them fails and backs off.
module app 'function-app.bicep' = {
  name: 'function-app-${location}'
  params: {
    name: '${prefixes.functionApp}-${token}'
    planName: '${prefixes.functionPlan}-${token}'
    location: location
    tags: tags
    serviceName: index == 0 ? 'functions' : ''
    functions: profile.functions
    zoneRedundant: profile.zoneRedundant
    identityId: identityId
    identityClientId: identityClientId
    hostBlobEndpoint: storage.outputs.hostBlobEndpoint
    packageContainer: storage.outputs.packageContainer
    insightsConnectionString: insightsConnectionString
    vaultUri: vaultUri
    kustoUri: cluster.outputs.uri
    databaseName: scripts.outputs.databaseName
    hubNamespaceName: hub.outputs.namespaceName
    landingBlobEndpoint: storage.outputs.landingBlobEndpoint
    landingAccountId: storage.outputs.landingAccountId
    dropContainers: dropContainers
    frontDoorId: frontDoorId
    subnetId: networkIsolation ? network!.outputs.functionsSubnetId : ''
    workspaceId: monitoringWorkspaceId
  }
  dependsOn: [access, privateEndpoints]
}

module alerts 'alerts.bicep' = {
  name: 'alerts-${location}'
  params: {
    prefix: '${prefixes.actionGroup}-${environmentName}-${location}'
    location: location
    tags: tags
    actionGroupShortName: 'framewatch'
    emails: alertEmails
    clusterId: cluster.outputs.clusterId
    namespaceId: hub.outputs.namespaceId
    topicId: topic.outputs.topicId
    landingAccountId: storage.outputs.landingAccountId
    workspaceId: monitoringWorkspaceId
  }
}

@description('What the hooks after the deployment need to know of this stamp; no secret.')
output stamp object = {
  location: location
  resourceGroup: resourceGroup().name
  functionAppName: app.outputs.appName
  hostName: app.outputs.hostName
  systemTopicName: topic.outputs.topicName
  landingAccountName: storage.outputs.landingAccountName
  clusterName: cluster.outputs.clusterName
  kustoUri: cluster.outputs.uri
  databaseName: scripts.outputs.databaseName
}
@description('Host name of the app, as origin of Front Door.')
output hostName string = app.outputs.hostName
@description('Cluster, for data connections.')
output clusterName string = cluster.outputs.clusterName
@description('Cluster: resource id.')
output clusterId string = cluster.outputs.clusterId
@description('Identity of the cluster: object id.')
output kustoPrincipalId string = cluster.outputs.principalId
@description('Database, known once every script has run.')
output databaseName string = scripts.outputs.databaseName
@description('Event Hubs namespace.')
output namespaceName string = hub.outputs.namespaceName
@description('Hub of finished rows.')
output rowsHubName string = hub.outputs.rowsHubName
@description('Hub of finished rows: resource id.')
output rowsHubId string = hub.outputs.rowsHubId
