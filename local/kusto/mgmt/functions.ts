import type { FunctionEntity } from '../catalog/entities.ts';
import { compileFor } from '../exec/query.ts';
import { KustoError } from '../types.ts';
import { table as result, type CommandContext, type CommandResult, type Handlers } from './command.ts';
import type { Scanner } from './scanner.ts';
import { parametersOf } from './schema-text.ts';

const COLUMNS = {
  Name: 'string',
  Parameters: 'string',
  Body: 'string',
  Folder: 'string',
  DocString: 'string',
} as const;
const row = (fn: FunctionEntity): unknown[] => [fn.name, fn.parameters, fn.body, fn.folder, fn.docstring];

/** Literals that let a function be compiled for a check, by parameter type. */
const SAMPLES: Readonly<Record<string, string>> = {
  bool: 'true',
  int: 'int(1)',
  long: 'long(1)',
  real: 'real(1)',
  decimal: 'decimal(1)',
  string: "''",
  datetime: 'datetime(2026-01-01)',
  date: 'datetime(2026-01-01)',
  timespan: '1h',
  time: '1h',
  dynamic: 'dynamic([])',
  double: 'real(1)',
  guid: 'guid(00000000-0000-0000-0000-000000000000)',
};

/**
 * Compiles the body with its parameters as query parameters, so that a wrong name in it is told at once, with its line.
 * A function with tabular parameters cannot be checked that way and is told when it is called.
 */
async function validate(context: CommandContext, fn: FunctionEntity): Promise<void> {
  const parameters = parametersOf(fn.parameters);
  const samples = Object.fromEntries(parameters.map(({ name, type }) => [name, SAMPLES[type] ?? '']));
  if (Object.values(samples).includes('')) return;
  const { catalog } = context.engine;
  const snapshot = catalog.snapshot(context.database);
  const functions = [...snapshot.functions.filter(({ name }) => name !== fn.name), fn];
  const trial = { ...snapshot, version: catalog.trialVersion(), functions };
  const declared = parameters.length === 0 ? '' : `declare query_parameters${fn.parameters.replaceAll(/\s+/g, ' ')};`;
  const check = (text: string): Promise<unknown> =>
    compileFor(context.engine, { database: context.database, text, parameters: samples }, trial);
  try {
    await check(`${declared}${fn.body.slice(1, -1)}`);
  } catch (error) {
    // What Kusto knows and this engine does not is refused when the function is called.
    if (!(error instanceof KustoError) || error.code === 'UNSUPPORTED') return;
    // A scalar function is no query by itself.
    const isScalar = await check(`print ${fn.name}(${Object.values(samples).join(', ')})`).then(
      () => true,
      () => false,
    );
    if (!isScalar) throw new KustoError(error.code, `Function '${fn.name}': ${error.message}`);
  }
}

async function write(
  scanner: Scanner,
  context: CommandContext,
  mode: 'create' | 'create-or-alter' | 'alter',
): Promise<CommandResult> {
  const ifNotExists = scanner.word('ifnotexists');
  const properties = scanner.properties();
  const name = scanner.name();
  const parameters = scanner.peek('(') ? scanner.balanced('(') : '()';
  const body = scanner.balanced('{');
  scanner.end();
  const { catalog } = context.engine;
  const before = catalog.function(context.database, name);
  if (before !== undefined && mode === 'create') {
    if (ifNotExists) return result(COLUMNS, [row(before)]);
    throw new KustoError('BADREQUEST', `EntityAlreadyExists: function '${name}' already exists`);
  }
  if (before === undefined && mode === 'alter')
    throw new KustoError('NOTFOUND', `Entity ID '${name}' of kind 'Function' was not found.`);
  const value: FunctionEntity = {
    name,
    parameters,
    body,
    folder: properties.get('folder') ?? before?.folder ?? '',
    docstring: properties.get('docstring') ?? before?.docstring ?? '',
  };
  const isSame = before?.body === body && before.parameters === parameters;
  if (!isSame && properties.get('skipvalidation')?.toLowerCase() !== 'true') await validate(context, value);
  await context.engine.change(async () => ({
    changes: [{ kind: 'function', database: context.database, key: name, value }],
    result: undefined,
  }));
  return result(COLUMNS, [row(value)]);
}

async function drop(scanner: Scanner, context: CommandContext): Promise<CommandResult> {
  const names = scanner.names();
  const ifExists = scanner.word('ifexists');
  scanner.end();
  const { catalog } = context.engine;
  const missing = names.find((name) => catalog.function(context.database, name) === undefined);
  if (missing !== undefined && !ifExists)
    throw new KustoError('NOTFOUND', `Entity ID '${missing}' of kind 'Function' was not found.`);
  await context.engine.change(async () => ({
    changes: names.map((name) => ({ kind: 'function' as const, database: context.database, key: name, value: null })),
    result: undefined,
  }));
  return result(COLUMNS, catalog.functions(context.database).map(row));
}

async function describe(
  scanner: Scanner,
  context: CommandContext,
  field: 'docstring' | 'folder',
): Promise<CommandResult> {
  const name = scanner.name();
  if (!scanner.word(field)) throw scanner.fail(`'${field}'`);
  const text = scanner.string();
  scanner.end();
  const before = context.engine.catalog.function(context.database, name);
  if (before === undefined) throw new KustoError('NOTFOUND', `Entity ID '${name}' of kind 'Function' was not found.`);
  const value = { ...before, [field]: text };
  await context.engine.change(async () => ({
    changes: [{ kind: 'function', database: context.database, key: name, value }],
    result: undefined,
  }));
  return result(COLUMNS, [row(value)]);
}

export const functionCommands: Handlers = {
  'create function': (scanner, context) => write(scanner, context, 'create'),
  'create-or-alter function': (scanner, context) => write(scanner, context, 'create-or-alter'),
  'alter function': (scanner, context) =>
    /^\S+\s+(?:docstring|folder)\b/i.test(scanner.text.slice(scanner.offset).trimStart())
      ? describe(
          scanner,
          context,
          /^\S+\s+docstring\b/i.test(scanner.text.slice(scanner.offset).trimStart()) ? 'docstring' : 'folder',
        )
      : write(scanner, context, 'alter'),
  'drop function': drop,
  'drop functions': drop,
  'show functions': (_scanner, { engine, database }) => result(COLUMNS, engine.catalog.functions(database).map(row)),
  'show function': (scanner, { engine, database }) => {
    const name = scanner.name();
    const fn = engine.catalog.function(database, name);
    if (fn === undefined) throw new KustoError('NOTFOUND', `Entity ID '${name}' of kind 'Function' was not found.`);
    return result(COLUMNS, [row(fn)]);
  },
};
