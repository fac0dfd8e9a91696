metadata description = 'Front Door profile and its firewall. Routes follow in front-door-routes.bicep, when the origins are there.'

@description('Name of the profile.')
param name string
@description('Name of the firewall policy: letters and digits, a letter first.')
param policyName string
@description('Tags of every resource.')
param tags object
@description('Section frontDoor of the profile.')
param frontDoor object
@description('Workspace of the diagnostic settings.')
param workspaceId string

var isPremium = frontDoor.skuName == 'Premium_AzureFrontDoor'

// Defaults follow AVM cdn/profile.
resource profile 'Microsoft.Cdn/profiles@2025-06-01' = {
  name: name
  location: 'global'
  tags: tags
  sku: { name: frontDoor.skuName }
  properties: {
    originResponseTimeoutSeconds: 60
    // Viewers' addresses never reach the logs.
    logScrubbing: {
      state: 'Enabled'
      scrubbingRules: [{ matchVariable: 'RequestIPAddress', selectorMatchOperator: 'EqualsAny', state: 'Enabled' }]
    }
  }
}

resource firewall 'Microsoft.Network/FrontDoorWebApplicationFirewallPolicies@2025-03-01' = {
  name: policyName
  location: 'global'
  tags: tags
  sku: { name: frontDoor.skuName }
  properties: {
    policySettings: {
      enabledState: 'Enabled'
      mode: 'Prevention'
      // Error texts and URLs inside telemetry look like attacks to generic rules, and a blocked batch is a lost batch.
      // The function's own decoder checks bodies, with limits before it parses.
      requestBodyCheck: 'Disabled'
      logScrubbing: {
        state: 'Enabled'
        scrubbingRules: [{ matchVariable: 'RequestIPAddress', selectorMatchOperator: 'EqualsAny', state: 'Enabled' }]
      }
    }
    customRules: {
      rules: [
        {
          name: 'RequestsPerAddress'
          priority: 100
          enabledState: 'Enabled'
          ruleType: 'RateLimitRule'
          rateLimitDurationInMinutes: 1
          // A player sends six requests a minute, and a mobile carrier hides thousands of viewers behind one address.
          // Each write key has a quota of its own besides (functions/triggers/write-keys.ts).
          rateLimitThreshold: frontDoor.requestsPerMinutePerAddress
          groupBy: [{ variableName: 'SocketAddr' }]
          matchConditions: [
            {
              matchVariable: 'RequestUri'
              operator: 'Contains'
              negateCondition: false
              matchValue: ['/api/']
            }
          ]
          action: 'Block'
        }
      ]
    }
    managedRules: {
      managedRuleSets: isPremium
        ? [
            { ruleSetType: 'Microsoft_DefaultRuleSet', ruleSetVersion: '2.1', ruleSetAction: 'Block' }
            { ruleSetType: 'Microsoft_BotManagerRuleSet', ruleSetVersion: '1.1' }
          ]
        : []
    }
  }
}

resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: profile
  name: 'framewatch'
  properties: {
    workspaceId: workspaceId
    // One access line a request would cost more than everything else: firewall and health only.
    logs: [
      { category: 'FrontDoorWebApplicationFirewallLog', enabled: true }
      { category: 'FrontDoorHealthProbeLog', enabled: true }
    ]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

@description('Name of the profile.')
output profileName string = profile.name
@description('Value of X-Azure-FDID: the function apps let in this Front Door and no other.')
output frontDoorId string = profile.properties.frontDoorId
@description('Resource id of the firewall policy.')
output firewallId string = firewall.id
