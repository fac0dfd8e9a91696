metadata description = 'Event Grid subscriptions of one stamp. Deployed after the code: Event Grid asks the app for the function and refuses when it is not there.'

targetScope = 'resourceGroup'

@description('System topic of the landing account.')
param systemTopicName string
@description('Landing account, which also takes the dead letters.')
param landingAccountName string
@description('Function app with the function blobCreated.')
param functionAppName string
@description('Pairs container=tenant, as the setting FRAMEWATCH_DROP_CONTAINERS has them.')
param dropContainers string

var containers = map(split(dropContainers, ','), pair => trim(split(pair, '=')[0]))

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' existing = {
  name: systemTopicName
}

resource landing 'Microsoft.Storage/storageAccounts@2025-01-01' existing = {
  name: landingAccountName
}

resource app 'Microsoft.Web/sites@2024-11-01' existing = {
  name: functionAppName
}

resource subscriptions 'Microsoft.EventGrid/systemTopics/eventSubscriptions@2025-02-15' = [
  for container in containers: {
    parent: topic
    name: 'blob-created-${container}'
    properties: {
      eventDeliverySchema: 'EventGridSchema'
      // Not a web hook: Event Grid fetches the function's key itself, and renews it.
      destination: {
        endpointType: 'AzureFunction'
        properties: {
          resourceId: '${app.id}/functions/blobCreated'
          maxEventsPerBatch: 1
          preferredBatchSizeInKilobytes: 64
        }
      }
      filter: {
        includedEventTypes: ['Microsoft.Storage.BlobCreated']
        subjectBeginsWith: '/blobServices/default/containers/${container}/'
        isSubjectCaseSensitive: true
        enableAdvancedFilteringOnArrays: true
        advancedFilters: [
          // Whole blobs only: not the first half of a hierarchical account's create and flush.
          {
            operatorType: 'StringIn'
            key: 'data.api'
            values: ['PutBlob', 'PutBlockList', 'CopyBlob', 'FlushWithClose']
          }
        ]
      }
      retryPolicy: {
        maxDeliveryAttempts: 30
        eventTimeToLiveInMinutes: 1440
      }
      // The account takes no keys: the topic's identity writes.
      deadLetterWithResourceIdentity: {
        identity: { type: 'SystemAssigned' }
        deadLetterDestination: {
          endpointType: 'StorageBlob'
          properties: {
            resourceId: landing.id
            blobContainerName: 'dead-letter'
          }
        }
      }
    }
  }
]

@description('Names of the subscriptions.')
output subscriptionNames array = [for container in containers: 'blob-created-${container}']
