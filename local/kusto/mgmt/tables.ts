import type { Change, StoredColumn, TableEntity } from '../catalog/entities.ts';
import { storageOf } from '../catalog/catalog.ts';
import { alterStorage, createStorage, dropStorage } from '../store/physical.ts';
import type { Transaction } from '../store/writer.ts';
import { KustoError, type Column } from '../types.ts';
import { table as result, type CommandContext, type CommandResult, type Handlers } from './command.ts';
import { tableJson } from './schema-text.ts';
import { belongings } from './belongings.ts';
import type { Scanner } from './scanner.ts';

const MAX_NAME = 1024;

/** Tables as the commands that change them show them. */
export const answer = (context: CommandContext, tables: readonly TableEntity[]): CommandResult =>
  result(
    { TableName: 'string', Schema: 'string', DatabaseName: 'string', Folder: 'string', DocString: 'string' },
    tables.map((t) => [t.name, JSON.stringify(tableJson(t)), context.database, t.folder, t.docstring]),
  );

const bad = (message: string): KustoError => new KustoError('BADREQUEST', message);

function checkColumns(columns: readonly Column[]): void {
  const seen = new Set<string>();
  for (const { name } of columns) {
    if (seen.has(name)) throw bad(`Column '${name}' is given twice`);
    seen.add(name);
  }
  if (columns.length === 0) throw bad('A table needs at least one column');
}

/** Columns of `wanted`, keeping the id (hence the data) of every column that stays. */
export function nextColumns(
  before: TableEntity,
  wanted: readonly Column[],
  canRetype: boolean,
): Pick<TableEntity, 'columns' | 'nextColumnId'> {
  let { nextColumnId } = before;
  const columns = wanted.map(({ name, type }): StoredColumn => {
    const old = before.columns.find((column) => column.name === name);
    if (old?.type === type) return old;
    if (old !== undefined && !canRetype) {
      throw bad(
        `Column '${name}' of '${before.name}' is ${old.type}; changing its type to ${type} would lose its data`,
      );
    }
    return { id: nextColumnId++, name, type };
  });
  return { columns, nextColumnId };
}

const withProperties = (table: TableEntity, properties: ReadonlyMap<string, string>): TableEntity => ({
  ...table,
  folder: properties.get('folder') ?? table.folder,
  docstring: properties.get('docstring') ?? table.docstring,
});

/** The change that writes a table. */
export const put = (context: CommandContext, value: TableEntity): Change => ({
  kind: 'table',
  database: context.database,
  key: value.name,
  value,
});

function newTable(context: CommandContext, name: string, columns: readonly Column[]): TableEntity {
  if (name.length > MAX_NAME) throw bad(`The name of a table has at most ${MAX_NAME} characters`);
  if (context.engine.catalog.view(context.database, name) !== undefined)
    throw bad(`A materialized view named '${name}' exists`);
  checkColumns(columns);
  return {
    id: context.engine.catalog.newId(),
    name,
    folder: '',
    docstring: '',
    nextColumnId: columns.length,
    columns: columns.map(({ name: column, type }, id) => ({ name: column, type, id })),
  };
}

type Mode = 'create' | 'create-merge' | 'alter' | 'alter-merge';

/** Creates or changes one table inside a transaction. */
export async function writeTable(
  context: CommandContext,
  tx: Transaction,
  mode: Mode,
  name: string,
  columns: readonly Column[],
  properties: ReadonlyMap<string, string>,
): Promise<TableEntity> {
  const before = context.engine.catalog.table(context.database, name);
  if (before === undefined) {
    if (mode.startsWith('alter'))
      throw new KustoError('NOTFOUND', `Entity ID '${name}' of kind 'Table' was not found.`);
    const created = withProperties(newTable(context, name, columns), properties);
    await createStorage(tx.connection, created);
    return created;
  }
  if (mode === 'create') throw bad(`EntityAlreadyExists: table '${name}' already exists`);
  checkColumns(columns);
  const wanted =
    mode === 'alter'
      ? columns
      : [...before.columns, ...columns.filter(({ name: n }) => !before.columns.some((column) => column.name === n))];
  if (mode !== 'alter') nextColumns(before, columns, false);
  const after = withProperties({ ...before, ...nextColumns(before, wanted, mode === 'alter') }, properties);
  const isSame =
    after.columns.length === before.columns.length && after.columns.every((column, i) => column === before.columns[i]);
  if (!isSame) await alterStorage(tx.connection, before, after);
  return after;
}

async function writeTables(scanner: Scanner, context: CommandContext, mode: Mode): Promise<CommandResult> {
  const wanted: { name: string; columns: readonly Column[] }[] = [];
  do {
    const name = scanner.name();
    // Names, types and order, neither rows nor policies.
    const columns = scanner.word('based-on')
      ? context.engine.catalog.requireTable(context.database, scanner.name()).columns
      : scanner.columns();
    wanted.push({ name, columns });
  } while (scanner.symbol(','));
  if (
    scanner.word('ifnotexists') &&
    context.engine.catalog.table(context.database, wanted[0]?.name ?? '') !== undefined
  ) {
    scanner.properties();
    scanner.end();
    return answer(context, [context.engine.catalog.requireTable(context.database, wanted[0]?.name ?? '')]);
  }
  const properties = scanner.properties();
  scanner.end();
  const tables = await context.engine.change(async (tx) => {
    const written: TableEntity[] = [];
    for (const { name, columns } of wanted)
      written.push(await writeTable(context, tx, mode, name, columns, properties));
    return { changes: written.map((table) => put(context, table)), result: written };
  });
  return answer(context, tables);
}

