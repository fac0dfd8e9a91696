metadata description = 'Key vault for what is secret: the write keys and the secret of the daily pseudonyms. Made once, never overwritten.'

@description('Name of the vault, 3 to 24 characters.')
param name string
@description('Region.')
param location string
@description('Tags of every resource.')
param tags object
@description('Section keyVault of the profile.')
param keyVault object
@description('Closes the public endpoint; private endpoints take over.')
param networkIsolation bool
@description('Workspace of the diagnostic settings.')
param workspaceId string
@description('Origins of the pages whose players may send with the first browser key.')
param allowedOrigins array
@secure()
@description('Secret of the daily pseudonyms, used only when the vault has none yet.')
param pseudonymSecret string
@secure()
@description('First browser key, used only when the vault has no keys yet.')
param browserKey string
@secure()
@description('First server key, used only when the vault has no keys yet.')
param serverKey string
@secure()
@description('First secret of signed tokens, used only when the vault has none yet.')
param tokenSecret string

var serverEntry = { '${serverKey}': { tenant: 'default', trusted: true } }
var browserEntry = { '${browserKey}': { tenant: 'default', origins: allowedOrigins } }
var firstKeys = empty(allowedOrigins) ? serverEntry : union(serverEntry, browserEntry)

// Defaults follow AVM key-vault/vault.
resource vault 'Microsoft.KeyVault/vaults@2024-11-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    tenantId: tenant().tenantId
    sku: { family: 'A', name: 'standard' }
    enableRbacAuthorization: true
    enableSoftDelete: true
    softDeleteRetentionInDays: keyVault.softDeleteDays
    // Cannot be false once true, and Azure refuses an explicit false.
    enablePurgeProtection: keyVault.purgeProtection ? true : null
    publicNetworkAccess: networkIsolation ? 'Disabled' : 'Enabled'
    networkAcls: {
      defaultAction: networkIsolation ? 'Deny' : 'Allow'
      bypass: 'AzureServices'
    }
  }
}

// A new value would part today's pseudonyms from this morning's: it is made once and stays.
@onlyIfNotExists()
resource pseudonyms 'Microsoft.KeyVault/vaults/secrets@2024-11-01' = {
  parent: vault
  name: 'framewatch-pseudonym-secret'
  properties: {
    value: pseudonymSecret
    contentType: 'text/plain'
    attributes: { enabled: true }
  }
}

// Later keys are added and removed by npm run infra:keys: a deployment never overwrites them.
@onlyIfNotExists()
resource keys 'Microsoft.KeyVault/vaults/secrets@2024-11-01' = {
  parent: vault
  name: 'framewatch-keys'
  properties: {
    value: string(firstKeys)
    contentType: 'application/json'
    attributes: { enabled: true }
  }
}

// Who issues tokens reads it here; the next one is added beside it by hand, see docs/settings.md.
@onlyIfNotExists()
resource tokens 'Microsoft.KeyVault/vaults/secrets@2024-11-01' = {
  parent: vault
  name: 'framewatch-token-secrets'
  properties: {
    value: string({ first: tokenSecret })
    contentType: 'application/json'
    attributes: { enabled: true }
  }
}

resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: vault
  name: 'framewatch'
  properties: {
    workspaceId: workspaceId
    logs: [{ categoryGroup: 'audit', enabled: true }]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

@description('Name of the vault.')
output vaultName string = vault.name
@description('Resource id, for its private endpoint.')
output vaultId string = vault.id
@description('Endpoint with a slash at its end, for references to its secrets.')
output vaultUri string = vault.properties.vaultUri
