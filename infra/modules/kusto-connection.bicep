metadata description = 'One data connection: a cluster reads the rows hub of a region through a consumer group of its own.'

@description('Cluster that reads.')
param clusterName string
@description('Region of the cluster.')
param location string
@description('Database that gets the rows.')
param databaseName string
@description('Name of the connection.')
param name string
@description('Hub that is read.')
param eventHubId string
@description('Consumer group that nobody else uses.')
param consumerGroup string

resource cluster 'Microsoft.Kusto/clusters@2024-04-13' existing = {
  name: clusterName
}

resource database 'Microsoft.Kusto/clusters/databases@2024-04-13' existing = {
  parent: cluster
  name: databaseName
}

// Table and mapping are the fallback for events that do not say theirs by the properties Table and IngestionMappingReference.
resource connection 'Microsoft.Kusto/clusters/databases/dataConnections@2024-04-13' = {
  parent: database
  name: name
  location: location
  kind: 'EventHub'
  properties: {
    eventHubResourceId: eventHubId
    consumerGroup: consumerGroup
    tableName: 'PlaybackEvents'
    mappingRuleName: 'PlaybackEvents_v1'
    dataFormat: 'MULTIJSON'
    compression: 'None'
    databaseRouting: 'Single'
    eventSystemProperties: []
    // Without it the connection silently uses keys, which the namespace refuses.
    managedIdentityResourceId: cluster.id
  }
}
