// Generated from kql/ by `npm run generate`; do not edit.
metadata description = 'Everything of kql/ as a chain of database scripts, in the order of npm run kql:deploy.'

@description('Cluster that holds the database.')
param clusterName string
@description('Database that the scripts shape.')
param databaseName string

var stages = [
  {
    name: '010-tables'
    files: [
      loadTextContent('../../kql/schema/generated/010-tables.kql')
    ]
  }
  {
    name: '020-mappings'
    files: [
      loadTextContent('../../kql/schema/generated/020-mappings.kql')
    ]
  }
  {
    name: '040-policies'
    files: [
      loadTextContent('../../kql/schema/040-policies.kql')
    ]
  }
  {
    name: '050-materialized-views'
    files: [
      loadTextContent('../../kql/schema/050-materialized-views.kql')
    ]
  }
  {
    name: '060-view-policies'
    files: [
      loadTextContent('../../kql/schema/060-view-policies.kql')
    ]
  }
  {
    name: 'functions'
    files: [
      loadTextContent('../../kql/functions/QoeRollup.kql')
      loadTextContent('../../kql/functions/QoeMetrics.kql')
      loadTextContent('../../kql/functions/QoeBy.kql')
      loadTextContent('../../kql/functions/Concurrent.kql')
      loadTextContent('../../kql/functions/ConcurrentNow.kql')
      loadTextContent('../../kql/functions/DegradedScopes.kql')
      loadTextContent('../../kql/functions/Incidents.kql')
      loadTextContent('../../kql/functions/IngestAudit.kql')
      loadTextContent('../../kql/functions/IngestHealth.kql')
      loadTextContent('../../kql/functions/Qoe.kql')
      loadTextContent('../../kql/functions/PlaybackFailures.kql')
      loadTextContent('../../kql/functions/RebufferRatio.kql')
      loadTextContent('../../kql/functions/Session.kql')
      loadTextContent('../../kql/functions/Sessions.kql')
      loadTextContent('../../kql/functions/StartupHistogram.kql')
      loadTextContent('../../kql/functions/StartupTime.kql')
      loadTextContent('../../kql/functions/VideoQuality.kql')
      loadTextContent('../../kql/functions/Watermark.kql')
      loadTextContent('../../kql/detectors/DetectorCohorts.kql')
      loadTextContent('../../kql/detectors/DetectorScopes.kql')
      loadTextContent('../../kql/detectors/DetectorSeries.kql')
      loadTextContent('../../kql/detectors/DetectorDefaults.kql')
      loadTextContent('../../kql/detectors/DetectorSuspects.kql')
      loadTextContent('../../kql/detectors/DetectorJudge.kql')
      loadTextContent('../../kql/detectors/DetectorFired.kql')
      loadTextContent('../../kql/detectors/DetectorRoots.kql')
      loadTextContent('../../kql/detectors/DetectorExcess.kql')
    ]
  }
  {
    name: 'functions-2'
    files: [
      loadTextContent('../../kql/detectors/Detect_All.kql')
      loadTextContent('../../kql/detectors/Detect_New.kql')
      loadTextContent('../../kql/alerts/Alert_Anomaly.kql')
      loadTextContent('../../kql/alerts/Alert_IngestStale.kql')
      loadTextContent('../../kql/alerts/SloDefaults.kql')
      loadTextContent('../../kql/alerts/Alert_SloBurn.kql')
    ]
  }
]

// A hash of each stage's text: a changed stage runs again, an unchanged one does not.
var hashes = map(stages, stage => uniqueString(join(stage.files, '\n')))

resource cluster 'Microsoft.Kusto/clusters@2024-04-13' existing = {
  name: clusterName
}

resource database 'Microsoft.Kusto/clusters/databases@2024-04-13' existing = {
  parent: cluster
  name: databaseName
}

// One after the other: two scripts at once on a cluster fail with ServiceIsInMaintenance.
@batchSize(1)
resource scripts 'Microsoft.Kusto/clusters/databases/scripts@2024-04-13' = [
  for (stage, index) in stages: {
    parent: database
    name: stage.name
    properties: {
      // kql/ holds no secret.
      #disable-next-line use-secure-value-for-secure-inputs
      scriptContent: join(stage.files, '\n')
      scriptLevel: 'Database'
      continueOnErrors: false
      // Running a script makes its caller database admin, by an assignment with a name of Azure's own; the last one takes
      // that away again, and so runs whenever any stage does: Azure refuses a second assignment of the same role and
      // principal, which access-stamp.bicep makes (https://github.com/Azure/ARO-HCP/pull/6258).
      forceUpdateTag: index == length(stages) - 1 ? uniqueString(join(hashes, '')) : hashes[index]
      principalPermissionsAction: index == length(stages) - 1 ? 'RemovePermissionOnScriptCompletion' : 'RetainPermissionOnScriptCompletion'
    }
  }
]

@description('The database, known once every script has run.')
output databaseName string = database.name