/** Changes what is said about a table (docstring, folder, column docstrings), or the name of a column. */
export async function edit(
  context: CommandContext,
  name: string,
  change: (table: TableEntity) => TableEntity,
): Promise<CommandResult> {
  const view = context.engine.catalog.view(context.database, name);
  if (view !== undefined) {
    const after = await context.engine.change(async () => {
      const value = { ...view, ...change(view) };
      return { changes: [{ kind: 'view', database: context.database, key: name, value }], result: value };
    });
    return answer(context, [after]);
  }
  const after = await context.engine.change(async (tx) => {
    const before = context.engine.catalog.requireTable(context.database, name);
    const value = change(before);
    if (value.columns !== before.columns) await alterStorage(tx.connection, before, value);
    return { changes: [put(context, value)], result: value };
  });
  return answer(context, [after]);
}

function columnDocstrings(scanner: Scanner): Map<string, string> {
  const docstrings = new Map<string, string>();
  scanner.expect('(');
  while (!scanner.symbol(')')) {
    const name = scanner.name();
    scanner.expect(':');
    docstrings.set(name, scanner.string());
    scanner.symbol(',');
  }
  scanner.end();
  return docstrings;
}

async function alterTable(scanner: Scanner, context: CommandContext, isMerge: boolean): Promise<CommandResult> {
  const start = scanner.name();
  if (scanner.word('column-docstrings')) {
    const docstrings = columnDocstrings(scanner);
    return edit(context, start, (table) => {
      const unknown = [...docstrings.keys()].find((name) => !table.columns.some((column) => column.name === name));
      if (unknown !== undefined) throw bad(`Table '${start}' has no column '${unknown}'`);
      const columns = table.columns.map((column) => ({
        ...column,
        docstring: docstrings.get(column.name) ?? (isMerge ? (column.docstring ?? '') : ''),
      }));
      return { ...table, columns };
    });
  }
  if (scanner.word('docstring')) {
    const docstring = scanner.string();
    scanner.end();
    return edit(context, start, (table) => ({ ...table, docstring }));
  }
  if (scanner.word('folder')) {
    const folder = scanner.string();
    scanner.end();
    return edit(context, start, (table) => ({ ...table, folder }));
  }
  const columns = scanner.columns();
  const properties = scanner.properties();
  scanner.end();
  const mode = isMerge ? 'alter-merge' : 'alter';
  const written = await context.engine.change(async (tx) => {
    const value = await writeTable(context, tx, mode, start, columns, properties);
    return { changes: [put(context, value)], result: value };
  });
  return answer(context, [written]);
}

async function dropTables(scanner: Scanner, context: CommandContext): Promise<CommandResult> {
  const names = scanner.names();
  if (names.length === 1 && scanner.word('columns')) return dropColumns(scanner, context, names[0] ?? '');
  const ifExists = scanner.word('ifexists');
  scanner.end();
  await context.engine.change(async (tx) => {
    const changes: Change[] = [];
    for (const name of names) {
      const table = context.engine.catalog.table(context.database, name);
      if (table === undefined && ifExists) continue;
      const known = table ?? context.engine.catalog.requireTable(context.database, name);
      const reader = context.engine.catalog.views(context.database).find(({ source }) => source === name);
      if (reader !== undefined)
        throw bad(`Table '${name}' is the source of materialized view '${reader.name}'; drop the view first`);
      await dropStorage(tx.connection, known);
      changes.push(
        { kind: 'table', database: context.database, key: name, value: null },
        ...belongings(context, 'table', name, null),
      );
    }
    return { changes, result: undefined };
  });
  return result(
    { TableName: 'string', DatabaseName: 'string', Folder: 'string', DocString: 'string' },
    context.engine.catalog.tables(context.database).map((t) => [t.name, context.database, t.folder, t.docstring]),
  );
}

async function dropColumns(scanner: Scanner, context: CommandContext, tableName: string): Promise<CommandResult> {
  const gone = scanner.names();
  scanner.end();
  if (context.engine.catalog.view(context.database, tableName) !== undefined)
    throw bad(`'${tableName}' is a materialized view: its columns come from its query`);
  return edit(context, tableName, (table) => {
    const unknown = gone.find((name) => !table.columns.some((column) => column.name === name));
    if (unknown !== undefined) throw bad(`Table '${tableName}' has no column '${unknown}'`);
    const columns = table.columns.filter(({ name }) => !gone.includes(name));
    checkColumns(columns);
    return { ...table, columns };
  });
}

async function clearTable(scanner: Scanner, context: CommandContext): Promise<CommandResult> {
  const name = scanner.name();
  if (!scanner.word('data')) throw scanner.fail("'data'");
  scanner.end();
  await context.engine.writer.exclusive(async ({ connection }) => {
    await connection.run(`DELETE FROM ${storageOf(context.engine.catalog.requireTable(context.database, name))}`);
  });
  return result({ Status: 'string' }, [['Succeeded']]);
}

export const tableCommands: Handlers = {
  'create table': (scanner, context) => writeTables(scanner, context, 'create'),
  'create tables': (scanner, context) => writeTables(scanner, context, 'create'),
  'create-merge table': (scanner, context) => writeTables(scanner, context, 'create-merge'),
  'create-merge tables': (scanner, context) => writeTables(scanner, context, 'create-merge'),
  'alter table': (scanner, context) => alterTable(scanner, context, false),
  'alter-merge table': (scanner, context) => alterTable(scanner, context, true),
  'drop table': dropTables,
  'drop tables': dropTables,
  'clear table': clearTable,
};
