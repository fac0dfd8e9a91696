// What the code does on Azure → which role of roles.json lets it. A use names the line of code that needs it.

interface RoleUse {
  /** Type and name of what the role is given on; regular expressions. */
  readonly scopes: readonly string[];
  readonly uses: readonly { readonly file: string; readonly says: string }[];
}

const CONTAINER = 'Microsoft\\.Storage/storageAccounts/blobServices/containers:';
const DATABASE = 'Microsoft\\.Kusto/clusters/databases/principalAssignments';

export const usesOfRoles: Readonly<Record<string, RoleUse>> = {
  functionsHostStorage: {
    scopes: ['Microsoft\\.Storage/storageAccounts:sthost\\w+'],
    uses: [{ file: 'infra/modules/function-app.bicep', says: 'AzureWebJobsStorage__blobServiceUri: hostBlobEndpoint' }],
  },
  functionsReadTelemetry: {
    scopes: [`${CONTAINER}(telemetry|partner)`],
    uses: [
      { file: 'functions/adapters/blob-reader.ts', says: 'download(0, undefined, { conditions: { ifMatch: etag }' },
      { file: 'functions/adapters/checkpoint-store.ts', says: 'drop.listBlobsFlat()' },
    ],
  },
  functionsWriteCheckpoints: {
    scopes: [`${CONTAINER}checkpoints`],
    uses: [
      { file: 'functions/adapters/checkpoint-store.ts', says: "const CONTAINER = 'checkpoints'" },
      { file: 'functions/adapters/checkpoint-store.ts', says: 'lease.acquireLease(LEASE_SECONDS)' },
    ],
  },
  functionsWriteQuarantine: {
    scopes: [`${CONTAINER}quarantine`],
    uses: [
      { file: 'functions/adapters/blob-reader.ts', says: "const QUARANTINE = 'quarantine'" },
      { file: 'functions/adapters/blob-reader.ts', says: '.uploadStream(source' },
      { file: 'functions/adapters/spill-store.ts', says: "const QUARANTINE = 'quarantine'" },
    ],
  },
  functionsSpill: {
    scopes: [`${CONTAINER}spill`],
    uses: [
      { file: 'functions/adapters/spill-store.ts', says: "const CONTAINER = 'spill'" },
      { file: 'functions/adapters/spill-store.ts', says: 'blob.upload(body' },
    ],
  },
  functionsSalts: {
    scopes: [`${CONTAINER}salts`],
    uses: [
      { file: 'functions/adapters/salt-store.ts', says: "const CONTAINER = 'salts'" },
      { file: 'functions/adapters/salt-store.ts', says: 'await blob.upload(salt' },
      { file: 'functions/adapters/salt-store.ts', says: '.deleteIfExists()' },
    ],
  },
  functionsReadSecrets: {
    scopes: ['Microsoft\\.KeyVault/vaults:kv-\\w+'],
    uses: [{ file: 'infra/modules/function-app.bicep', says: '@Microsoft.KeyVault(SecretUri=${vaultUri}secrets/' }],
  },
  functionsPublishMetrics: {
    scopes: ['Microsoft\\.Insights/components:appi-\\w+'],
    uses: [{ file: 'infra/modules/function-app.bicep', says: 'APPLICATIONINSIGHTS_AUTHENTICATION_STRING' }],
  },
  functionsIngest: {
    scopes: [DATABASE],
    uses: [
      { file: 'functions/adapters/kusto-client.ts', says: 'executeStreamingIngest(database, table' },
      { file: 'functions/adapters/kusto-queue.ts', says: '.ingestFromStream(' },
    ],
  },
  functionsQuery: {
    scopes: [DATABASE],
    uses: [{ file: 'functions/adapters/kusto-client.ts', says: "executeQuery(database, 'print 1')" }],
  },
  functionsReceiveTelemetry: {
    scopes: ['Microsoft\\.EventHub/namespaces/eventhubs:telemetry'],
    uses: [{ file: 'functions/index.ts', says: "app.eventHub('telemetryHub'" }],
  },
  functionsSendRows: {
    scopes: ['Microsoft\\.EventHub/namespaces/eventhubs:rows'],
    uses: [{ file: 'functions/adapters/event-hubs-client.ts', says: '.sendBatch([event]' }],
  },
  kustoReceiveRows: {
    scopes: ['Microsoft\\.EventHub/namespaces/eventhubs:rows'],
    uses: [{ file: 'infra/modules/kusto-connection.bicep', says: 'managedIdentityResourceId: cluster.id' }],
  },
  topicWriteDeadLetters: {
    scopes: [`${CONTAINER}dead-letter`],
    uses: [{ file: 'infra/events.bicep', says: 'deadLetterWithResourceIdentity' }],
  },
  grafanaQuery: {
    scopes: [DATABASE],
    uses: [{ file: 'infra/roles.json', says: 'Dashboards and alert rules read' }],
  },
  deployerGrafanaAdmin: {
    scopes: ['Microsoft\\.Dashboard/grafana:amg-[\\w-]+'],
    uses: [{ file: 'package.json', says: '"grafana:deploy"' }],
  },
  deployerSecrets: {
    scopes: ['Microsoft\\.KeyVault/vaults:kv-\\w+'],
    uses: [{ file: 'infra/hooks/support/write-keys.ts', says: 'secrets/framewatch-keys' }],
  },
  deployerDatabase: {
    scopes: [DATABASE],
    uses: [{ file: 'package.json', says: '"kql:deploy"' }],
  },
};
