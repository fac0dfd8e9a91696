import type { CallNode, TypeNode } from '../bicep/ast.ts';
import { plainText } from '../bicep/visit.ts';
import type { BicepFile } from '../bicep/workspace.ts';
import type { Context } from '../context.ts';
import { isList, isObject, placeOf, Resource, Runtime, shown, type Place, type Value } from '../evaluate/values.ts';
import { finding, type Finding } from '../finding.ts';

// The values handed to parameters, and those of outputs, fit what the file says it takes and gives.

const kindOf = (value: Value): string => {
  if (value === null) return 'null';
  if (isList(value)) return 'array';
  if (isObject(value)) return 'object';
  return typeof value === 'number' ? 'int' : typeof value === 'boolean' ? 'bool' : typeof value;
};
const SIMPLE: Readonly<Record<string, string>> = {
  string: 'string',
  securestring: 'string',
  int: 'int',
  bool: 'bool',
  object: 'object',
  secureobject: 'object',
  array: 'array',
};

/** What of a value does not fit a type, in words; nothing when it fits. */
function misfit(type: TypeNode, value: Value, file: BicepFile): string | undefined {
  if (value instanceof Runtime || value instanceof Resource) return undefined;
  switch (type.kind) {
    case 'nullable':
      return value === null ? undefined : misfit(type.inner, value, file);
    case 'literal':
      return value === type.value ? undefined : JSON.stringify(type.value);
    case 'union': {
      const words = type.members.map((member) => misfit(member, value, file));
      return words.includes(undefined) ? undefined : words.join(' | ');
    }
    case 'list': {
      if (!isList(value)) return 'array';
      return value.map((item) => misfit(type.item, item, file)).find((each) => each !== undefined);
    }
    case 'shape': {
      if (!isObject(value)) return 'object';
      const missing = type.properties.find(({ name, isOptional }) => !isOptional && !(name in value));
      if (missing) return `an object with ${missing.name}`;
      return type.properties
        .map(({ name, type: inner }) => (name in value ? misfit(inner, value[name] ?? null, file) : undefined))
        .find((each) => each !== undefined);
    }
    case 'named': {
      const simple = SIMPLE[type.name.toLowerCase()];
      if (simple !== undefined) return kindOf(value) === simple ? undefined : simple;
      const own = file.symbols.get(type.name);
      return own?.kind === 'type' ? misfit(own.type, value, file) : undefined;
    }
  }
}

const sizeOf = (value: Value): number => (typeof value === 'string' || isList(value) ? value.length : Number(value));

function decorated(decorators: readonly CallNode[], value: Value): string | undefined {
  for (const { name, args } of decorators) {
    const [arg] = args;
    if (value instanceof Runtime || (typeof value === 'string' && value.includes('«'))) return undefined;
    if (name === 'allowed' && arg?.kind === 'array') {
      const allowed = arg.items.map((item) => (item.kind === 'number' ? item.value : (plainText(item) ?? null)));
      if (!allowed.some((each) => each === value)) return allowed.join(' | ');
    }
    const limit = arg?.kind === 'number' ? arg.value : undefined;
    if (limit === undefined) continue;
    if ((name === 'minLength' || name === 'minValue') && sizeOf(value) < limit) return `${name} ${limit}`;
    if ((name === 'maxLength' || name === 'maxValue') && sizeOf(value) > limit) return `${name} ${limit}`;
  }
  return undefined;
}

function given(context: Context, path: string, values: Readonly<Record<string, Value>>, fallback: Place): Finding[] {
  const file = context.workspace.files.get(path);
  if (!file) return [];
  return Object.entries(values).flatMap(([name, value]) => {
    const declaration = file.symbols.get(name);
    if (declaration?.kind !== 'param') return [];
    const expected = misfit(declaration.type, value, file) ?? decorated(declaration.decorators, value);
    return expected === undefined
      ? []
      : [
          finding('parameters', placeOf(values, name) ?? fallback, [
            `parameter ${name} of ${path}`,
            shown(value),
            expected,
          ]),
        ];
  });
}

/** Parameters of every module call of every scenario, defaults, and outputs. */
export function parameters(context: Context): Finding[] {
  const found = context.scenarios.flatMap(({ deployment, events }) =>
    [...deployment.modules, ...events.modules].flatMap((call) =>
      given(context, call.file, call.parameters, call.place),
    ),
  );
  for (const { deployment } of context.scenarios) {
    const main = context.workspace.files.get('infra/main.bicep');
    for (const statement of main?.statements ?? []) {
      if (!main || statement.kind !== 'output') continue;
      const value = deployment.outputs[statement.name] ?? null;
      const expected = value === null ? undefined : misfit(statement.type, value, main);
      if (expected !== undefined)
        found.push(
          finding('parameters', { file: main.path, ...statement.at }, [
            `output ${statement.name}`,
            shown(value),
            expected,
          ]),
        );
    }
  }
  for (const file of context.workspace.files.values())
    for (const statement of file.statements) {
      const value = statement.kind === 'param' ? plainText(statement.value) : undefined;
      if (statement.kind !== 'param' || value === undefined) continue;
      const expected =
        misfit(statement.type, value, file) ?? (value === '' ? undefined : decorated(statement.decorators, value));
      if (expected !== undefined)
        found.push(
          finding('parameters', { file: file.path, ...statement.at }, [
            `default of ${statement.name}`,
            shown(value),
            expected,
          ]),
        );
    }
  return found;
}
