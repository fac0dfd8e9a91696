metadata description = 'Two storage accounts without shared keys: the functions host with its package, and the landing account for telemetry.'

@description('Account of the functions host, 3 to 24 lower-case letters and digits.')
param hostAccountName string
@description('Account where producers drop blobs, 3 to 24 lower-case letters and digits.')
param landingAccountName string
@description('Region.')
param location string
@description('Tags of every resource.')
param tags object
@description('Section storage of the profile.')
param storage object
@description('Containers into which producers drop blobs.')
param dropContainers array
@description('Closes the public endpoints; private endpoints take over.')
param networkIsolation bool
@description('Workspace of the diagnostic settings.')
param workspaceId string

var account = {
  accessTier: 'Hot'
  allowBlobPublicAccess: false
  allowCrossTenantReplication: false
  allowSharedKeyAccess: false
  defaultToOAuthAuthentication: true
  minimumTlsVersion: 'TLS1_2'
  supportsHttpsTrafficOnly: true
  publicNetworkAccess: networkIsolation ? 'Disabled' : 'Enabled'
  // Event Grid's dead letters come from outside the network: it is a trusted service with an identity of its own.
  networkAcls: {
    defaultAction: networkIsolation ? 'Deny' : 'Allow'
    bypass: 'AzureServices'
  }
  encryption: {
    keySource: 'Microsoft.Storage'
    requireInfrastructureEncryption: true
    services: {
      blob: { enabled: true, keyType: 'Account' }
    }
  }
}
var softDelete = { enabled: true, days: 7 }

// Defaults follow AVM storage/storage-account.
resource host 'Microsoft.Storage/storageAccounts@2025-01-01' = {
  name: hostAccountName
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: storage.hostSku }
  properties: account
}

resource hostBlobs 'Microsoft.Storage/storageAccounts/blobServices@2025-01-01' = {
  parent: host
  name: 'default'
  properties: {
    deleteRetentionPolicy: softDelete
    containerDeleteRetentionPolicy: softDelete
  }
}

resource packages 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-01-01' = {
  parent: hostBlobs
  name: 'packages'
  properties: { publicAccess: 'None' }
}

resource landing 'Microsoft.Storage/storageAccounts@2025-01-01' = {
  name: landingAccountName
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: storage.landingSku }
  properties: account
}

resource landingBlobs 'Microsoft.Storage/storageAccounts/blobServices@2025-01-01' = {
  parent: landing
  name: 'default'
  properties: {
    deleteRetentionPolicy: softDelete
    containerDeleteRetentionPolicy: softDelete
  }
}

resource drops 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-01-01' = [
  for container in dropContainers: {
    parent: landingBlobs
    name: container
    properties: { publicAccess: 'None' }
  }
]

// What waits in the spill has been acknowledged and is not yet in the database: no lifecycle rule may touch it.
// Salts are destroyed by the functions, to the day.
var auxiliary = ['checkpoints', 'quarantine', 'dead-letter']
resource auxiliaries 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-01-01' = [
  for container in union(auxiliary, ['spill', 'salts']): {
    parent: landingBlobs
    name: container
    properties: { publicAccess: 'None' }
  }
]

// Blobs may go once they are ingested; their checkpoints stay longer, so that no blob is ever read twice.
resource lifecycle 'Microsoft.Storage/storageAccounts/managementPolicies@2025-01-01' = {
  parent: landing
  name: 'default'
  properties: {
    policy: {
      rules: [
        {
          name: 'telemetry'
          type: 'Lifecycle'
          enabled: true
          definition: {
            filters: { blobTypes: ['blockBlob'], prefixMatch: map(dropContainers, container => '${container}/') }
            actions: {
              baseBlob: { delete: { daysAfterModificationGreaterThan: storage.telemetryDeleteAfterDays } }
            }
          }
        }
        {
          name: 'auxiliary'
          type: 'Lifecycle'
          enabled: true
          definition: {
            filters: { blobTypes: ['blockBlob'], prefixMatch: map(auxiliary, container => '${container}/') }
            actions: {
              baseBlob: { delete: { daysAfterModificationGreaterThan: storage.auxiliaryDeleteAfterDays } }
            }
          }
        }
      ]
    }
  }
  dependsOn: [landingBlobs]
}

resource hostLogs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: hostBlobs
  name: 'framewatch'
  properties: {
    workspaceId: workspaceId
    logs: [{ category: 'StorageDelete', enabled: true }]
    metrics: [{ category: 'Transaction', enabled: true }]
  }
}

// Writes are logged: the alerts on dead letters and quarantine count them. Reads are not, they are one line a blob and more.
resource landingLogs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: landingBlobs
  name: 'framewatch'
  properties: {
    workspaceId: workspaceId
    logs: [
      { category: 'StorageWrite', enabled: true }
      { category: 'StorageDelete', enabled: true }
    ]
    metrics: [{ category: 'Transaction', enabled: true }]
  }
}

@description('Account of the functions host.')
output hostAccountName string = host.name
@description('Resource id, for its private endpoint.')
output hostAccountId string = host.id
@description('Blob endpoint with a slash at its end.')
output hostBlobEndpoint string = host.properties.primaryEndpoints.blob
@description('Container of the deployment package.')
output packageContainer string = packages.name
@description('Landing account.')
output landingAccountName string = landing.name
@description('Resource id; Event Grid events carry it as their topic.')
output landingAccountId string = landing.id
@description('Blob endpoint with a slash at its end.')
output landingBlobEndpoint string = landing.properties.primaryEndpoints.blob
