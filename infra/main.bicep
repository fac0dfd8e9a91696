metadata name = 'Framewatch'
metadata description = 'Everything that Framewatch needs on Azure, in one or two regions. `azd up` deploys it; events.bicep follows after the code.'

targetScope = 'subscription'

@minLength(1)
@maxLength(40)
@description('Name of the azd environment; part of names and tags.')
param environmentName string

@minLength(1)
@description('Region of the first stamp, and of what exists once.')
param location string

@description('A second region makes a second stamp: both take traffic. Empty: one region.')
param secondaryLocation string = ''

@allowed(['dev', 'standard', 'scale'])
@description('Sizes, redundancy and retention: see profiles.json.')
param profile string = 'dev'

@description('Private endpoints and virtual networks instead of public endpoints. Needs a Front Door, or players cannot reach the door.')
param networkIsolation bool = false

@description('Front Door with a firewall before the function apps. Always there with two regions, network isolation or a domain.')
param deployFrontDoor bool = false

@description('Domain of your own for players to send to, as qoe.example.com; brings a Front Door. Empty: Azure\'s name.')
param customDomain string = ''

@description('Azure Managed Grafana.')
param deployGrafana bool = true

@description('Who deploys: object id. azd knows it. Empty leaves the data plane closed to the hooks.')
param principalId string = ''

@allowed(['User', 'ServicePrincipal'])
@description('Kind of the deploying principal.')
param principalType string = 'User'

@description('Who gets mail from alerts and the budget: addresses separated by commas.')
param alertEmails string = ''

@description('Origins of the pages with players, separated by commas, as https://www.example.com.')
param allowedOrigins string = ''

@description('Containers into which producers drop blobs, as pairs container=tenant separated by commas.')
param dropContainers string = 'telemetry=default'

@minValue(1)
@description('Budget a month, in the currency of the subscription.')
param monthlyBudget int = 500

@description('First day of the budget\'s first month, as 2026-11-01. The preflight hook sets it once.')
param budgetStartDate string = ''

@description('First day of this month, for a first deployment without the preflight hook.')
param thisMonth string = utcNow('yyyy-MM-01')

@secure()
@description('Secret of the daily pseudonyms, used only when the vault has none yet.')
param pseudonymSecret string = newGuid()

@secure()
@description('First browser key, used only when the vault has no keys yet.')
param browserKey string = newGuid()

@secure()
@description('First server key, used only when the vault has no keys yet.')
param serverKey string = newGuid()

@secure()
@description('First secret of signed tokens, used only when the vault has none yet.')
param tokenSecret string = newGuid()

var prefixes = loadJsonContent('abbreviations.json')
var settings = loadJsonContent('profiles.json')[profile]
var tags = { 'azd-env-name': environmentName, application: 'framewatch' }
var locations = empty(secondaryLocation) ? [location] : [location, secondaryLocation]
var token = toLower(uniqueString(subscription().id, environmentName, location))
var groupNames = map(locations, (region, index) => index == 0 ? '${prefixes.resourceGroup}-${environmentName}' : '${prefixes.resourceGroup}-${environmentName}-${region}')
var hasFrontDoor = deployFrontDoor || networkIsolation || !empty(secondaryLocation) || !empty(customDomain)
var emails = empty(alertEmails) ? [] : map(split(alertEmails, ','), email => trim(email))
var origins = empty(allowedOrigins) ? [] : map(split(allowedOrigins, ','), origin => trim(origin))

resource groups 'Microsoft.Resources/resourceGroups@2025-04-01' = [
  for (region, index) in locations: {
    name: groupNames[index]
    location: region
    tags: tags
  }
]

module monitoring 'modules/monitoring.bicep' = [
  for (region, index) in locations: {
    name: 'monitoring-${region}'
    scope: groups[index]
    params: {
      workspaceName: '${prefixes.logAnalytics}-${toLower(uniqueString(subscription().id, environmentName, region))}'
      insightsName: '${prefixes.applicationInsights}-${toLower(uniqueString(subscription().id, environmentName, region))}'
      location: region
      tags: tags
      monitoring: settings.monitoring
    }
  }
]

module identities 'modules/identity.bicep' = [
  for (region, index) in locations: {
    name: 'identity-${region}'
    scope: groups[index]
    params: {
      name: '${prefixes.identity}-${toLower(uniqueString(subscription().id, environmentName, region))}'
      location: region
      tags: tags
    }
  }
]

// One vault for all stamps: pseudonyms of one viewer must agree wherever their requests arrive.
module vault 'modules/keyvault.bicep' = {
  name: 'keyvault'
  scope: groups[0]
  params: {
    name: '${prefixes.keyVault}-${token}'
    location: location
    tags: tags
    keyVault: settings.keyVault
    networkIsolation: networkIsolation
    workspaceId: monitoring[0].outputs.workspaceId
    allowedOrigins: origins
    pseudonymSecret: pseudonymSecret
    browserKey: browserKey
    serverKey: serverKey
    tokenSecret: tokenSecret
  }
}

module vaultAccess 'modules/access-vault.bicep' = [
  for (region, index) in locations: {
    name: 'access-vault-${region}'
    scope: groups[0]
    params: {
      vaultName: vault.outputs.vaultName
      functionsPrincipalId: identities[index].outputs.principalId
      deployerPrincipalId: index == 0 ? principalId : ''
      deployerPrincipalType: principalType
    }
  }
]

