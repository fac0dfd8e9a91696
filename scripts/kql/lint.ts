// Every query of this repository against the engine's compiler and a schema made of kql/ itself: what the engine cannot
// run, or what names something that is not there, is told with file, panel and place.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compileQuery } from '../../local/kusto/plan/compile.ts';
import { KustoError, type Catalog } from '../../local/kusto/types.ts';
import { functionParts, viewParts, type Command } from './commands.ts';
import { loadKql } from './load.ts';

export interface LintQuery {
  readonly file: string;
  /** `function Qoe`, `panel Start failures (A)`, `variable cdn`, `annotation Incidents`, `alert framewatch-…`. */
  readonly what: string;
  readonly query: string;
  /** Line of the file on which the query's first line stands; 0 when the file is JSON. */
  readonly line: number;
}

export interface LintFinding {
  readonly at: string;
  readonly message: string;
}

const SAMPLES: Readonly<Record<string, string>> = {
  datetime: 'datetime(2026-01-02)',
  timespan: '5m',
  string: '"all"',
  long: '288',
  int: 'int(5)',
  real: '1.0',
  bool: 'true',
  dynamic: 'dynamic(["*"])',
};

/** A parameter as a `let`, so that the body can be checked where it stands. */
function asLet(parameter: string): string {
  const [head = '', initial] = parameter.split(/=(.*)/s);
  const colon = head.indexOf(':');
  const [name, type] = [head.slice(0, colon).trim(), head.slice(colon + 1).trim()];
  if (type.startsWith('(')) return `let ${name} = datatable${type}[];`;
  return `let ${name} = ${initial?.trim() ?? SAMPLES[type] ?? `${type}(null)`};`;
}

const parametersOf = (text: string): string[] =>
  text
    .slice(1, -1)
    .split(/,(?![^()[\]]*[)\]])/)
    .filter((part) => part.trim() !== '');

function functionQuery(command: Command): LintQuery {
  const { parameters, body } = functionParts(command);
  const lets = parametersOf(parameters).map(asLet).join(' ');
  const before = command.text.slice(0, command.text.lastIndexOf(body)).split('\n').length - 1;
  // On one line before the body, whose lines keep their distance from the command.
  const query = `${lets} ${body.slice(1, -1).replaceAll('\r', '')}`;
  return { file: command.file, what: `function ${command.name}`, query, line: command.line + before };
}

function viewQuery(command: Command): LintQuery {
  const { query } = viewParts(command);
  const before = command.text.slice(0, command.text.indexOf(query)).split('\n').length - 1;
  return { file: command.file, what: `view ${command.name}`, query, line: command.line + before };
}

/** Update policies hold queries too. */
function policyQueries(command: Command): LintQuery[] {
  if (command.detail !== 'update') return [];
  return [...command.text.matchAll(/"Query"\s*:\s*("(?:[^"\\]|\\.)*")/g)].map((match) => ({
    file: command.file,
    what: `update policy of ${command.name}`,
    query: JSON.parse(match[1] as string) as string,
    line: command.line,
  }));
}

interface Target {
  readonly refId?: string;
  readonly query?: string;
  readonly queryType?: string;
}
interface PanelJson {
  readonly title?: string;
  readonly targets?: readonly Target[];
  readonly panels?: readonly PanelJson[];
}
interface DashboardJson {
  readonly panels?: readonly PanelJson[];
  readonly templating?: { readonly list?: readonly { readonly name: string; readonly query?: string | Target }[] };
  readonly annotations?: { readonly list?: readonly { readonly name: string; readonly target?: Target }[] };
}
interface AlertsJson {
  readonly groups?: readonly {
    readonly rules: readonly { readonly uid: string; readonly data: readonly { readonly model: Target }[] }[];
  }[];
}

const panelQueries = (file: string, panels: readonly PanelJson[] = []): LintQuery[] =>
  panels.flatMap((panel) => [
    ...(panel.targets ?? []).map((target) => ({
      file,
      what: `panel ${panel.title ?? ''} (${target.refId ?? ''})`,
      query: target.query ?? '',
      line: 0,
    })),
    ...panelQueries(file, panel.panels),
  ]);

