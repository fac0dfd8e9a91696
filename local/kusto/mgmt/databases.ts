import { KustoError } from '../types.ts';
import { table as result, type CommandContext, type CommandResult, type Handlers } from './command.ts';
import type { Scanner } from './scanner.ts';

async function createDatabase(scanner: Scanner, { engine }: CommandContext): Promise<CommandResult> {
  const name = scanner.name();
  const ifNotExists = /ifnotexists/i.test(scanner.rest());
  const exists = engine.catalog.databases().some((database) => database.name.toLowerCase() === name.toLowerCase());
  if (exists && !ifNotExists)
    throw new KustoError('BADREQUEST', `EntityAlreadyExists: database '${name}' already exists`);
  if (!exists) await engine.createDatabase(name);
  return result({ DatabaseName: 'string', PersistentPath: 'string', Created: 'bool' }, [[name, '', !exists]]);
}

/** `.alter database D prettyname 'text'`, `.drop database D prettyname`; roles are refused: nobody signs in. */
async function changeDatabase(scanner: Scanner, { engine }: CommandContext, drop: boolean): Promise<CommandResult> {
  const name = engine.catalog.databaseName(scanner.name());
  if (!scanner.word('prettyname'))
    throw new KustoError(
      'BADREQUEST',
      'Of a database only its prettyname can be changed: there is no sign-in and there are no roles',
    );
  const prettyName = drop ? '' : scanner.string();
  scanner.end();
  await engine.change(async () => ({
    changes: [{ kind: 'database', database: name, key: name, value: { name, prettyName } }],
    result: undefined,
  }));
  return result({ DatabaseName: 'string', PrettyName: 'string' }, [[name, prettyName]]);
}

const noRoles = (): never => {
  throw new KustoError('BADREQUEST', 'There is no sign-in here, so roles cannot be given or taken');
};

export const databaseCommands: Handlers = {
  'create database': createDatabase,
  'alter database': (scanner, context) => changeDatabase(scanner, context, false),
  'drop database': (scanner, context) => changeDatabase(scanner, context, true),
  'add database': noRoles,
  'set database': noRoles,
  'add table': noRoles,
  'add cluster': noRoles,
};
