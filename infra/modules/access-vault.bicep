metadata description = 'Who may read the secrets. Role ids and reasons stand in roles.json.'

@description('Name of the vault.')
param vaultName string
@description('Object id of a function app\'s identity; empty leaves it out.')
param functionsPrincipalId string
@description('Who deploys: object id; empty leaves it out.')
param deployerPrincipalId string
@description('Kind of the deploying principal.')
param deployerPrincipalType string

var roles = loadJsonContent('../roles.json')
var definitions = 'Microsoft.Authorization/roleDefinitions'

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' existing = {
  name: vaultName
}

resource functionsReadSecrets 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(functionsPrincipalId)) {
  scope: vault
  name: guid(vault.id, functionsPrincipalId, roles.functionsReadSecrets.id)
  properties: {
    principalId: functionsPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(definitions, roles.functionsReadSecrets.id)
    description: roles.functionsReadSecrets.reason
  }
}

resource deployerSecrets 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(deployerPrincipalId)) {
  scope: vault
  name: guid(vault.id, deployerPrincipalId, roles.deployerSecrets.id)
  properties: {
    principalId: deployerPrincipalId
    principalType: deployerPrincipalType
    roleDefinitionId: subscriptionResourceId(definitions, roles.deployerSecrets.id)
    description: roles.deployerSecrets.reason
  }
}