/** Queries of a dashboard, or of a file of alert rules. */
export function grafanaQueries(file: string, text: string): LintQuery[] {
  const json = JSON.parse(text) as DashboardJson & AlertsJson;
  const variables = (json.templating?.list ?? []).flatMap(({ name, query }) =>
    typeof query === 'object' && query.queryType === 'KQL'
      ? [{ file, what: `variable ${name}`, query: query.query ?? '', line: 0 }]
      : [],
  );
  const annotations = (json.annotations?.list ?? []).flatMap(({ name, target }) =>
    target?.query === undefined ? [] : [{ file, what: `annotation ${name}`, query: target.query, line: 0 }],
  );
  const alerts = (json.groups ?? []).flatMap(({ rules }) =>
    rules.flatMap(({ uid, data }) =>
      data.flatMap(({ model }) =>
        model.query === undefined ? [] : [{ file, what: `alert ${uid}`, query: model.query, line: 0 }],
      ),
    ),
  );
  return [...panelQueries(file, json.panels), ...variables, ...annotations, ...alerts].filter(
    ({ query }) => query !== '',
  );
}

/** A query as Kusto would get it: macros and variables filled in with sample values. */
export function withSampleValues(query: string): string {
  const [from, to] = ['datetime(2026-01-01T00:00:00Z)', 'datetime(2026-01-01T06:00:00Z)'];
  return query
    .replaceAll(/\$__timeFilter\(([^)]*)\)/g, (_, column: string) => `${column} >= ${from} and ${column} <= ${to}`)
    .replaceAll(/\$__timeFilter\b/g, `TimeGenerated >= ${from} and TimeGenerated <= ${to}`)
    .replaceAll(/\$__timeFrom(?:\(\))?/g, from)
    .replaceAll(/\$__timeTo(?:\(\))?/g, to)
    .replaceAll(/\$__timeInterval(?:\(\))?/g, '60000ms')
    .replaceAll(/\$__contains\(([^,]*),[^)]*\)/g, (_, column: string) => `${column.trim()} in ('a','b')`)
    .replaceAll(/\$__escapeMulti\([^)]*\)/g, "@'a'")
    .replaceAll(/\$\{(?!__)\w+(?::\w+)?\}|\$(?!__|left\b|right\b)[A-Za-z]\w*/g, "'*'");
}

/** All queries of kql/ and of Grafana's generated files below `root`. */
export function repositoryQueries(root: string): LintQuery[] {
  const commands = loadKql().flatMap((stage) => stage.commands);
  const own = commands.flatMap((command) => {
    if (command.kind === 'function') return [functionQuery(command)];
    if (command.kind === 'view') return [viewQuery(command)];
    return command.kind === 'policy' ? policyQueries(command) : [];
  });
  const files = globSync('grafana/generated/**/*.json', { cwd: root }).toSorted();
  return [...own, ...files.flatMap((file) => grafanaQueries(file, readFileSync(join(root, file), 'utf8')))];
}

/** What is wrong with one query, or nothing. */
export function lintQuery({ file, what, query, line }: LintQuery, catalog: Catalog): LintFinding | undefined {
  const text = withSampleValues(query);
  const unknown = /\$__\w+|\$\{__\w+/.exec(text)?.[0];
  if (unknown !== undefined) return { at: `${file}, ${what}`, message: `no sample value for the macro ${unknown}` };
  try {
    compileQuery(text, catalog, { now: new Date(0) });
    return undefined;
  } catch (error) {
    if (!(error instanceof KustoError)) throw error;
    const place =
      error.line === undefined
        ? ''
        : line > 0
          ? `:${line + error.line - 1}:${error.column ?? 1}`
          : `, query ${error.line}:${error.column ?? 1}`;
    const message = error.message.replace(/ ?\[line:position=\d+:\d+\]/, '');
    return { at: line > 0 ? `${file}${place} (${what})` : `${file}, ${what}${place}`, message };
  }
}
