metadata description = 'The function app on Flex Consumption: no keys, no publishing credentials, warm instances.'

@description('Name of the app; unique in the world.')
param name string
@description('Name of the plan.')
param planName string
@description('Region.')
param location string
@description('Tags of every resource.')
param tags object
@description('Tag by which azd finds the app that it deploys to; empty for further regions.')
param serviceName string
@description('Section functions of the profile.')
param functions object
@description('Spread over availability zones.')
param zoneRedundant bool
@description('Identity: resource id.')
param identityId string
@description('Identity: client id.')
param identityClientId string
@description('Blob endpoint of the functions host\'s account.')
param hostBlobEndpoint string
@description('Container of the deployment package.')
param packageContainer string
@description('Connection string of Application Insights; no secret, see monitoring.bicep.')
param insightsConnectionString string
@description('Endpoint of the key vault.')
param vaultUri string
@description('Endpoint of the stamp\'s cluster.')
param kustoUri string
@description('Database.')
param databaseName string
@description('Event Hubs namespace.')
param hubNamespaceName string
@description('Blob endpoint of the landing account.')
param landingBlobEndpoint string
@description('Resource id of the landing account: events of any other are refused.')
param landingAccountId string
@description('Pairs container=tenant.')
param dropContainers string
@description('Front Door\'s id; empty: the app takes requests from anywhere.')
param frontDoorId string
@description('Subnet of the app; empty without network isolation.')
param subnetId string
@description('Workspace of the diagnostic settings.')
param workspaceId string

var secret = '@Microsoft.KeyVault(SecretUri=${vaultUri}secrets/'
var hasFrontDoor = !empty(frontDoorId)
var frontDoorOnly = [
  {
    name: 'front-door'
    priority: 100
    action: 'Allow'
    tag: 'ServiceTag'
    ipAddress: 'AzureFrontDoor.Backend'
    headers: { 'x-azure-fdid': [frontDoorId] }
  }
  {
    name: 'event-grid'
    priority: 200
    action: 'Allow'
    tag: 'ServiceTag'
    ipAddress: 'AzureEventGrid'
  }
]
var blobAlwaysReady = functions.blobAlwaysReady == 0 ? [] : [{ name: 'function:blobCreated', instanceCount: functions.blobAlwaysReady }]

resource plan 'Microsoft.Web/serverfarms@2024-11-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { name: 'FC1', tier: 'FlexConsumption' }
  properties: {
    reserved: true
    zoneRedundant: zoneRedundant
  }
}

resource app 'Microsoft.Web/sites@2024-11-01' = {
  name: name
  location: location
  tags: empty(serviceName) ? tags : union(tags, { 'azd-service-name': serviceName })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identityId}': {} }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    clientAffinityEnabled: false
    keyVaultReferenceIdentity: identityId
    publicNetworkAccess: 'Enabled'
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${hostBlobEndpoint}${packageContainer}'
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityId
          }
        }
      }
      runtime: { name: 'node', version: '24' }
      scaleAndConcurrency: {
        instanceMemoryMB: functions.instanceMemoryMB
        maximumInstanceCount: functions.maximumInstanceCount
        alwaysReady: concat([{ name: 'http', instanceCount: functions.httpAlwaysReady }], blobAlwaysReady)
        triggers: {
          http: { perInstanceConcurrency: functions.httpPerInstanceConcurrency }
        }
      }
    }
    siteConfig: {
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      ftpsState: 'Disabled'
      http20Enabled: true
      remoteDebuggingEnabled: false
      // Front Door and Event Grid alone, when there is a Front Door; the deployment endpoint takes Entra tokens only.
      ipSecurityRestrictionsDefaultAction: hasFrontDoor ? 'Deny' : 'Allow'
      ipSecurityRestrictions: hasFrontDoor ? frontDoorOnly : []
      scmIpSecurityRestrictionsUseMain: false
      scmIpSecurityRestrictionsDefaultAction: 'Allow'
    }
  }
}

