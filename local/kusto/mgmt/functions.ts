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
  timespan: '1h',
  dynamic: 'dynamic([])',
  guid: 'guid(00000000-0000-0000-0000-000000000000)',
  date: 'datetime(2026-01-01)',
  time: '1h',
  double: 'real(1)',
};

/**
 * Compiles a call with sample arguments against the catalog that already holds the function, so that a wrong name in its body is told at once.
 * A function with tabular parameters cannot be called that way and is not checked.
 */
async function validate(context: CommandContext, fn: FunctionEntity): Promise<void> {
  const samples = parametersOf(fn.parameters).map(({ type }) => SAMPLES[type]);
  if (samples.includes(undefined)) return;
  const { catalog } = context.engine;
  const snapshot = catalog.snapshot(context.database);
  const functions = [...snapshot.functions.filter(({ name }) => name !== fn.name), fn];
  const call = `${fn.name}(${samples.join(', ')})`;
  const trial = { ...snapshot, version: catalog.trialVersion(), functions };
  try {
    await compileFor(context.engine, { database: context.database, text: call }, trial);
  } catch (first) {
    // A scalar function is no query by itself.
    const isScalar = await compileFor(
      context.engine,
      { database: context.database, text: `print ${call}` },
      trial,
    ).then(
      () => true,
      () => false,
    );
    if (isScalar) return;
    // What Kusto knows and this engine does not is refused when the function is called.
    if (!(first instanceof KustoError) || first.code === 'UNSUPPORTED') return;
    throw new KustoError(first.code, `Function '${fn.name}': ${first.message}`);
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
