metadata description = 'Grafana\'s private way to one cluster. The cluster\'s owner approves it: npm run infra:approve.'

@description('Grafana workspace.')
param grafanaName string
@description('Region of the workspace.')
param location string
@description('Name of the endpoint, at most 20 characters.')
param name string
@description('Cluster that is read.')
param clusterId string
@description('Region of the cluster.')
param clusterLocation string

resource workspace 'Microsoft.Dashboard/grafana@2024-10-01' existing = {
  name: grafanaName
}

resource endpoint 'Microsoft.Dashboard/grafana/managedPrivateEndpoints@2024-10-01' = {
  parent: workspace
  name: name
  location: location
  // No privateLinkServiceUrl: that is a bare domain, for private link services; Azure's own services keep their names.
  properties: {
    privateLinkResourceId: clusterId
    privateLinkResourceRegion: clusterLocation
    groupIds: ['cluster']
    requestMessage: 'Framewatch: Grafana reads the database framewatch'
  }
}
