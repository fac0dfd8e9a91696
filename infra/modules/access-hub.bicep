metadata description = 'The right of every cluster to read the rows hub of one region. Role id and reason stand in roles.json.'

@description('Namespace of the hub.')
param namespaceName string
@description('Hub of finished rows.')
param hubName string
@description('Object ids of the clusters\' identities.')
param kustoPrincipalIds array

var roles = loadJsonContent('../roles.json')

resource namespace 'Microsoft.EventHub/namespaces@2024-01-01' existing = {
  name: namespaceName
}

resource rows 'Microsoft.EventHub/namespaces/eventhubs@2024-01-01' existing = {
  parent: namespace
  name: hubName
}

resource kustoReceiveRows 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for principalId in kustoPrincipalIds: {
    scope: rows
    name: guid(rows.id, principalId, roles.kustoReceiveRows.id)
    properties: {
      principalId: principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.kustoReceiveRows.id)
      description: roles.kustoReceiveRows.reason
    }
  }
]