module grafana 'modules/grafana.bicep' = if (deployGrafana) {
  name: 'grafana'
  scope: groups[0]
  params: {
    name: '${prefixes.grafana}-${token}'
    location: location
    tags: tags
    grafana: settings.grafana
    deployerPrincipalId: principalId
    deployerPrincipalType: principalType
    workspaceId: monitoring[0].outputs.workspaceId
  }
}

module frontDoor 'modules/front-door.bicep' = if (hasFrontDoor) {
  name: 'front-door'
  scope: groups[0]
  params: {
    name: '${prefixes.frontDoorProfile}-${token}'
    policyName: '${prefixes.wafPolicy}${token}'
    tags: tags
    frontDoor: settings.frontDoor
    workspaceId: monitoring[0].outputs.workspaceId
  }
}

module stamps 'modules/stamp.bicep' = [
  for (region, index) in locations: {
    name: 'stamp-${region}'
    scope: groups[index]
    params: {
      environmentName: environmentName
      token: toLower(uniqueString(subscription().id, environmentName, region))
      location: region
      tags: tags
      profile: settings
      index: index
      locations: locations
      networkIsolation: networkIsolation
      dropContainers: dropContainers
      alertEmails: emails
      vaultId: vault.outputs.vaultId
      vaultUri: vault.outputs.vaultUri
      frontDoorId: hasFrontDoor ? frontDoor!.outputs.frontDoorId : ''
      identityId: identities[index].outputs.id
      identityPrincipalId: identities[index].outputs.principalId
      identityClientId: identities[index].outputs.clientId
      grafanaPrincipalId: deployGrafana ? grafana!.outputs.principalId : ''
      deployerPrincipalId: principalId
      deployerPrincipalType: principalType
      monitoringWorkspaceId: monitoring[index].outputs.workspaceId
      insightsName: monitoring[index].outputs.insightsName
      insightsConnectionString: monitoring[index].outputs.insightsConnectionString
    }
    dependsOn: [vaultAccess]
  }
]

// Every cluster reads the hub of every region: what reaches one region's hub is in both databases.
module hubAccess 'modules/access-hub.bicep' = [
  for (region, index) in locations: {
    name: 'access-hub-${region}'
    scope: groups[index]
    params: {
      namespaceName: stamps[index].outputs.namespaceName
      hubName: stamps[index].outputs.rowsHubName
      kustoPrincipalIds: [for other in range(0, length(locations)): stamps[other].outputs.kustoPrincipalId]
    }
  }
]

@batchSize(1)
module connections 'modules/kusto-connection.bicep' = [
  for pair in range(0, length(locations) * length(locations)): {
    name: 'kusto-connection-${pair}'
    scope: groups[pair / length(locations)]
    params: {
      clusterName: stamps[pair / length(locations)].outputs.clusterName
      location: locations[pair / length(locations)]
      databaseName: stamps[pair / length(locations)].outputs.databaseName
      name: 'rows-of-${locations[pair % length(locations)]}'
      eventHubId: stamps[pair % length(locations)].outputs.rowsHubId
      consumerGroup: 'adx-${locations[pair / length(locations)]}'
    }
    dependsOn: [hubAccess]
  }
]

module frontDoorRoutes 'modules/front-door-routes.bicep' = if (hasFrontDoor) {
  name: 'front-door-routes'
  scope: groups[0]
  params: {
    profileName: frontDoor!.outputs.profileName
    endpointName: '${prefixes.frontDoorEndpoint}-${token}'
    firewallId: frontDoor!.outputs.firewallId
    hostNames: [for index in range(0, length(locations)): stamps[index].outputs.hostName]
    customDomain: customDomain
  }
}

module grafanaEndpoints 'modules/grafana-private-endpoint.bicep' = [
  for (region, index) in locations: if (deployGrafana && networkIsolation) {
    name: 'grafana-endpoint-${region}'
    scope: groups[0]
    params: {
      grafanaName: grafana!.outputs.grafanaName
      location: location
      name: 'adx-${index}'
      clusterId: stamps[index].outputs.clusterId
      clusterLocation: region
    }
  }
]

// A budget that tells nobody would be refused.
module budget 'modules/budget.bicep' = if (!empty(emails)) {
  name: 'budget-${environmentName}'
  params: {
    name: '${prefixes.budget}-${environmentName}'
    amount: monthlyBudget
    startDate: empty(budgetStartDate) ? thisMonth : budgetStartDate
    resourceGroupNames: groupNames
    emails: emails
  }
}

@description('Resource group of the first stamp and of what exists once; azd looks for the function app there.')
output AZURE_RESOURCE_GROUP string = groupNames[0]
@description('Where players send: the hook smoke posts there.')
output FRAMEWATCH_ENDPOINT string = 'https://${hasFrontDoor ? frontDoorRoutes!.outputs.hostName : stamps[0].outputs.hostName}'
@description('One object a stamp: names for the hooks events, kql, grafana, code and down.')
output FRAMEWATCH_STAMPS array = [for index in range(0, length(locations)): stamps[index].outputs.stamp]
@description('Pairs container=tenant: the hook events makes a subscription for each.')
output FRAMEWATCH_DROP_CONTAINERS string = dropContainers
@description('Endpoint of the key vault: the hooks smoke and keys read and write there.')
output FRAMEWATCH_VAULT_URI string = vault.outputs.vaultUri
@description('Endpoint of Managed Grafana, for the hook grafana; empty without it.')
output FRAMEWATCH_GRAFANA_ENDPOINT string = deployGrafana ? grafana!.outputs.endpoint : ''
@description('Budget, which the hook down deletes; empty without one.')
output FRAMEWATCH_BUDGET_NAME string = empty(emails) ? '' : '${prefixes.budget}-${environmentName}'