// Exactly what functions/config.ts reads, and what the platform itself needs.
resource settings 'Microsoft.Web/sites/config@2024-11-01' = {
  parent: app
  name: 'appsettings'
  properties: {
    AzureWebJobsStorage__blobServiceUri: hostBlobEndpoint
    AzureWebJobsStorage__credential: 'managedidentity'
    AzureWebJobsStorage__clientId: identityClientId
    APPLICATIONINSIGHTS_CONNECTION_STRING: insightsConnectionString
    APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'
    FRAMEWATCH_IDENTITY_CLIENT_ID: identityClientId
    FRAMEWATCH_KUSTO_URL: kustoUri
    FRAMEWATCH_KUSTO_DATABASE: databaseName
    FRAMEWATCH_KUSTO_TIMEOUT_MS: '15000'
    FRAMEWATCH_KUSTO_DEADLINE_MS: '8000'
    // A private endpoint is paid by the gigabyte; without one, bytes inside a region cost nothing and compressing them does.
    FRAMEWATCH_KUSTO_GZIP: empty(subnetId) ? 'false' : 'true'
    FRAMEWATCH_LINGER_MS: string(functions.lingerMs)
    FRAMEWATCH_LONGEST_LINGER_MS: '250'
    FRAMEWATCH_MAX_CALLS: string(functions.kustoMaxCalls)
    FRAMEWATCH_KEYS: '${secret}framewatch-keys/)'
    FRAMEWATCH_TOKEN_SECRETS: '${secret}framewatch-token-secrets/)'
    FRAMEWATCH_NETWORK_EVENTS_PER_SECOND: '2000'
    FRAMEWATCH_PSEUDONYM_SECRET: '${secret}framewatch-pseudonym-secret/)'
    // As long as rows are kept (kql/schema/040-policies.kql): erasure by viewer needs the salts of their days.
    FRAMEWATCH_SALT_DAYS: '90'
    // Front Door writes the viewer's country (front-door-routes.bicep); without it nobody's word on geography is believed.
    FRAMEWATCH_EDGE_HEADERS: hasFrontDoor ? 'country=x-framewatch-country' : ''
    // Front Door tells the address of the connection itself; X-Forwarded-For would end with Front Door's own.
    FRAMEWATCH_ADDRESS_HEADER: hasFrontDoor ? 'x-azure-socketip' : 'x-forwarded-for'
    // The package holds no geography file: what the edge says is all.
    FRAMEWATCH_GEO_DATABASES: ''
    FRAMEWATCH_HEARTBEAT_SECONDS: '0'
    FRAMEWATCH_SAMPLE_RATE: '1'
    FRAMEWATCH_BLOB_CONNECTION: landingBlobEndpoint
    FRAMEWATCH_DROP_CONTAINERS: dropContainers
    FRAMEWATCH_EVENT_TOPIC: landingAccountId
    FRAMEWATCH_BLOB_GRACE_SECONDS: '30'
    FRAMEWATCH_QUEUED_FROM_BYTES: '268435456'
    // The host connects the trigger by the same settings.
    FRAMEWATCH_HUB__fullyQualifiedNamespace: '${hubNamespaceName}.servicebus.windows.net'
    FRAMEWATCH_HUB__credential: 'managedidentity'
    FRAMEWATCH_HUB__clientId: identityClientId
    FRAMEWATCH_HUB_TENANT: 'default'
    FRAMEWATCH_SINK: functions.sink
  }
}

resource noFtp 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-11-01' = {
  parent: app
  name: 'ftp'
  properties: { allow: false }
}

resource noBasicDeployment 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-11-01' = {
  parent: app
  name: 'scm'
  properties: { allow: false }
}

resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: app
  name: 'framewatch'
  properties: {
    workspaceId: workspaceId
    // Traces go to Application Insights, sampled; the same lines unsampled would cost more than the app.
    logs: []
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

@description('Name of the app.')
output appName string = app.name
@description('Host name, as origin of Front Door.')
output hostName string = app.properties.defaultHostName
