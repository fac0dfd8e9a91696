// The workflows, dependency updates and dev container, held to what GitHub takes and to the repository: GitHub itself cannot be asked here.
// Keys: https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseDocument } from 'yaml';

const root = join(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

interface Step {
  readonly name?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
  readonly if?: string;
}
interface Job {
  readonly 'runs-on'?: string;
  readonly 'timeout-minutes'?: number;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly needs?: string | readonly string[];
  readonly steps: readonly Step[];
}
interface Workflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions: Readonly<Record<string, string>>;
  readonly concurrency: unknown;
  readonly jobs: Readonly<Record<string, Job>>;
}

const KEYS = ['name', 'run-name', 'on', 'permissions', 'env', 'defaults', 'concurrency', 'jobs'];
const JOB_KEYS = [
  'name',
  'if',
  'needs',
  'runs-on',
  'timeout-minutes',
  'permissions',
  'environment',
  'concurrency',
  'env',
  'outputs',
  'defaults',
  'strategy',
  'continue-on-error',
  'services',
  'container',
  'steps',
];
const STEP_KEYS = [
  'id',
  'name',
  'if',
  'uses',
  'run',
  'with',
  'env',
  'shell',
  'working-directory',
  'continue-on-error',
  'timeout-minutes',
];
const EVENTS = ['pull_request', 'push', 'schedule', 'workflow_dispatch', 'merge_group', 'release'];
const SCOPES: Readonly<Record<string, readonly string[]>> = {
  contents: ['read'],
  'id-token': ['write'],
  'security-events': ['write'],
};
const CONTEXTS = ['github', 'vars', 'inputs', 'matrix', 'env', 'steps', 'needs', 'runner', 'job'];

const files = globSync('.github/workflows/*.yml', { cwd: root }).sort();
const parsed = files.map((path) => ({ path, text: read(path), document: parseDocument(read(path)) }));
const workflows = parsed.map(({ path, text, document }) => ({ path, text, workflow: document.toJS() as Workflow }));
const scripts = Object.keys((JSON.parse(read('package.json')) as { scripts: Record<string, string> }).scripts);

