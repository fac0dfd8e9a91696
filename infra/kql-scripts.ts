// infra/generated/kusto-scripts.bicep: kql/ as a chain of database scripts, in the order in which `npm run kql:deploy` applies it.
import { loadKql } from '../scripts/kql/load.ts';

/** A script stays far below what Azure Data Explorer takes, and its failure names few files. */
const SCRIPT_CHARACTERS = 48_000;

interface Part {
  readonly name: string;
  readonly files: string[];
}

/** Stages as parts: a stage's files in order, cut where a part would grow too long. */
export function scriptParts(maxCharacters = SCRIPT_CHARACTERS): Part[] {
  return loadKql().flatMap(({ name, commands }) => {
    const lengths = new Map<string, number>();
    for (const { file, text } of commands) lengths.set(file, (lengths.get(file) ?? 0) + text.length);
    const parts: Part[] = [];
    let room = 0;
    for (const [file, length] of lengths) {
      const last = parts.at(-1);
      if (last && length <= room) {
        last.files.push(file);
        room -= length;
      } else {
        parts.push({ name: parts.length === 0 ? name : `${name}-${parts.length + 1}`, files: [file] });
        room = maxCharacters - length;
      }
    }
    return parts;
  });
}

const load = (file: string): string => `loadTextContent('../../${file}')`;

const entryOf = ({ name, files }: Part): string =>
  `  {\n    name: '${name}'\n    files: [\n${files.map((file) => `      ${load(file)}`).join('\n')}\n    ]\n  }`;

/** The generated file: path from the root → content. */
export function generateKqlScripts(): Map<string, string> {
  const parts = scriptParts();
  const text = `// Generated from kql/ by \`npm run generate\`; do not edit.
metadata description = 'Everything of kql/ as a chain of database scripts, in the order of npm run kql:deploy.'

@description('Cluster that holds the database.')
param clusterName string
@description('Database that the scripts shape.')
param databaseName string

var stages = [
${parts.map(entryOf).join('\n')}
]

// A hash of each stage's text: a changed stage runs again, an unchanged one does not.
var hashes = map(stages, stage => uniqueString(join(stage.files, '\\n')))

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
      scriptContent: join(stage.files, '\\n')
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
`;
  return new Map([['infra/generated/kusto-scripts.bicep', text]]);
}
