import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Statement, SyntaxFault } from './ast.ts';
import { tryParse } from './parser.ts';

// The infrastructure's files, read once, with a way to put another text in a file's place: that is how faults are seeded.

export interface BicepFile {
  /** From the repository's root, with `/`. */
  readonly path: string;
  readonly text: string;
  readonly statements: readonly Statement[];
  readonly fault: SyntaxFault | undefined;
  /** What a name stands for; outputs have names of their own. */
  readonly symbols: ReadonlyMap<string, Statement>;
  readonly targetScope: string;
}

export interface Workspace {
  readonly files: ReadonlyMap<string, BicepFile>;
  /** Any file of the repository, or undefined. */
  read(path: string): string | undefined;
}

const root = join(import.meta.dirname, '../../..');

function symbolsOf(statements: readonly Statement[]): Map<string, Statement> {
  const symbols = new Map<string, Statement>();
  for (const statement of statements) {
    if (statement.kind === 'import') for (const name of Object.keys(statement.names)) symbols.set(name, statement);
    else if (statement.kind !== 'scope' && statement.kind !== 'output' && statement.kind !== 'metadata')
      symbols.set(statement.name, statement);
  }
  return symbols;
}

/** Files as they were when first read: faults are seeded by replacing, never by writing. */
const onDisk = new Map<string, string>();
const parsed = new Map<string, BicepFile>();

/** Parses a file; the same text is parsed once. */
function fileOf(path: string, text: string): BicepFile {
  const key = `${path}\n${text}`;
  const known = parsed.get(key);
  if (known) return known;
  const { statements, fault } = tryParse(text);
  const scope = statements.find((statement) => statement.kind === 'scope');
  const file: BicepFile = {
    path,
    text,
    statements,
    fault,
    symbols: symbolsOf(statements),
    targetScope: scope?.value ?? 'resourceGroup',
  };
  parsed.set(key, file);
  return file;
}

/** Remembers what was said of a file: the same file says the same. */
export function once<T>(say: (file: BicepFile) => T): (file: BicepFile) => T {
  const said = new WeakMap<BicepFile, { readonly answer: T }>();
  return (file) => {
    const known = said.get(file) ?? { answer: say(file) };
    said.set(file, known);
    return known.answer;
  };
}

/**
 * Reads every Bicep file below infra/.
 * @param replaced texts to take instead of those on disk, by path from the root
 */
export function readWorkspace(replaced: Readonly<Record<string, string>> = {}): Workspace {
  const read = (path: string): string | undefined => {
    const text = replaced[path] ?? onDisk.get(path);
    if (text !== undefined) return text;
    const full = join(root, path);
    if (!existsSync(full)) return undefined;
    const fresh = readFileSync(full, 'utf8');
    onDisk.set(path, fresh);
    return fresh;
  };
  const paths = globSync('infra/**/*.bicep', { cwd: root })
    .map((path) => path.replaceAll('\\', '/'))
    .sort();
  const all = new Set([...paths, ...Object.keys(replaced).filter((path) => path.endsWith('.bicep'))]);
  return { files: new Map([...all].map((path) => [path, fileOf(path, read(path) ?? '')])), read };
}
