import type { Expression, ResourceDeclaration } from '../bicep/ast.ts';
import { expressionsOf } from '../bicep/visit.ts';
import { once, type BicepFile } from '../bicep/workspace.ts';
import { madeResources, type Context } from '../context.ts';
import { placeIn } from '../evaluate/deployment.ts';
import { finding, type Finding } from '../finding.ts';
import { misfits } from '../types/conform.ts';
import type { AzureShape, AzureType, TypeStore } from '../types/store.ts';

// Every resource has a type and version that Azure knows, and properties that this type takes.

/** Resources of a file, also those inside others, with their whole type. */
export function* resourcesOf(file: BicepFile): Generator<ResourceDeclaration> {
  function* inside(declaration: ResourceDeclaration): Generator<ResourceDeclaration> {
    yield declaration;
    for (let body: Expression = declaration.body; ;) {
      if (body.kind === 'for' || body.kind === 'if') body = body.body;
      else {
        if (body.kind === 'object')
          for (const nested of body.resources)
            yield* inside({
              ...nested,
              type: `${declaration.type}/${nested.type}`,
              apiVersion: nested.apiVersion || declaration.apiVersion,
            });
        return;
      }
    }
  }
  for (const statement of file.statements) if (statement.kind === 'resource') yield* inside(statement);
}

function unknownTypes({ workspace, types }: Context): Finding[] {
  return [...workspace.files.values()].flatMap((file) =>
    [...resourcesOf(file)].flatMap(({ type, apiVersion, at }) => {
      const known = types.resources.get(`${type}@${apiVersion}`.toLowerCase());
      const place = { file: file.path, ...at };
      if (known)
        return known.name === `${type}@${apiVersion}`
          ? []
          : [finding('types', place, ['spelling of the type', `${type}@${apiVersion}`, known.name])];
      const versions = types.versionsOf(type);
      const expected =
        versions.length > 0
          ? `${type}@${versions.join(' or ')}`
          : 'a type of Azure in infra/test/types/azure; npm run infra:types adds one';
      return [finding('types', place, ['unknown type or API version', `${type}@${apiVersion}`, expected])];
    }),
  );
}

function wrongBodies(context: Context): Finding[] {
  return [...madeResources(context)].flatMap(([resource]) => {
    const known = context.types.resources.get(`${resource.type}@${resource.apiVersion}`.toLowerCase());
    if (!known) return [];
    return misfits({ kind: 'shape', shape: () => known.shape }, resource.body, '').map(
      ({ path, what, got, expected }) =>
        finding('types', placeIn(resource, path), [`${what} ${path} of ${resource.type}`, got, expected]),
    );
  });
}

/** Follows `.a.b.c` into a type; the first name that is not there. */
function missingName(
  shape: AzureShape,
  names: readonly string[],
): { name: string; known: readonly string[] } | undefined {
  let type: AzureType = { kind: 'shape', shape: () => shape };
  for (const name of names) {
    if (type.kind !== 'shape') return undefined;
    const current: AzureShape = type.shape();
    const cases = [...current.cases.values()].flatMap((each) => (each.kind === 'shape' ? [each.shape()] : []));
    const property = [current, ...cases].map((each) => each.properties.get(name)).find((each) => each !== undefined);
    if (!property) return current.rest ? undefined : { name, known: [...current.properties.keys()] };
    type = property.type;
  }
  return undefined;
}

const ALWAYS = new Set(['id', 'name', 'type', 'apiVersion']);

function chainOf(node: Expression): { root: string; names: string[] } | undefined {
  if (node.kind === 'name') return { root: node.name, names: [] };
  if (node.kind === 'index') return chainOf(node.object);
  if (node.kind !== 'member') return undefined;
  const inner = chainOf(node.object);
  return inner && { root: inner.root, names: [...inner.names, node.name] };
}

/** `site.properties.defaultHostName`: does the type have it? The types are the same for all files. */
const wrongReads = (types: TypeStore): ((file: BicepFile) => Finding[]) => {
  readsOf ??= once((file) => readsIn(file, types));
  return readsOf;
};

let readsOf: ((file: BicepFile) => Finding[]) | undefined;

function readsIn(file: BicepFile, types: TypeStore): Finding[] {
  return file.statements.flatMap((statement) =>
    [...expressionsOf(statement)].flatMap(({ node, locals }) => {
      const chain = node.kind === 'member' ? chainOf(node) : undefined;
      const declaration = chain && !locals.has(chain.root) ? file.symbols.get(chain.root) : undefined;
      if (!chain || declaration?.kind !== 'resource' || ALWAYS.has(chain.names[0] ?? '')) return [];
      const known = types.resources.get(`${declaration.type}@${declaration.apiVersion}`.toLowerCase());
      const missing = known && missingName(known.shape, chain.names);
      return missing
        ? [
            finding('types', { file: file.path, ...node.at }, [
              `unknown property of ${chain.root}`,
              missing.name,
              `one of ${missing.known.join(', ')}`,
            ]),
          ]
        : [];
    }),
  );
}

/** Types, versions, bodies, and what is read from resources. */
export function resourceTypes(context: Context): Finding[] {
  return [
    ...unknownTypes(context),
    ...wrongBodies(context),
    ...[...context.workspace.files.values()].flatMap(wrongReads(context.types)),
  ];
}
