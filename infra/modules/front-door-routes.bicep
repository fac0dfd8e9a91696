metadata description = 'One endpoint before all stamps: equal weight, unhealthy ones left out, the viewer\'s country as a header.'

@description('Front Door profile.')
param profileName string
@description('Name of the endpoint; part of its host name.')
param endpointName string
@description('Resource id of the firewall policy.')
param firewallId string
@description('Host names of the function apps, one a stamp.')
param hostNames array
@description('Domain of your own for players to send to; empty: the endpoint\'s own name alone.')
param customDomain string

resource profile 'Microsoft.Cdn/profiles@2025-06-01' existing = {
  name: profileName
}

resource endpoint 'Microsoft.Cdn/profiles/afdEndpoints@2025-06-01' = {
  parent: profile
  name: endpointName
  location: 'global'
  properties: { enabledState: 'Enabled' }
}

resource stamps 'Microsoft.Cdn/profiles/originGroups@2025-06-01' = {
  parent: profile
  name: 'stamps'
  properties: {
    sessionAffinityState: 'Disabled'
    loadBalancingSettings: { sampleSize: 4, successfulSamplesRequired: 3, additionalLatencyInMilliseconds: 100 }
    // GET: Functions answer 404 to HEAD. readyz includes the way to Kusto.
    healthProbeSettings: {
      probePath: '/api/readyz'
      probeRequestType: 'GET'
      probeProtocol: 'Https'
      probeIntervalInSeconds: 30
    }
  }
}

resource origins 'Microsoft.Cdn/profiles/originGroups/origins@2025-06-01' = [
  for (hostName, index) in hostNames: {
    parent: stamps
    name: 'stamp-${index}'
    properties: {
      hostName: hostName
      originHostHeader: hostName
      httpPort: 80
      httpsPort: 443
      priority: 1
      weight: 500
      enabledState: 'Enabled'
      enforceCertificateNameCheck: true
    }
  }
]

resource edgeFacts 'Microsoft.Cdn/profiles/ruleSets@2025-06-01' = {
  parent: profile
  name: 'EdgeFacts'
}

// Overwrites what a client may have sent under that name.
resource country 'Microsoft.Cdn/profiles/ruleSets/rules@2025-06-01' = {
  parent: edgeFacts
  name: 'Country'
  properties: {
    order: 1
    conditions: []
    matchProcessingBehavior: 'Continue'
    actions: [
      {
        name: 'ModifyRequestHeader'
        parameters: {
          typeName: 'DeliveryRuleHeaderActionParameters'
          headerAction: 'Overwrite'
          headerName: 'x-framewatch-country'
          value: '{geo_country}'
        }
      }
    ]
  }
}

// Azure renews the certificate; it is issued once the DNS records of npm run infra:domain are there.
resource domain 'Microsoft.Cdn/profiles/customDomains@2025-06-01' = if (!empty(customDomain)) {
  parent: profile
  name: replace(customDomain, '.', '-')
  properties: {
    hostName: customDomain
    tlsSettings: { certificateType: 'ManagedCertificate', minimumTlsVersion: 'TLS12' }
  }
}

resource route 'Microsoft.Cdn/profiles/afdEndpoints/routes@2025-06-01' = {
  parent: endpoint
  name: 'ingestion'
  properties: {
    originGroup: { id: stamps.id }
    customDomains: empty(customDomain) ? [] : [{ id: domain.id }]
    ruleSets: [{ id: edgeFacts.id }]
    supportedProtocols: ['Https']
    patternsToMatch: ['/api/v1/*', '/api/livez', '/api/readyz']
    forwardingProtocol: 'HttpsOnly'
    httpsRedirect: 'Disabled'
    linkToDefaultDomain: 'Enabled'
    enabledState: 'Enabled'
  }
  // A route is refused while its group has no origin, or its rule set no rule.
  dependsOn: [origins, country]
}

resource protection 'Microsoft.Cdn/profiles/securityPolicies@2025-06-01' = {
  parent: profile
  name: 'firewall'
  properties: {
    parameters: {
      type: 'WebApplicationFirewall'
      wafPolicy: { id: firewallId }
      associations: [
        {
          domains: empty(customDomain) ? [{ id: endpoint.id }] : [{ id: endpoint.id }, { id: domain.id }]
          patternsToMatch: ['/*']
        }
      ]
    }
  }
}

@description('Host name that players send to.')
output hostName string = endpoint.properties.hostName
