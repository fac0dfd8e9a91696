metadata description = 'Virtual network of a stamp: a subnet for the function app, one for private endpoints, and their private names.'

@description('Name of the network.')
param name string
@description('Name of the network security groups, with a suffix each.')
param securityGroupName string
@description('Region.')
param location string
@description('Tags of every resource.')
param tags object
@description('Second octet of 10.x.0.0/16: stamps must not overlap.')
param octet int

var zoneNames = {
  blob: 'privatelink.blob.${environment().suffixes.storage}'
  queue: 'privatelink.queue.${environment().suffixes.storage}'
  table: 'privatelink.table.${environment().suffixes.storage}'
  vault: 'privatelink.vaultcore.azure.net'
  hub: 'privatelink.servicebus.windows.net'
  kusto: 'privatelink.${location}.kusto.windows.net'
}

resource functionsGuard 'Microsoft.Network/networkSecurityGroups@2024-07-01' = {
  name: '${securityGroupName}-functions'
  location: location
  tags: tags
  properties: {
    securityRules: [
      {
        name: 'no-remote-shells-out'
        properties: {
          priority: 200
          direction: 'Outbound'
          access: 'Deny'
          protocol: 'Tcp'
          sourceAddressPrefix: 'VirtualNetwork'
          sourcePortRange: '*'
          destinationAddressPrefix: '*'
          destinationPortRanges: ['22', '3389']
        }
      }
    ]
  }
}

resource endpointsGuard 'Microsoft.Network/networkSecurityGroups@2024-07-01' = {
  name: '${securityGroupName}-endpoints'
  location: location
  tags: tags
  properties: {
    securityRules: [
      {
        name: 'https-and-amqp-from-the-network'
        properties: {
          priority: 100
          direction: 'Inbound'
          access: 'Allow'
          protocol: 'Tcp'
          sourceAddressPrefix: 'VirtualNetwork'
          sourcePortRange: '*'
          destinationAddressPrefix: 'VirtualNetwork'
          destinationPortRanges: ['443', '5671']
        }
      }
      {
        name: 'nothing-else'
        properties: {
          priority: 4000
          direction: 'Inbound'
          access: 'Deny'
          protocol: '*'
          sourceAddressPrefix: '*'
          sourcePortRange: '*'
          destinationAddressPrefix: '*'
          destinationPortRange: '*'
        }
      }
      {
        name: 'no-remote-shells-out'
        properties: {
          priority: 200
          direction: 'Outbound'
          access: 'Deny'
          protocol: 'Tcp'
          sourceAddressPrefix: 'VirtualNetwork'
          sourcePortRange: '*'
          destinationAddressPrefix: '*'
          destinationPortRanges: ['22', '3389']
        }
      }
    ]
  }
}

resource network 'Microsoft.Network/virtualNetworks@2024-07-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    addressSpace: { addressPrefixes: ['10.${octet}.0.0/16'] }
    subnets: [
      {
        name: 'functions'
        properties: {
          addressPrefix: '10.${octet}.0.0/24'
          networkSecurityGroup: { id: functionsGuard.id }
          delegations: [
            {
              name: 'flex-consumption'
              properties: { serviceName: 'Microsoft.App/environments' }
            }
          ]
        }
      }
      {
        name: 'endpoints'
        properties: {
          // A cluster alone takes 13 addresses, and heavy ingestion more.
          addressPrefix: '10.${octet}.1.0/24'
          networkSecurityGroup: { id: endpointsGuard.id }
          privateEndpointNetworkPolicies: 'Enabled'
        }
      }
    ]
  }

  resource functionsSubnet 'subnets' existing = {
    name: 'functions'
  }

  resource endpointsSubnet 'subnets' existing = {
    name: 'endpoints'
  }
}

resource zones 'Microsoft.Network/privateDnsZones@2024-06-01' = [
  for zone in items(zoneNames): {
    name: zone.value
    location: 'global'
    tags: tags
  }
]

resource links 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [
  for (zone, index) in items(zoneNames): {
    parent: zones[index]
    name: name
    location: 'global'
    properties: {
      registrationEnabled: false
      virtualNetwork: { id: network.id }
    }
  }
]

@description('Subnet of the function app.')
output functionsSubnetId string = network::functionsSubnet.id
@description('Subnet of the private endpoints.')
output endpointsSubnetId string = network::endpointsSubnet.id
@description('Zone ids by the part of a resource that a private endpoint leads to. A cluster needs its storage\'s names too, for queued ingestion.')
output zoneIds object = {
  blob: [resourceId('Microsoft.Network/privateDnsZones', zoneNames.blob)]
  vault: [resourceId('Microsoft.Network/privateDnsZones', zoneNames.vault)]
  namespace: [resourceId('Microsoft.Network/privateDnsZones', zoneNames.hub)]
  cluster: [
    resourceId('Microsoft.Network/privateDnsZones', zoneNames.kusto)
    resourceId('Microsoft.Network/privateDnsZones', zoneNames.blob)
    resourceId('Microsoft.Network/privateDnsZones', zoneNames.queue)
    resourceId('Microsoft.Network/privateDnsZones', zoneNames.table)
  ]
}