/** Contexts an expression reads; throws when it is not one. */
function contextsOf(expression: string): string[] {
  const plain = expression.replace(/'(?:[^']|'')*'/g, "''");
  if (/[^\w\s.'()[\]!=<>&|,*-]/.test(plain)) throw new Error(`not an expression: ${expression}`);
  const open = plain.split('(').length - plain.split(')').length;
  if (open !== 0 || plain.trim() === '' || /(&&|\|\||==|!=)\s*$/.test(plain))
    throw new Error(`not an expression: ${expression}`);
  return [...plain.matchAll(/(?<![\w.])([a-z]\w*)\./gi)].map((match) => match[1] ?? '');
}

it('there are workflows to look at', () => expect(files.length).toBeGreaterThanOrEqual(5));

describe.each(parsed)('$path', ({ document, text }) => {
  const workflow = document.toJS() as Workflow;
  const steps = Object.values(workflow.jobs).flatMap((job) => job.steps);

  it('is YAML with keys that GitHub knows', () => {
    expect([...document.errors, ...document.warnings].map(String)).toEqual([]);
    expect(Object.keys(workflow).filter((key) => !KEYS.includes(key))).toEqual([]);
    expect(Object.keys(workflow.on).filter((event) => !EVENTS.includes(event))).toEqual([]);
    for (const [name, job] of Object.entries(workflow.jobs)) {
      expect(
        Object.keys(job).filter((key) => !JOB_KEYS.includes(key)),
        name,
      ).toEqual([]);
      expect(job['runs-on'], name).toMatch(/^ubuntu-\d\d\.\d\d$/);
      expect(job['timeout-minutes'], `${name} ends by itself`).toBeGreaterThan(0);
      for (const needed of [job.needs ?? []].flat()) expect(Object.keys(workflow.jobs)).toContain(needed);
      for (const step of job.steps) {
        expect(Object.keys(step).filter((key) => !STEP_KEYS.includes(key))).toEqual([]);
        expect(
          [step.uses, step.run].filter((each) => each !== undefined),
          'uses or run',
        ).toHaveLength(1);
      }
    }
  });

  it('asks for no more rights than it needs, and keeps no secret', () => {
    expect(workflow.permissions).toEqual({ contents: 'read' });
    for (const job of Object.values(workflow.jobs))
      for (const [scope, right] of Object.entries(job.permissions ?? {})) expect(SCOPES[scope], scope).toContain(right);
    expect(text).not.toMatch(/secrets\.|pull_request_target|workflow_run/);
    expect(workflow.concurrency).toBeDefined();
  });

  it('pins actions by commit with the version beside it, or says why not', () => {
    const lines = text.split('\n');
    for (const [index, line] of lines.entries()) {
      const uses = /uses: (\S+)(.*)$/.exec(line);
      if (!uses) continue;
      const isPinned = /@[0-9a-f]{40}$/.test(uses[1] ?? '') && /# v\d+\.\d+\.\d+/.test(uses[2] ?? '');
      const isExplained = /could not be looked up/.test(lines[index - 1] ?? '');
      expect(isPinned || isExplained, line).toBe(true);
    }
    for (const step of steps)
      if (step.uses?.startsWith('actions/checkout@')) expect(step.with?.['persist-credentials']).toBe(false);
  });

  it('runs what is there', () => {
    for (const { run = '' } of steps) {
      for (const [, script] of run.matchAll(/\bnpm run ([\w:-]+)/g)) expect(scripts).toContain(script);
      for (const [path] of run.matchAll(/(?<![\w/])(?:\.ci|scripts|infra|test|player-probe)\/[\w./-]+/g))
        expect(existsSync(join(root, path)), path).toBe(true);
      expect(run, 'text of an event inside a shell script is an injection').not.toMatch(/\$\{\{/);
    }
  });

  it('has expressions that read known contexts', () => {
    const conditions = [...text.matchAll(/^\s*if: (.+)$/gm)].map((match) => match[1] ?? '');
    const expressions = [...text.matchAll(/\$\{\{(.*?)\}\}/g)].map((match) => match[1] ?? '');
    for (const expression of [...conditions, ...expressions])
      for (const context of contextsOf(expression)) expect(CONTEXTS, expression).toContain(context);
    expect(text.split('${{').length, 'every ${{ is closed').toBe(text.split('}}').length);
  });
});

it('documents every variable that has to be set on GitHub', () => {
  const names = new Set(
    workflows.flatMap(({ text }) => [...text.matchAll(/\bvars\.(\w+)/g)].map((match) => match[1] ?? '')),
  );
  const guide = read('docs/deploy.md');
  expect([...names].filter((name) => !guide.includes(name))).toEqual([]);
});

it('hands every choice of the deployment to azd with its default, in the preview as in the deployment', () => {
  const choices = [...read('infra/main.parameters.json').matchAll(/\$\{(FRAMEWATCH_\w+)=([^}]*)\}/g)];
  expect(choices.length).toBeGreaterThan(8);
  for (const path of ['.github/workflows/deploy.yml', '.github/workflows/infra-preview.yml']) {
    const text = read(path);
    for (const [, name = '', fallback = ''] of choices)
      expect(text).toContain(`${name}: \${{ vars.${name}${fallback === '' ? '' : ` || '${fallback}'`} }}`);
  }
});

it('tells a broken expression from a sound one', () => {
  expect(contextsOf(" vars.A != '' && github.ref == 'x' ")).toEqual(['vars', 'github']);
  for (const broken of ['vars.A ==', '(github.ref', 'github.ref; rm', ''])
    expect(() => contextsOf(broken)).toThrow('not an expression');
});

it('updates what there is', () => {
  const { updates } = parseDocument(read('.github/dependabot.yml')).toJS() as {
    updates: { 'package-ecosystem': string; directory: string }[];
  };
  const proof: Readonly<Record<string, string>> = {
    npm: 'package-lock.json',
    'github-actions': '.github/workflows',
    devcontainers: '.devcontainer/devcontainer.json',
  };
  for (const { 'package-ecosystem': ecosystem, directory } of updates)
    expect(existsSync(join(root, directory, proof[ecosystem] ?? 'nothing')), ecosystem).toBe(true);
  expect(updates).toHaveLength(3);
});

it('gives the dev container the Node and the ports of the project', () => {
  const container = JSON.parse(read('.devcontainer/devcontainer.json')) as {
    image: string;
    forwardPorts: number[];
    postCreateCommand: string;
  };
  expect(container.image).toContain(`:${read('.node-version').trim().split('.')[0]}-`);
  expect(container.postCreateCommand).toContain('npm ci');
  const guide = read('README.md');
  for (const port of container.forwardPorts) expect(guide).toContain(`127.0.0.1:${port}`);
});
