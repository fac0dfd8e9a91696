metadata description = 'Platform alerts of a stamp from alerts.json. What viewers feel is watched by Grafana\'s rules, not here.'

@description('Prefix of the alert names.')
param prefix string
@description('Region of the log alerts.')
param location string
@description('Tags of every resource.')
param tags object
@description('Short name of the action group, at most 12 characters.')
param actionGroupShortName string
@description('Who gets mail.')
param emails array
@description('Cluster.')
param clusterId string
@description('Event Hubs namespace.')
param namespaceId string
@description('Event Grid system topic.')
param topicId string
@description('Landing account.')
param landingAccountId string
@description('Workspace of the log alerts.')
param workspaceId string

var rules = loadJsonContent('../alerts.json')
var targets = {
  kusto: { id: clusterId, namespace: 'Microsoft.Kusto/clusters' }
  hub: { id: namespaceId, namespace: 'Microsoft.EventHub/namespaces' }
  topic: { id: topicId, namespace: 'Microsoft.EventGrid/systemTopics' }
  landing: { id: landingAccountId, namespace: 'Microsoft.Storage/storageAccounts' }
}

resource team 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: prefix
  location: 'global'
  tags: tags
  properties: {
    groupShortName: actionGroupShortName
    enabled: true
    emailReceivers: [
      for (email, index) in emails: {
        name: 'mail-${index}'
        emailAddress: email
        useCommonAlertSchema: true
      }
    ]
  }
}

resource metricAlerts 'Microsoft.Insights/metricAlerts@2018-03-01' = [
  for rule in rules.metrics: {
    name: '${prefix}-${rule.name}'
    location: 'global'
    tags: tags
    properties: {
      description: rule.description
      severity: rule.severity
      enabled: true
      autoMitigate: true
      scopes: [targets[rule.target].id]
      evaluationFrequency: rule.frequency
      windowSize: rule.window
      criteria: {
        'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
        allOf: [
          {
            criterionType: 'StaticThresholdCriterion'
            name: rule.name
            metricNamespace: targets[rule.target].namespace
            metricName: rule.metric
            timeAggregation: rule.aggregation
            operator: rule.operator
            threshold: rule.threshold
            dimensions: rule.dimensions
            // Some metrics exist only after their first value.
            skipMetricValidation: true
          }
        ]
      }
      actions: [{ actionGroupId: team.id }]
    }
  }
]

resource logAlerts 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for rule in rules.queries: {
    name: '${prefix}-${rule.name}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: '${prefix}-${rule.name}'
      description: rule.description
      severity: rule.severity
      enabled: true
      autoMitigate: true
      scopes: [workspaceId]
      evaluationFrequency: rule.frequency
      windowSize: rule.window
      // Tables appear with their first row.
      skipQueryValidation: true
      criteria: {
        allOf: [
          {
            query: rule.query
            timeAggregation: 'Count'
            operator: 'GreaterThan'
            threshold: 0
            failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
          }
        ]
      }
      actions: { actionGroups: [team.id] }
    }
  }
]
