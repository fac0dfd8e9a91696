// docs/infrastructure.md: pictures and lists of what infra/ makes, generated from the Bicep itself.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { diagramOf } from './diagram.ts';
import { contextOf, type Context, type Scenario } from './test/context.ts';
import { deploy } from './test/evaluate/deployment.ts';
import { isList, isObject, type Resource } from './test/evaluate/values.ts';

interface Role {
  readonly identity: string;
  readonly role: string;
  readonly id?: string;
  readonly scope: string;
  readonly reason: string;
}

interface Alert {
  readonly name: string;
  readonly severity: number;
  readonly description: string;
}

/** Scenarios of infra/test that are drawn, and what they show. */
const PICTURES: readonly (readonly [scenario: string, title: string])[] = [
  ['dev', 'One region, profile dev'],
  ['standard, isolated', 'One region, profile standard, network isolation'],
  ['scale, two regions', 'Two regions, profile scale'],
];

const read = (name: string): unknown => JSON.parse(readFileSync(join(import.meta.dirname, name), 'utf8'));
const cell = (text: string): string => text.replaceAll('|', '\\|');
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.map(cell).join(' | ')} |`).join('\n');

/** Everything that a scenario makes: main.bicep, and events.bicep in every stamp. */
function madeBy({ deployment }: Scenario, { workspace }: Context): Resource[] {
  const stamps = deployment.outputs['FRAMEWATCH_STAMPS'] ?? null;
  const events = (isList(stamps) ? stamps : []).filter(isObject).flatMap((stamp) => {
    const { systemTopicName = '', landingAccountName = '', functionAppName = '' } = stamp;
    const dropContainers = deployment.outputs['FRAMEWATCH_DROP_CONTAINERS'] ?? '';
    return deploy(workspace, 'infra/events.bicep', {
      systemTopicName,
      landingAccountName,
      functionAppName,
      dropContainers,
    }).resources;
  });
  return [...deployment.resources, ...events].filter(({ isExisting }) => !isExisting);
}

interface Picture {
  readonly name: string;
  readonly title: string;
  readonly made: readonly Resource[];
}

/** Resources by type, one column a picture. */
function counts(pictures: readonly Picture[]): string {
  const types = [...new Set(pictures.flatMap(({ made }) => made.map(({ type }) => type)))];
  const rows = types
    .toSorted((a, b) => a.localeCompare(b))
    .map((type) => [
      `\`${type}\``,
      ...pictures.map(({ made }) => String(made.filter((one) => one.type === type).length)),
    ]);
  const sums = ['all', ...pictures.map(({ made }) => String(made.length))];
  return table(['resource type', ...pictures.map(({ name }) => name)], [...rows, sums]);
}

/** The generated page: path from the root → content. */
export function generateDiagram(): Map<string, string> {
  const context = contextOf();
  const roles = Object.values(read('roles.json') as Record<string, Role>);
  const names = new Map(roles.map(({ id, role }) => [id ?? '', role]));
  const alerts = read('alerts.json') as { readonly metrics: readonly Alert[]; readonly queries: readonly Alert[] };
  const pictures = PICTURES.map(([name, title]): Picture => {
    const scenario = context.scenarios.find((one) => one.name === name);
    if (!scenario) throw new Error(`infra/test/context.ts has no scenario '${name}' any more`);
    return { name, title, made: madeBy(scenario, context) };
  });
  const drawn = pictures.map(
    ({ title, made }) => `## ${title}\n\n\`\`\`mermaid\n${diagramOf(made, (id) => names.get(id) ?? id)}\n\`\`\`\n`,
  );
  const page = `# Infrastructure in pictures

Generated from infra/ by \`npm run generate\`; do not edit.

Boxes are resources, full arrows are messages, dotted arrows are rights: who may do what on what. Every arrow is read from a property or a role assignment of the deployment that the Bicep files describe. All of them also send their logs and metrics to Log Analytics.

${drawn.join('\n')}
## Rights

The whole list; \`infra/roles.json\` is its source, and \`npm run infra:check\` fails when the Bicep files assign anything else.

${table(
  ['who', 'role', 'on', 'why'],
  roles.map(({ identity, role, scope, reason }) => [identity, role, scope, reason]),
)}

## Platform alerts

From \`infra/alerts.json\`. What viewers feel is watched by Grafana's rules on the data itself, not here.

${table(
  ['alert', 'severity', 'means'],
  [...alerts.metrics, ...alerts.queries].map(({ name, severity, description }) => [
    name,
    String(severity),
    description,
  ]),
)}

## What is made

${counts(pictures)}
`;
  return new Map([['docs/infrastructure.md', page]]);
}
