import type { Expression, ObjectNode, Position } from '../bicep/ast.ts';
import { expressionsOf, plainText, visit } from '../bicep/visit.ts';
import { once, type BicepFile } from '../bicep/workspace.ts';
import type { Context } from '../context.ts';
import { finding, type Finding } from '../finding.ts';

// Rules of Bicep's linter that infra/bicepconfig.json sets to error and that can be told from the text.
// https://learn.microsoft.com/azure/azure-resource-manager/bicep/linter

type Told = readonly [rule: string, at: Position, what: string, got: string, expected: string];

const PLAIN_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

function* ofExpression(node: Expression): Generator<Told> {
  if (node.kind === 'string' && node.parts.length === 1 && typeof node.parts[0] === 'object')
    yield ['simplify-interpolation', node.at, 'string of one expression', "'${…}'", 'the expression alone'];
  if (node.kind === 'call' && node.name === 'any')
    yield ['no-explicit-any', node.at, 'any()', 'any()', 'a value of the right type'];
  if (node.kind === 'call' && node.name === 'json' && plainText(node.args[0]) === 'null')
    yield ['simplify-json-null', node.at, "json('null')", "json('null')", 'null'];
  if (node.kind === 'call' && node.name === 'concat' && node.args.some((arg) => arg.kind === 'string'))
    yield ['prefer-interpolation', node.at, 'concat() of texts', 'concat()', "'${a}${b}'"];
  if (node.kind === 'index' && plainText(node.index) !== undefined && PLAIN_NAME.test(plainText(node.index) ?? ''))
    yield [
      'prefer-unquoted-property-names',
      node.at,
      'quoted property',
      `['${plainText(node.index)}']`,
      `.${plainText(node.index)}`,
    ];
}

/** Quoted names cannot be told from plain ones in the tree; the text says. */
function quotedNames(file: BicepFile): Told[] {
  return file.text.split('\n').flatMap((line, index): Told[] => {
    const name = /^\s*'([A-Za-z_][A-Za-z0-9_]*)':/.exec(line)?.[1];
    return name === undefined
      ? []
      : [
          [
            'prefer-unquoted-property-names',
            { line: index + 1, column: line.indexOf("'") + 1 },
            'quoted property name',
            `'${name}'`,
            name,
          ],
        ];
  });
}

const bodyOf = (node: Expression): ObjectNode | undefined =>
  node.kind === 'for' || node.kind === 'if' ? bodyOf(node.body) : node.kind === 'object' ? node : undefined;

/** `dependsOn` of something that the body names anyway. */
function* needless(body: ObjectNode, file: BicepFile): Generator<Told> {
  const listed = body.properties.find(({ name }) => name === 'dependsOn')?.value;
  const others = body.properties.filter(({ name }) => name !== 'dependsOn');
  const used = new Set(
    others.flatMap(({ value }) => [...visit(value)].flatMap(({ node }) => (node.kind === 'name' ? [node.name] : []))),
  );
  for (const item of listed?.kind === 'array' ? listed.items : []) {
    if (item.kind !== 'name' || !used.has(item.name)) continue;
    const target = file.symbols.get(item.name);
    if (target?.kind === 'resource' && target.isExisting) continue;
    yield ['no-unnecessary-dependson', item.at, 'dependsOn of what is used anyway', item.name, 'nothing'];
  }
}

function* ofFile(file: BicepFile): Generator<Told> {
  for (const statement of file.statements) {
    const nodes = [...expressionsOf(statement)].map(({ node }) => node);
    // A computed property name can be written in no other way.
    const keys = new Set(
      nodes.flatMap((node) => (node.kind === 'object' ? node.properties.map(({ key }) => key) : [])),
    );
    for (const node of nodes) if (node.kind !== 'string' || !keys.has(node)) yield* ofExpression(node);
    if (statement.kind === 'resource' || statement.kind === 'module') {
      const body = bodyOf(statement.body);
      if (body) yield* needless(body, file);
      const name = body?.properties.find((property) => property.name === 'name')?.value;
      const parts = name?.kind === 'string' ? name.parts.filter((part) => typeof part === 'string').join('') : '';
      if (statement.kind === 'resource' && parts.includes('/'))
        yield [
          'use-parent-property',
          name?.at ?? statement.at,
          'name of a child',
          parts,
          'parent: and the last part of the name',
        ];
    }
    if (
      statement.kind === 'param' &&
      /(password|secret|accesskey|token)$/i.test(statement.name) &&
      !statement.decorators.some(({ name }) => name === 'secure') &&
      !statement.name.endsWith('token')
    )
      yield ['secure-secrets-in-params', statement.at, 'parameter with a secret', statement.name, '@secure()'];
  }
  yield* quotedNames(file);
}

/** Limits of the linter: max-params, max-variables, max-resources, max-outputs. */
const LIMITS = { param: 256, var: 512, resource: 800, output: 64 } as const;

function* tooMany(file: BicepFile): Generator<Told> {
  for (const [kind, limit] of Object.entries(LIMITS)) {
    const count = file.statements.filter((statement) => statement.kind === kind).length;
    if (count > limit)
      yield [`max-${kind}s`, { line: 1, column: 1 }, `${kind}s of a file`, String(count), `at most ${limit}`];
  }
}

const told = once((file: BicepFile): Finding[] =>
  [...ofFile(file), ...tooMany(file)].map(([rule, at, what, got, expected]) =>
    finding('style', { file: file.path, ...at }, [what, got, expected], rule),
  ),
);

/** What Bicep's own linter would say. */
export const style = ({ workspace }: Context): Finding[] => [...workspace.files.values()].flatMap(told);
