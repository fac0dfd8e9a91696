import { existsSync, globSync } from 'node:fs';
import { join } from 'node:path';
import { parseDocument, type Document } from 'yaml';
import type { ObjectNode, OutputDeclaration } from '../bicep/ast.ts';
import type { Context } from '../context.ts';
import { finding, type Finding } from '../finding.ts';

// azure.yaml, its hooks, the parameters azd fills in, and the outputs that hooks read: each used, none missing.
// Keys: https://github.com/Azure/azure-dev/blob/main/schemas/v1.0/azure.yaml.json

const root = join(import.meta.dirname, '../../..');
const YAML = 'azure.yaml';
/** Where people read what they may set. */
const GUIDE = 'docs/deploy.md';
const TOP = [
  'name',
  'metadata',
  'requiredVersions',
  'infra',
  'services',
  'hooks',
  'pipeline',
  'resourceGroup',
  'state',
  'workflows',
  'resources',
  'platform',
  'cloud',
];
const SERVICE = [
  'project',
  'host',
  'language',
  'dist',
  'module',
  'resourceName',
  'resourceGroup',
  'hooks',
  'config',
  'remoteBuild',
  'env',
  'uses',
  'docker',
  'image',
  'apiVersion',
  'condition',
];
const HOOK = ['shell', 'run', 'kind', 'dir', 'continueOnError', 'interactive', 'windows', 'posix', 'secrets', 'config'];
const EVENTS = /^(pre|post)(provision|infracreate|infradelete|up|package|publish|deploy|down|restore|build)$/;
/** What azd itself puts into an environment, and what a person may set. */
const BUILT_IN = new Set([
  'AZURE_ENV_NAME',
  'AZURE_LOCATION',
  'AZURE_SUBSCRIPTION_ID',
  'AZURE_PRINCIPAL_ID',
  'AZURE_TENANT_ID',
  'AZURE_RESOURCE_MANAGER_URL',
]);
/** Outputs that azd reads. */
const READ_BY_AZD = new Set(['AZURE_RESOURCE_GROUP']);

const hookFiles = (): string[] =>
  globSync('{infra/hooks,grafana/deploy}/**/*.ts', { cwd: root, exclude: ['**/*.test.ts', '**/test/**'] }).sort();

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

