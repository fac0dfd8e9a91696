// Cuts .kql files into management commands and says what each one makes.

export interface Command {
  readonly kind: 'table' | 'docstring' | 'column-docstrings' | 'mapping' | 'policy' | 'view' | 'function';
  /** The table, view or function. */
  readonly name: string;
  /** Policy: its name; mapping: its name; otherwise empty. */
  readonly detail: string;
  /** A policy's or view's entity kind: `table` or `materialized-view`. */
  readonly entity: 'table' | 'materialized-view';
  readonly text: string;
  readonly file: string;
  /** Line of the command's dot, from 1. */
  readonly line: number;
}

interface Shape {
  readonly kind: Command['kind'];
  readonly pattern: RegExp;
}

/** What kql/ may hold: every one can be applied again, and is allowed in an ARM database script (.create…, .alter…). */
const SHAPES: readonly Shape[] = [
  { kind: 'table', pattern: /^\.create-merge table (?<name>\w+)\s*\(/ },
  { kind: 'docstring', pattern: /^\.alter-merge table (?<name>\w+) docstring\b/ },
  { kind: 'column-docstrings', pattern: /^\.alter-merge table (?<name>\w+) column-docstrings\b/ },
  { kind: 'mapping', pattern: /^\.create-or-alter table (?<name>\w+) ingestion json mapping "(?<detail>\w+)"/ },
  {
    kind: 'policy',
    pattern: /^\.alter(?:-merge)? (?<entity>table|materialized-view) (?<name>\w+) policy (?<detail>\w+)\b/,
  },
  {
    kind: 'view',
    pattern:
      /^\.create-or-alter materialized-view with \([^\n]*\)\s*(?<name>\w+) on (?:table|materialized-view) \w+\s*\{/,
  },
  { kind: 'function', pattern: /^\.create-or-alter function with \([^\n]*\)\s*(?<name>\w+)\s*\(/ },
];

function readCommand(text: string, file: string, line: number): Command {
  for (const { kind, pattern } of SHAPES) {
    const groups = pattern.exec(text)?.groups;
    if (!groups) continue;
    const entity = kind === 'view' || groups['entity'] === 'materialized-view' ? 'materialized-view' : 'table';
    return { kind, name: groups['name'] ?? '', detail: groups['detail'] ?? '', entity, text, file, line };
  }
  throw new Error(`${file}:${line}: not a command that kql/ may hold: ${text.split('\n')[0] ?? ''}`);
}

/** Commands of one file, in order. A command begins with a dot in column 1; comments between commands are dropped. */
export function commandsOf(content: string, file: string): Command[] {
  const lines = content.split('\n');
  const starts = lines.flatMap((line, index) => (line.startsWith('.') ? [index] : []));
  const before = lines.slice(0, starts[0] ?? lines.length).find((line) => line.trim() !== '' && !line.startsWith('//'));
  if (before !== undefined) throw new Error(`${file}: text before the first command: ${before}`);
  return starts.map((start, at) => {
    const own = lines.slice(start, starts[at + 1] ?? lines.length);
    while (/^\s*(?:\/\/.*)?$/.test(own.at(-1) ?? 'x')) own.pop();
    return readCommand(own.join('\n'), file, start + 1);
  });
}

export interface FunctionParts {
  /** With parentheses. */
  readonly parameters: string;
  /** With braces. */
  readonly body: string;
  readonly folder: string;
  readonly docstring: string;
}

const property = (text: string, name: string): string =>
  (new RegExp(`\\b${name} = "((?:[^"\\\\]|\\\\.)*)"`).exec(text)?.[1] ?? '').replace(/\\(.)/g, '$1');

/** Parameters, body and properties of a function's command. */
export function functionParts({ text, name, file, line }: Command): FunctionParts {
  const head = text.slice(0, text.indexOf('\n'));
  const match = new RegExp(`\\n${name}\\s*(\\([\\s\\S]*?\\))\\s*\\n(\\{[\\s\\S]*\\})$`).exec(text);
  const [, parameters, body] = match ?? [];
  if (parameters === undefined || body === undefined)
    throw new Error(`${file}:${line}: expected 'Name(parameters)' and a body in braces on lines of their own`);
  return { parameters, body, folder: property(head, 'folder'), docstring: property(head, 'docstring') };
}

export interface ViewParts {
  readonly source: string;
  readonly query: string;
  /** Columns and bins of the by clause: they can never change. */
  readonly keys: string;
}

/** Source and query of a view's command. */
export function viewParts({ text, file, line }: Command): ViewParts {
  const match = / on (?:table|materialized-view) (\w+)\s*\{([\s\S]*)\}$/.exec(text);
  const [, source, query] = match ?? [];
  if (source === undefined || query === undefined)
    throw new Error(`${file}:${line}: expected 'on table Name { query }'`);
  return { source, query: query.trim(), keys: keysOf(query) };
}

/** The by clause of a view's summarize, without blanks. */
export const keysOf = (query: string): string =>
  (/\bby\b([^|]*)$/.exec(withoutComments(query))?.[1] ?? '').replaceAll(/\s/g, '');

/** Text without line comments; kql/ holds no string with two slashes. */
export const withoutComments = (text: string): string => text.replaceAll(/\/\/[^\n]*/g, '');

/** Blanks and comments do not make a difference. */
export const normalized = (text: string): string => withoutComments(text).replaceAll(/\s+/g, ' ').trim();

/** Column → type of a table's command. */
export function tableColumns({ text }: Command): Map<string, string> {
  const inner = text.slice(text.indexOf('(') + 1, text.lastIndexOf(')'));
  return new Map(
    inner.split(',').map((part): [string, string] => {
      const [name = '', type = ''] = part.split(':');
      return [name.trim(), type.trim()];
    }),
  );
}
