import type { Expression, Statement } from '../bicep/ast.ts';
import { expressionsOf, visit } from '../bicep/visit.ts';
import type { BicepFile } from '../bicep/workspace.ts';
import { madeResources, type Context } from '../context.ts';
import { placeIn } from '../evaluate/deployment.ts';
import { isKeyCall } from '../evaluate/functions.ts';
import { Runtime, walk } from '../evaluate/values.ts';
import { finding, type Finding } from '../finding.ts';
import { dirname, join } from 'node:path/posix';

// Nothing authenticates by key, and no secret leaves the parameter it came in by.

const CONNECTION = /\b(AccountKey|SharedAccessKey|SharedAccessSignature|AccessKey|Password|Pwd)\s*=|[?&]sig=/i;
const KEY_TYPES = /\/(authorizationRules|listKeys)$/i;
const SECRET_NAME = /(secret|password|connectionstring|accesskey|sharedkey|token)$/i;
/** With local authentication off this string says where to send, and lets nobody in. A domain's token stands in public DNS. */
const NO_SECRET = /insights.*ConnectionString$|domain_?token$/i;

const isSecure = (statement: Statement | undefined): boolean =>
  statement?.kind === 'param' &&
  (statement.decorators.some(({ name }) => name === 'secure') ||
    (statement.type.kind === 'named' && /^secure/i.test(statement.type.name)));

/** Parameters that are secure, and variables made of them. */
function secureNames(file: BicepFile): Set<string> {
  const names = new Set([...file.symbols].filter(([, statement]) => isSecure(statement)).map(([name]) => name));
  for (let before = -1; before !== names.size;) {
    before = names.size;
    for (const statement of file.statements)
      if (
        statement.kind === 'var' &&
        [...visit(statement.value)].some(({ node }) => node.kind === 'name' && names.has(node.name))
      )
        names.add(statement.name);
  }
  return names;
}

const mentions = (node: Expression, names: ReadonlySet<string>): boolean => {
  // `empty(secret)` tells whether there is one, not what it is.
  if (node.kind === 'call' && node.name === 'empty') return false;
  if (node.kind === 'ternary') return mentions(node.yes, names) || mentions(node.no, names);
  return [...visit(node)].some((each) => each.node.kind === 'name' && names.has(each.node.name));
};

function inFile(file: BicepFile, context: Context): Finding[] {
  const secure = secureNames(file);
  const at = (node: { at: Expression['at'] }) => ({ file: file.path, ...node.at });
  return file.statements.flatMap((statement): Finding[] => {
    const found: Finding[] = [];
    for (const { node } of expressionsOf(statement)) {
      if (node.kind === 'call' && isKeyCall(node.name))
        found.push(
          finding(
            'secrets',
            at(node),
            ['key-based connection', `${node.name}()`, 'an identity with a role'],
            'outputs-should-not-contain-secrets, PSRule Azure.Deployment.OutputSecretValue',
          ),
        );
      if (node.kind === 'string' && node.parts.some((part) => typeof part === 'string' && CONNECTION.test(part)))
        found.push(
          finding('secrets', at(node), [
            'key-based connection',
            'a connection string',
            'an endpoint and an identity with a role',
          ]),
        );
    }
    if (
      statement.kind === 'output' &&
      (mentions(statement.value, secure) ||
        (SECRET_NAME.test(statement.name.replaceAll('_', '')) && !NO_SECRET.test(statement.name)))
    )
      found.push(
        finding(
          'secrets',
          at(statement),
          ['secret in an output', statement.name, 'no secret: outputs are kept in clear'],
          'outputs-should-not-contain-secrets',
        ),
      );
    if (isSecure(statement) && statement.kind === 'param' && statement.value && !isFresh(statement.value))
      found.push(
        finding(
          'secrets',
          at(statement),
          ['default of a secure parameter', statement.name, "'' or newGuid()"],
          'secure-parameter-default',
        ),
      );
    if (statement.kind === 'module') found.push(...handedOver(file, statement, secure, context));
    return found;
  });
}

const isFresh = (value: Expression): boolean =>
  (value.kind === 'string' && value.parts.length === 0) || (value.kind === 'call' && value.name === 'newGuid');

function handedOver(
  file: BicepFile,
  module: Extract<Statement, { kind: 'module' }>,
  secure: ReadonlySet<string>,
  { workspace }: Context,
): Finding[] {
  const target = workspace.files.get(join(dirname(file.path), module.path));
  const bodies = [...visit(module.body)].flatMap(({ node }) => (node.kind === 'object' ? node.properties : []));
  const params = bodies.find(({ name }) => name === 'params')?.value;
  if (!target || params?.kind !== 'object') return [];
  return params.properties
    .filter(({ name, value }) => mentions(value, secure) && !isSecure(target.symbols.get(name ?? '')))
    .map(({ name, at }) =>
      finding(
        'secrets',
        { file: file.path, ...at },
        ['secret handed to a plain parameter', `${name} of ${module.path}`, '@secure() there'],
        'secure-params-in-nested-deploy',
      ),
    );
}

/** Keys, connection strings, and secrets where they can be read. */
export function secrets(context: Context): Finding[] {
  const found = [...context.workspace.files.values()].flatMap((file) => inFile(file, context));
  for (const [resource] of madeResources(context)) {
    if (KEY_TYPES.test(resource.type))
      found.push(
        finding('secrets', resource.place, ['key-based connection', resource.type, 'an identity with a role']),
      );
    if (resource.type === 'Microsoft.KeyVault/vaults/secrets') continue;
    for (const [path, value] of walk(resource.body))
      if ((value instanceof Runtime && value.isSecret) || (typeof value === 'string' && value.includes('«secret:')))
        found.push(
          finding('secrets', placeIn(resource, path), [`secret in ${resource.type}`, path, 'a reference to Key Vault']),
        );
  }
  return found;
}