class Yaml {
  readonly #document: Document;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
    this.#document = parseDocument(text);
  }

  get value(): Record<string, unknown> {
    return (this.#document.toJS() ?? {}) as Record<string, unknown>;
  }

  get errors(): readonly { message: string }[] {
    return this.#document.errors;
  }

  place(path: readonly string[]): { file: string; line: number; column: number } {
    const node = this.#document.getIn(path, true) as { range?: readonly number[] } | undefined;
    const offset = node?.range?.[0] ?? 0;
    return { file: YAML, line: this.#text.slice(0, offset).split('\n').length, column: 1 };
  }
}

/** A hook's commands: each an npm script that exists. */
function wrongHook(
  yaml: Yaml,
  path: readonly string[],
  hook: unknown,
  scripts: Readonly<Record<string, string>>,
): Finding[] {
  const at = yaml.place(path);
  const name = path.at(-1) ?? '';
  if (!EVENTS.test(name)) return [finding('azd', at, ['unknown hook', name, 'pre- or post- and a command of azd'])];
  const entries = typeof hook === 'object' && hook !== null ? (hook as Record<string, unknown>) : {};
  const found = Object.keys(entries)
    .filter((key) => !HOOK.includes(key))
    .map((key) => finding('azd', at, [`key of hook ${name}`, key, HOOK.join(', ')]));
  for (const command of text(entries['run'])
    .split('&&')
    .map((part) => part.trim())) {
    const script = /^npm run ([\w:-]+)/.exec(command)?.[1];
    const text = script === undefined ? undefined : scripts[script];
    if (text === undefined)
      found.push(
        finding('azd', at, [`command of hook ${name}`, command || 'nothing', 'npm run with a script of package.json']),
      );
    else {
      const file = /\bnode (\S+\.ts)/.exec(text)?.[1];
      if (file !== undefined && !existsSync(join(root, file)))
        found.push(finding('azd', at, [`file of script ${script}`, file, 'an existing file']));
    }
  }
  return found;
}

function wrongYaml({ workspace }: Context): Finding[] {
  const yaml = new Yaml(workspace.read(YAML) ?? '');
  const { value } = yaml;
  const [bad] = yaml.errors;
  if (bad)
    return [
      finding('azd', { file: YAML, line: 1, column: 1 }, ['not YAML', bad.message.split('\n', 1)[0] ?? '', 'YAML']),
    ];
  const { scripts } = JSON.parse(workspace.read('package.json') ?? '{}') as { scripts: Record<string, string> };
  const found = Object.keys(value)
    .filter((key) => !TOP.includes(key))
    .map((key) => finding('azd', yaml.place([key]), ['unknown key', key, TOP.join(', ')]));
  const services = (value['services'] ?? {}) as Record<string, Record<string, unknown>>;
  for (const [name, service] of Object.entries(services)) {
    for (const key of Object.keys(service))
      if (!SERVICE.includes(key))
        found.push(
          finding('azd', yaml.place(['services', name, key]), [`key of service ${name}`, key, SERVICE.join(', ')]),
        );
    if (service['host'] !== 'function')
      found.push(
        finding('azd', yaml.place(['services', name, 'host']), [`host of ${name}`, text(service['host']), 'function']),
      );
    for (const [event, hook] of Object.entries(service['hooks'] ?? {}))
      found.push(...wrongHook(yaml, ['services', name, 'hooks', event], hook, scripts));
  }
  for (const [event, hook] of Object.entries(value['hooks'] ?? {}))
    found.push(...wrongHook(yaml, ['hooks', event], hook, scripts));
  const infra = (value['infra'] ?? {}) as { path?: string; module?: string };
  const main = `${infra.path ?? 'infra'}/${infra.module ?? 'main'}.bicep`;
  if (!workspace.files.has(main))
    found.push(finding('azd', yaml.place(['infra']), ['module of azure.yaml', main, 'an existing file']));
  return found;
}

const outputsOf = ({ workspace }: Context): OutputDeclaration[] =>
  (workspace.files.get('infra/main.bicep')?.statements ?? []).filter((each) => each.kind === 'output');

function wrongParameters({ workspace }: Context): Finding[] {
  const path = 'infra/main.parameters.json';
  const text = workspace.read(path) ?? '{}';
  const { parameters = {} } = JSON.parse(text) as { parameters?: Record<string, unknown> };
  const file = workspace.files.get('infra/main.bicep');
  const at = (name: string) => ({
    file: path,
    line: text.slice(0, Math.max(0, text.indexOf(`"${name}"`))).split('\n').length,
    column: 1,
  });
  const found = Object.keys(parameters)
    .filter((name) => file?.symbols.get(name)?.kind !== 'param')
    .map((name) =>
      finding('azd', at(name), ['parameter that main.bicep does not have', name, 'a param of main.bicep']),
    );
  for (const statement of file?.statements ?? [])
    if (statement.kind === 'param' && !statement.value && !(statement.name in parameters))
      found.push(
        finding('azd', { file: 'infra/main.bicep', ...statement.at }, [
          'parameter without a value',
          statement.name,
          `an entry of ${path} or a default`,
        ]),
      );
  return found;
}

function wrongOutputs(context: Context): Finding[] {
  const { workspace } = context;
  const guide = workspace.read(GUIDE) ?? '';
  const texts = hookFiles().map((file) => ({ file, text: workspace.read(file) ?? '' }));
  const everything = [...texts.map(({ text }) => text), workspace.read(YAML) ?? ''].join('\n');
  const outputs = outputsOf(context);
  const found = outputs
    .filter(({ name }) => !READ_BY_AZD.has(name) && !everything.includes(name))
    .map(({ name, at }) =>
      finding('azd', { file: 'infra/main.bicep', ...at }, ['output that no hook reads', name, 'to be read or deleted']),
    );
  const variables = [...(workspace.read('infra/main.parameters.json') ?? '').matchAll(/\$\{(\w+)/g)].map(
    (match) => match[1] ?? '',
  );
  const known = new Set([...BUILT_IN, ...outputs.map(({ name }) => name), ...variables]);
  for (const { file, text: code } of texts)
    for (const { 1: method, 2: name = '', index } of code.matchAll(/\b(get|need)\(\s*'([A-Z][A-Z0-9_]+)'/g)) {
      const isOptional = method === 'get' && (guide.includes(name) || code.includes(`or ${name}=`));
      if (known.has(name) || isOptional) continue;
      const place = { file, line: code.slice(0, index).split('\n').length, column: 1 };
      found.push(
        finding('azd', place, [
          'setting that nothing sets',
          name,
          `an output of main.bicep, a variable of main.parameters.json, or a choice described in ${GUIDE}`,
        ]),
      );
    }
  return [...found, ...wrongStamp(context, texts)];
}

/** The fields of the output `stamp` are those that hooks read. */
function wrongStamp({ workspace }: Context, texts: readonly { text: string }[]): Finding[] {
  const file = workspace.files.get('infra/modules/stamp.bicep');
  const output = file?.statements.find(
    (each): each is OutputDeclaration => each.kind === 'output' && each.name === 'stamp',
  );
  if (!file || output?.value.kind !== 'object') return [];
  const { properties }: ObjectNode = output.value;
  const declared =
    /interface Stamp \{([^}]*)\}/.exec(workspace.read('infra/hooks/support/settings.ts') ?? '')?.[1] ?? '';
  const wanted = new Set([...declared.matchAll(/readonly (\w+)/g)].map((match) => match[1] ?? ''));
  const code = texts.map(({ text }) => text.replace(/interface Stamp \{[^}]*\}/, '')).join('\n');
  const found = properties
    .filter(({ name }) => !wanted.has(name ?? '') || !new RegExp(`\\b${name}\\b`).test(code))
    .map(({ name, at }) =>
      finding('azd', { file: file.path, ...at }, [
        'field of a stamp that no hook reads',
        name ?? '',
        'to be read or deleted',
      ]),
    );
  for (const name of wanted)
    if (!properties.some((property) => property.name === name))
      found.push(
        finding('azd', { file: file.path, ...output.at }, ['field of a stamp that hooks read', 'nothing', name]),
      );
  return found;
}

/** azd's side: file, hooks, parameters, outputs. */
export function azd(context: Context): Finding[] {
  return [...wrongYaml(context), ...wrongParameters(context), ...wrongOutputs(context)];
}
