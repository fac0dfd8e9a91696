import { dirname, join } from 'node:path/posix';
import type {
  Expression,
  ModuleDeclaration,
  ObjectNode,
  OutputDeclaration,
  ParameterDeclaration,
} from '../bicep/ast.ts';
import { expressionsOf } from '../bicep/visit.ts';
import type { BicepFile } from '../bicep/workspace.ts';
import type { Context } from '../context.ts';
import { finding, type Finding } from '../finding.ts';

// Modules are there, get the parameters they ask for, and give what is asked of them; nothing is handed over in vain.

/** Files that azd or a hook deploys; every other is a module of one of them. */
const ROOTS = new Set(['infra/main.bicep', 'infra/events.bicep']);

/** The object inside `[for …: if (…) {…}]`. */
function bodyOf(node: Expression): ObjectNode | undefined {
  if (node.kind === 'for' || node.kind === 'if') return bodyOf(node.body);
  return node.kind === 'object' ? node : undefined;
}

const parametersOf = (file: BicepFile): ParameterDeclaration[] =>
  file.statements.filter((each) => each.kind === 'param');
const outputsOf = (file: BicepFile): OutputDeclaration[] => file.statements.filter((each) => each.kind === 'output');
const moduleOf = (file: BicepFile): ModuleDeclaration[] => file.statements.filter((each) => each.kind === 'module');
const targetOf = (file: BicepFile, module: ModuleDeclaration): string => join(dirname(file.path), module.path);

function call(file: BicepFile, module: ModuleDeclaration, target: BicepFile): Finding[] {
  const place = { file: file.path, ...module.at };
  const body = bodyOf(module.body);
  const given = body?.properties.find(({ name }) => name === 'params')?.value;
  const properties = given?.kind === 'object' ? given.properties : [];
  const parameters = parametersOf(target);
  const names = new Set(parameters.map(({ name }) => name));
  const found = properties
    .filter(({ name }) => name !== undefined && !names.has(name))
    .map(({ name, at }) =>
      finding('modules', { file: file.path, ...at }, [
        `unknown parameter of ${module.path}`,
        name ?? '',
        `one of ${[...names].join(', ')}`,
      ]),
    );
  for (const { name, value, type } of parameters) {
    const isGiven = properties.some((property) => property.name === name);
    if (!isGiven && value === undefined && type.kind !== 'nullable')
      found.push(finding('modules', place, [`missing parameter of ${module.path}`, 'nothing', name]));
  }
  const hasScope = body?.properties.some(({ name }) => name === 'scope') ?? false;
  if (target.targetScope !== file.targetScope && !hasScope)
    found.push(
      finding('modules', place, [`${module.path} without scope`, file.targetScope, `scope: a ${target.targetScope}`]),
    );
  return found;
}

/** `module.outputs.name`, through loops and conditions: symbol → name → where. */
function* outputUses(file: BicepFile): Generator<{ module: string; output: string; at: Expression['at'] }> {
  const rootOf = (node: Expression): string | undefined => {
    if (node.kind === 'index' || node.kind === 'member') return rootOf(node.object);
    return node.kind === 'name' ? node.name : undefined;
  };
  for (const statement of file.statements)
    for (const { node } of expressionsOf(statement))
      if (node.kind === 'member' && node.object.kind === 'member' && node.object.name === 'outputs')
        yield { module: rootOf(node.object.object) ?? '', output: node.name, at: node.at };
}

/** Calls of modules, and what is asked of their outputs. */
export function modules({ workspace }: Context): Finding[] {
  const found: Finding[] = [];
  const called = new Set<string>(ROOTS);
  const usedOutputs = new Set<string>();
  for (const file of workspace.files.values()) {
    for (const statement of file.statements)
      if (statement.kind === 'import') called.add(join(dirname(file.path), statement.path));
    for (const module of moduleOf(file)) {
      const target = workspace.files.get(targetOf(file, module));
      called.add(targetOf(file, module));
      if (target) found.push(...call(file, module, target));
      else
        found.push(
          finding('modules', { file: file.path, ...module.at }, [
            'module file is not there',
            module.path,
            'an existing .bicep file',
          ]),
        );
    }
    for (const { module, output, at } of outputUses(file)) {
      const declaration = file.symbols.get(module);
      const target = declaration?.kind === 'module' ? workspace.files.get(targetOf(file, declaration)) : undefined;
      if (!target) continue;
      usedOutputs.add(`${target.path} ${output}`);
      const outputs = outputsOf(target).map(({ name }) => name);
      if (!outputs.includes(output))
        found.push(
          finding('modules', { file: file.path, ...at }, [
            `unknown output of ${module}`,
            output,
            `one of ${outputs.join(', ')}`,
          ]),
        );
    }
  }
  for (const file of workspace.files.values()) {
    if (!called.has(file.path))
      found.push(
        finding('modules', { file: file.path, line: 1, column: 1 }, [
          'module that nobody calls',
          file.path,
          'to be called or deleted',
        ]),
      );
    if (ROOTS.has(file.path)) continue;
    for (const { name, at } of outputsOf(file).filter((output) => !usedOutputs.has(`${file.path} ${output.name}`)))
      found.push(
        finding('modules', { file: file.path, ...at }, ['unused output', name, 'to be read by a caller or deleted']),
      );
  }
  return found;
}
