import type { Expression, Position, Statement } from '../bicep/ast.ts';
import { expressionsOf, typeNames } from '../bicep/visit.ts';
import { once, type BicepFile } from '../bicep/workspace.ts';
import type { Context } from '../context.ts';
import { isKnownFunction } from '../evaluate/functions.ts';
import { finding, type Finding } from '../finding.ts';

// Every name is declared once, known, and used.

const BUILT_IN_TYPES = new Set([
  'string',
  'int',
  'bool',
  'object',
  'array',
  'secureString',
  'secureObject',
  'resourceInput',
  'any',
]);
const DECORATORS = new Set([
  'description',
  'metadata',
  'allowed',
  'minLength',
  'maxLength',
  'minValue',
  'maxValue',
  'secure',
  'batchSize',
  'export',
  'sealed',
  'discriminator',
  'onlyIfNotExists',
]);
const WORDS: Readonly<Record<string, string>> = {
  param: 'parameter',
  var: 'variable',
  import: 'import',
  type: 'type',
  func: 'function',
};

/** Names that a statement uses: of values, functions, and types. */
function* uses(statement: Statement): Generator<{ name: string; at: Position; kind: 'value' | 'function' | 'type' }> {
  for (const { node, locals } of expressionsOf(statement)) {
    if (node.kind === 'name' && !locals.has(node.name)) yield { name: node.name, at: node.at, kind: 'value' };
    if (node.kind === 'call' && isPlain(node.target)) yield { name: node.name, at: node.at, kind: 'function' };
  }
  const types =
    statement.kind === 'func'
      ? [statement.returns, ...statement.parameters.map(({ type }) => type)]
      : statement.kind === 'param' || statement.kind === 'output' || statement.kind === 'type'
        ? [statement.type]
        : [];
  for (const type of types)
    for (const { name, at } of typeNames(type)) yield { name: name.split('.')[0] ?? '', at, kind: 'type' };
}

const isPlain = (target: Expression | undefined): boolean =>
  !target || (target.kind === 'name' && (target.name === 'az' || target.name === 'sys'));

const namesOf = (statement: Statement): readonly string[] => {
  if (statement.kind === 'import') return Object.keys(statement.names);
  return statement.kind === 'scope' || statement.kind === 'metadata' || statement.kind === 'output'
    ? []
    : [statement.name];
};

/** A resource of its own is used by being there; everything else has to be named somewhere. */
const mustBeUsed = (statement: Statement): boolean =>
  ['param', 'var', 'import', 'type', 'func'].includes(statement.kind) ||
  (statement.kind === 'resource' && statement.isExisting);

const isExported = (statement: Statement): boolean =>
  'decorators' in statement && statement.decorators.some(({ name }) => name === 'export');

function unusedIn(file: BicepFile, used: ReadonlySet<string>): Finding[] {
  return file.statements
    .filter((statement) => mustBeUsed(statement) && !isExported(statement))
    .flatMap((statement) =>
      namesOf(statement)
        .filter((name) => !used.has(name))
        .map((name) =>
          finding(
            'names',
            { file: file.path, ...statement.at },
            [`unused ${WORDS[statement.kind] ?? 'existing resource'}`, name, 'to be used or deleted'],
            `no-unused-${statement.kind === 'resource' ? 'existing-resources' : `${statement.kind}s`}`,
          ),
        ),
    );
}

function unknownIn(file: BicepFile): Finding[] {
  return file.statements.flatMap((statement) =>
    [...uses(statement)].flatMap(({ name, at, kind }) => {
      const isKnown =
        kind === 'type'
          ? BUILT_IN_TYPES.has(name) || file.symbols.has(name)
          : kind === 'function'
            ? isKnownFunction(name) || file.symbols.get(name)?.kind === 'func'
            : file.symbols.has(name) || name === 'az' || name === 'sys';
      return isKnown
        ? []
        : [
            finding('names', { file: file.path, ...at }, [
              `unknown ${kind}`,
              name,
              kind === 'value' ? 'a param, var, resource or module of this file' : `a ${kind} of Bicep or of this file`,
            ]),
          ];
    }),
  );
}

function twiceIn(file: BicepFile): Finding[] {
  const seen = new Map<string, Position>();
  return file.statements.flatMap((statement) =>
    namesOf(statement).flatMap((name) => {
      const first = seen.get(name);
      seen.set(name, statement.at);
      return first
        ? [
            finding('names', { file: file.path, ...statement.at }, [
              'declared twice',
              name,
              `one declaration; the first is in line ${first.line}`,
            ]),
          ]
        : [];
    }),
  );
}

const decoratorsIn = (file: BicepFile): Finding[] =>
  file.statements.flatMap((statement) =>
    'decorators' in statement
      ? statement.decorators
          .filter(({ name }) => !DECORATORS.has(name))
          .map(({ name, at }) =>
            finding('names', { file: file.path, ...at }, [
              'unknown decorator',
              `@${name}()`,
              [...DECORATORS].join(', '),
            ]),
          )
      : [],
  );

/** The rule use-description-*: whoever calls a module needs to know what a parameter means. */
const undescribedIn = (file: BicepFile): Finding[] =>
  file.statements
    .filter((statement) => statement.kind === 'param' || statement.kind === 'output')
    .filter((statement) => !statement.decorators.some(({ name }) => name === 'description'))
    .map((statement) =>
      finding(
        'names',
        { file: file.path, ...statement.at },
        [`${statement.kind} without description`, statement.name, '@description()'],
        statement.kind === 'param' ? 'use-description-params' : 'use-description-outputs',
      ),
    );

const ofFile = once((file: BicepFile): Finding[] => {
  const used = new Set(file.statements.flatMap((statement) => [...uses(statement)].map(({ name }) => name)));
  return [...unusedIn(file, used), ...unknownIn(file), ...twiceIn(file), ...decoratorsIn(file), ...undescribedIn(file)];
});

/** Names are known, used, declared once and described. */
export const names = ({ workspace }: Context): Finding[] => [...workspace.files.values()].flatMap(ofFile);
