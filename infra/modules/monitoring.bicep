metadata description = 'Log Analytics workspace and Application Insights, both with a daily cap and without keys.'

@description('Name of the workspace, 4 to 63 characters.')
param workspaceName string
@description('Name of the Application Insights component.')
param insightsName string
@description('Region.')
param location string
@description('Tags of every resource.')
param tags object
@description('Section monitoring of the profile.')
param monitoring object

// Defaults follow AVM operational-insights/workspace.
resource workspace 'Microsoft.OperationalInsights/workspaces@2025-02-01' = {
  name: workspaceName
  location: location
  tags: tags
  properties: {
    sku: { name: 'PerGB2018' }
    retentionInDays: monitoring.retentionDays
    workspaceCapping: { dailyQuotaGb: monitoring.dailyQuotaGb }
    features: {
      disableLocalAuth: true
      enableLogAccessUsingOnlyResourcePermissions: true
    }
    publicNetworkAccessForIngestion: 'Enabled'
    publicNetworkAccessForQuery: 'Enabled'
  }
}

resource insights 'Microsoft.Insights/components@2020-02-02' = {
  name: insightsName
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    DisableLocalAuth: true
    SamplingPercentage: monitoring.samplingPercentage
    IngestionMode: 'LogAnalytics'
    publicNetworkAccessForIngestion: 'Enabled'
    publicNetworkAccessForQuery: 'Enabled'
  }
}

resource workspaceAudit 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: workspace
  name: 'framewatch'
  properties: {
    workspaceId: workspace.id
    logs: [{ categoryGroup: 'audit', enabled: true }]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

@description('Workspace of all diagnostic settings.')
output workspaceId string = workspace.id
@description('Name of the component, for its role assignment.')
output insightsName string = insights.name
@description('No secret: local authentication is off, only an identity with a role can send.')
output insightsConnectionString string = insights.properties.ConnectionString
