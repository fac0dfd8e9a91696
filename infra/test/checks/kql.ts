import { globSync } from 'node:fs';
import { dirname, join } from 'node:path/posix';
import { expressionsOf, plainText } from '../bicep/visit.ts';
import type { Context } from '../context.ts';
import { finding, type Finding } from '../finding.ts';

// Database scripts: only verbs that the script resource takes, everything of kql/, and not too many scripts.
// https://learn.microsoft.com/azure/data-explorer/database-script

const root = join(import.meta.dirname, '../../..');
const VERBS = /^\.(create-or-alter|create-merge|create|alter-merge|alter|add)\b/;
const MAX_SCRIPTS = 50;
const SCRIPT = 'Microsoft.Kusto/clusters/databases/scripts';

/** KQL files that a Bicep file loads, with the place of the call. */
const loadedBy = ({ workspace }: Context): { path: string; file: string; line: number; column: number }[] =>
  [...workspace.files.values()].flatMap((file) =>
    file.statements.flatMap((statement) =>
      [...expressionsOf(statement)].flatMap(({ node }) => {
        const [arg] = node.kind === 'call' && node.name === 'loadTextContent' ? node.args : [];
        const path = plainText(arg) ?? '';
        return path.endsWith('.kql') ? [{ path: join(dirname(file.path), path), file: file.path, ...node.at }] : [];
      }),
    ),
  );

function wrongVerbs(path: string, text: string): Finding[] {
  return text
    .split('\n')
    .flatMap((line, index) =>
      line.startsWith('.') && !VERBS.test(line)
        ? [
            finding('kql', { file: path, line: index + 1, column: 1 }, [
              'verb in a database script',
              line.split(/\s/, 2).join(' '),
              '.create, .create-or-alter, .create-merge, .alter, .alter-merge or .add',
            ]),
          ]
        : [],
    );
}

function tooMany({ scenarios }: Context): Finding[] {
  return scenarios.flatMap(({ deployment }) =>
    [
      ...Map.groupBy(
        deployment.resources.filter(({ type }) => type === SCRIPT),
        ({ parent }) => parent?.parent?.id,
      ),
    ].flatMap(([, scripts]) =>
      scripts.length > MAX_SCRIPTS && scripts[0]
        ? [finding('kql', scripts[0].place, ['scripts on a cluster', String(scripts.length), `at most ${MAX_SCRIPTS}`])]
        : [],
    ),
  );
}

/** Verbs, number and completeness of the scripts. */
export function kql(context: Context): Finding[] {
  const loaded = loadedBy(context);
  const paths = new Set(loaded.map(({ path }) => path));
  const found = loaded.flatMap(({ path, ...place }) => {
    const text = context.workspace.read(path);
    return text === undefined
      ? [finding('kql', place, ['file of a database script', path, 'an existing file'])]
      : wrongVerbs(path, text);
  });
  // kql/migrations and kql/reference hold what is applied by hand, or rows instead of commands.
  for (const path of globSync('kql/**/*.kql', { cwd: root, exclude: ['kql/migrations/**', 'kql/reference/**'] }).sort())
    if (!paths.has(path))
      found.push(
        finding('kql', { file: path, line: 1, column: 1 }, ['file in no database script', path, 'npm run generate']),
      );
  return [...found, ...tooMany(context)];
}
