import type { Expression, Statement } from '../bicep/ast.ts';
import { visit } from '../bicep/visit.ts';
import type { BicepFile } from '../bicep/workspace.ts';
import type { Context } from '../context.ts';
import { finding, type Finding } from '../finding.ts';

// Names, scopes, conditions and loops are settled before a deployment begins (BCP120, BCP178, BCP182): nothing that only a
// finished resource or module knows may stand in them. What comes in as a parameter is settled by then.

const SETTLED = new Set(['id', 'name', 'type', 'apiVersion']);
const BEFORE = new Set(['name', 'scope', 'parent', 'location']);

/** `module.outputs` or `resource.properties`: known when it is finished. */
function lateRead(node: Expression, locals: ReadonlySet<string>, file: BicepFile): string | undefined {
  if (node.kind !== 'member') return undefined;
  const root = node.object.kind === 'index' ? node.object.object : node.object;
  if (root.kind !== 'name' || locals.has(root.name)) return undefined;
  const kind = file.symbols.get(root.name)?.kind;
  const isLate = kind === 'module' || (kind === 'resource' && !SETTLED.has(node.name));
  return isLate ? `${root.name}.${node.name}` : undefined;
}

/** A late read in an expression, also through variables. */
function late(node: Expression, file: BicepFile, seen: ReadonlySet<string> = new Set()): string | undefined {
  for (const { node: inner, locals } of visit(node)) {
    const direct = lateRead(inner, locals, file);
    if (direct !== undefined) return direct;
    if (inner.kind !== 'name' || locals.has(inner.name) || seen.has(inner.name)) continue;
    const statement = file.symbols.get(inner.name);
    const through = statement?.kind === 'var' ? late(statement.value, file, new Set([...seen, inner.name])) : undefined;
    if (through !== undefined) return `${through} by ${inner.name}`;
  }
  return undefined;
}

/** Expressions of a resource or module that have to be settled. */
function* settled(statement: Statement): Generator<readonly [what: string, node: Expression]> {
  if (statement.kind !== 'resource' && statement.kind !== 'module') return;
  for (let body: Expression = statement.body; ;) {
    if (body.kind === 'for') {
      yield ['loop', body.over];
      body = body.body;
    } else if (body.kind === 'if') {
      yield ['condition', body.condition];
      body = body.body;
    } else {
      if (body.kind !== 'object') return;
      // A module's own location and parent are parameters like others.
      for (const { name, value } of body.properties)
        if (
          name !== undefined &&
          BEFORE.has(name) &&
          (statement.kind === 'resource' || name === 'scope' || name === 'name')
        )
          yield [name, value];
      return;
    }
  }
}

/** What must be known at the start is. */
export function startValues({ workspace }: Context): Finding[] {
  return [...workspace.files.values()].flatMap((file) =>
    file.statements.flatMap((statement) =>
      [...settled(statement)].flatMap(([what, node]) => {
        const found = late(node, file);
        return found === undefined
          ? []
          : [
              finding(
                'start',
                { file: file.path, ...node.at },
                [`${what} that is known too late`, found, 'a parameter, a variable of such, or a name or id'],
                'BCP120',
              ),
            ];
      }),
    ),
  );
}
