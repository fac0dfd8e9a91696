metadata description = 'The database. What is in it comes by generated/kusto-scripts.bicep.'

@description('Cluster that holds it.')
param clusterName string
@description('Region.')
param location string
@description('Name of the database.')
param databaseName string
@description('Section kusto of the profile.')
param kusto object

resource cluster 'Microsoft.Kusto/clusters@2024-04-13' existing = {
  name: clusterName
}

resource database 'Microsoft.Kusto/clusters/databases@2024-04-13' = {
  parent: cluster
  name: databaseName
  location: location
  kind: 'ReadWrite'
  properties: {
    // Outer bounds; each table has its own policy in kql/schema.
    softDeletePeriod: 'P${kusto.softDeleteDays}D'
    hotCachePeriod: 'P${kusto.hotCacheDays}D'
  }
}

@description('Name of the database, known once it is there.')
output databaseName string = database.name
