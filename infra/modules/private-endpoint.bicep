metadata description = 'One private endpoint with its names in private DNS.'

@description('Name of the endpoint.')
param name string
@description('Region.')
param location string
@description('Tags of every resource.')
param tags object
@description('Subnet of the endpoint.')
param subnetId string
@description('Resource that it leads to.')
param targetId string
@description('Part of that resource: blob, vault, namespace, cluster.')
param groupId string
@description('Private DNS zones that get its names.')
param zoneIds array

resource endpoint 'Microsoft.Network/privateEndpoints@2024-07-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    subnet: { id: subnetId }
    customNetworkInterfaceName: '${name}-nic'
    privateLinkServiceConnections: [
      {
        name: name
        properties: {
          privateLinkServiceId: targetId
          groupIds: [groupId]
        }
      }
    ]
  }
}

resource names 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2024-07-01' = {
  parent: endpoint
  name: 'default'
  properties: {
    privateDnsZoneConfigs: [
      for (zoneId, index) in zoneIds: {
        name: 'zone-${index}'
        properties: { privateDnsZoneId: zoneId }
      }
    ]
  }
}
