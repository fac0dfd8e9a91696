import { ended, table as result, type CommandContext, type CommandResult, type Handlers } from './command.ts';
import { databaseEntities } from './database-entities.ts';
import { principals } from './fixed-answers.ts';
import { journal } from './journal.ts';
import { storedPolicies } from './policies.ts';
import type { Scanner } from './scanner.ts';
import { tableExtents } from './table-details.ts';
import { DOTNET } from '../types.ts';
import { cslOf, databasesJson, nameText } from './schema-text.ts';

const DATABASE_COLUMNS = {
  DatabaseName: 'string',
  PersistentStorage: 'string',
  Version: 'string',
  IsCurrent: 'bool',
  DatabaseAccessMode: 'string',
  PrettyName: 'string',
  ReservedSlot1: 'bool',
  DatabaseId: 'guid',
  InTransitionTo: 'string',
} as const;

const SCHEMA_COLUMNS = {
  DatabaseName: 'string',
  TableName: 'string',
  ColumnName: 'string',
  ColumnType: 'string',
  IsDefaultTable: 'bool',
  IsDefaultColumn: 'bool',
  PrettyName: 'string',
  Version: 'string',
  Folder: 'string',
  DocString: 'string',
} as const;

/** Names in parentheses after `databases`, all databases without. */
function wantedDatabases(scanner: Scanner, { engine }: CommandContext): string[] {
  if (!scanner.peek('(')) return engine.catalog.databases().map(({ name }) => name);
  scanner.expect('(');
  const names: string[] = [];
  while (!scanner.symbol(')')) {
    names.push(engine.catalog.databaseName(scanner.name()));
    if (scanner.word('if_later_than')) scanner.string();
    scanner.symbol(',');
  }
  return names;
}

function schemaOf(scanner: Scanner, context: CommandContext, names: readonly string[]): CommandResult {
  const { engine } = context;
  scanner.word('details');
  if (scanner.word('if_later_than')) scanner.string();
  if (scanner.word('as json')) return result({ DatabaseSchema: 'string' }, [[databasesJson(engine, names)]]);
  if (scanner.word('as csl')) return cslScript(context, names);
  const version = `v1.${engine.catalog.version}`;
  const rows = names.flatMap((name): unknown[][] => [
    [name, null, null, null, false, false, '', version, '', ''],
    ...[...engine.catalog.tables(name), ...engine.catalog.views(name)].flatMap((t): unknown[][] => [
      [name, t.name, null, null, false, false, '', null, t.folder, t.docstring],
      ...t.columns.map((c): unknown[] => [
        name,
        t.name,
        c.name,
        DOTNET[c.type],
        false,
        false,
        '',
        null,
        '',
        c.docstring ?? '',
      ]),
    ]),
  ]);
  return result(SCHEMA_COLUMNS, rows);
}

function cslScript({ engine }: CommandContext, names: readonly string[]): CommandResult {
  const quoted = (text: string): string =>
    `"${text
      .replaceAll('\\', '\\\\')
      .replaceAll('"', String.raw`\"`)
      .replaceAll('\n', String.raw`\n`)}"`;
  const rows = names.flatMap((name) => [
    ...engine.catalog
      .tables(name)
      .map(
        (t) =>
          `.create-merge table ${nameText(t.name)} (${cslOf(t.columns)}) with (folder=${quoted(t.folder)}, docstring=${quoted(t.docstring)})`,
      ),
    ...engine.catalog
      .mappings(name)
      .map(
        (m) =>
          `.create-or-alter table ${nameText(m.table)} ingestion ${m.kind} mapping ${quoted(m.name)} ${quoted(m.mapping)}`,
      ),
    ...engine.catalog
      .functions(name)
      .map(
        (f) =>
          `.create-or-alter function with (skipvalidation=true, folder=${quoted(f.folder)}, docstring=${quoted(f.docstring)}) ${f.name}${f.parameters} ${f.body}`,
      ),
    ...engine.catalog
      .views(name)
      .map(
        (v) =>
          `.create-or-alter materialized-view with (folder=${quoted(v.folder)}, docstring=${quoted(v.docstring)}) ${v.name} on table ${nameText(v.source)} { ${v.query} }`,
      ),
  ]);
  return result(
    { DatabaseSchemaScript: 'string' },
    rows.map((text) => [text]),
  );
}

/** The columns of `identity` are those of the short form but two. */
const IDENTITY_COLUMNS = {
  DatabaseName: 'string',
  PersistentStorage: 'string',
  Version: 'string',
  IsCurrent: 'bool',
  DatabaseAccessMode: 'string',
  PrettyName: 'string',
  CurrentUserIsUnrestrictedViewer: 'bool',
  DatabaseId: 'guid',
  InTransitionTo: 'string',
} as const;

function databaseRows(
  { engine, database }: CommandContext,
  names: readonly string[],
  slot: boolean | null,
): unknown[][] {
  return engine.catalog
    .databases()
    .filter(({ name }) => names.includes(name))
    .map(({ name, prettyName }) => [
      name,
      '',
      `v1.${engine.catalog.version}`,
      name === database,
      'ReadWrite',
      prettyName,
      slot,
      engine.id,
      '',
    ]);
}

function listed(scanner: Scanner, context: CommandContext, names: readonly string[]): CommandResult {
  const isIdentity = scanner.word('identity');
  if (!isIdentity) scanner.word('details');
  scanner.end();
  return isIdentity
    ? result(IDENTITY_COLUMNS, databaseRows(context, names, true))
    : result(DATABASE_COLUMNS, databaseRows(context, names, null));
}

function showDatabases(scanner: Scanner, context: CommandContext): CommandResult {
  const names = wantedDatabases(scanner, context);
  if (scanner.word('schema')) return schemaOf(scanner, context, names);
  if (scanner.word('entities')) return ended(scanner, databaseEntities(context, names));
  return listed(scanner, context, names);
}

/** Words that may follow `.show database` without the name of one. */
const UNNAMED = new Set([
  '',
  'schema',
  'cslschema',
  'details',
  'identity',
  'policies',
  'principals',
  'extents',
  'journal',
  'entities',
]);

function showDatabase(scanner: Scanner, context: CommandContext): CommandResult | Promise<CommandResult> {
  const isUnnamed = UNNAMED.has(scanner.peekWord()) && !scanner.peek('[') && !scanner.isString;
  const name = isUnnamed ? context.database : context.engine.catalog.databaseName(scanner.name());
  const within = { ...context, database: name };
  if (scanner.word('schema')) return schemaOf(scanner, context, [name]);
  if (scanner.word('cslschema')) {
    scanner.word('script');
    return cslScript(context, [name]);
  }
  if (scanner.word('policies')) return ended(scanner, storedPolicies(within));
  if (scanner.word('principals')) return ended(scanner, principals);
  if (scanner.word('journal')) return ended(scanner, journal(context, name));
  if (scanner.word('entities')) return ended(scanner, databaseEntities(context, [name]));
  if (scanner.word('extents')) return ended(scanner, tableExtents(within, context.engine.catalog.tables(name)));
  return listed(scanner, context, [name]);
}

export const showDatabaseCommands: Handlers = {
  'show databases': showDatabases,
  'show database': showDatabase,
  'show cluster databases': showDatabases,
  'show schema': (scanner, context) =>
    schemaOf(
      scanner,
      context,
      context.engine.catalog.databases().map(({ name }) => name),
    ),
};
