import type { StoredColumn, TableEntity } from '../catalog/entities.ts';
import { KustoError } from '../types.ts';
import type { CommandContext, CommandResult, Handlers } from './command.ts';
import type { Scanner } from './scanner.ts';
import { edit } from './tables.ts';

type Change = (table: TableEntity, column: StoredColumn, scanner: Scanner) => TableEntity;

/** `[Database.]Table.Column …`: the change reads the rest of the command. */
async function editColumn(scanner: Scanner, context: CommandContext, change: Change): Promise<CommandResult> {
  const names = [scanner.name()];
  while (scanner.symbol('.')) names.push(scanner.name());
  const [columnName = '', tableName = '', database = context.database] = names.toReversed();
  if (names.length < 2) throw scanner.fail("'.' and the name of a column");
  if (context.engine.catalog.databaseName(database) !== context.database)
    throw new KustoError('BADREQUEST', `The command runs in database '${context.database}', not '${database}'`);
  if (context.engine.catalog.view(context.database, tableName) !== undefined)
    throw new KustoError('BADREQUEST', `'${tableName}' is a materialized view: its columns come from its query`);
  const before = context.engine.catalog.requireTable(context.database, tableName);
  const column = before.columns.find(({ name }) => name === columnName);
  if (column === undefined) throw new KustoError('BADREQUEST', `Table '${tableName}' has no column '${columnName}'`);
  // The text is read once, the change made to the table as it is when its turn comes.
  const columns = new Map(change(before, column, scanner).columns.map((c) => [c.id, c]));
  scanner.end();
  return edit(context, tableName, (table) => {
    const known = table.columns.find(({ name }) => name === columnName);
    if (known === undefined || known.id !== column.id)
      throw new KustoError('BADREQUEST', `Table '${tableName}' was changed meanwhile`, undefined, false);
    const kept = table.columns.flatMap((c) => (c.id === column.id ? (columns.get(c.id) ?? []) : [c]));
    const [added] = [...columns.values()].filter(({ id }) => id === RETYPED);
    if (added === undefined) return { ...table, columns: kept };
    const position = table.columns.indexOf(known);
    const fresh = { ...added, id: table.nextColumnId };
    return { ...table, nextColumnId: table.nextColumnId + 1, columns: kept.toSpliced(position, 0, fresh) };
  });
}

/** Stands for the id that a column with a new type gets. */
const RETYPED = -1;

const without = (table: TableEntity, id: number): StoredColumn[] => {
  const columns = table.columns.filter((column) => column.id !== id);
  if (columns.length === 0) throw new KustoError('BADREQUEST', 'A table needs at least one column');
  return columns;
};

/** As in Kusto, values of the old type are lost: the column is null (or '') in the rows that are there. */
const retype: Change = (table, column, scanner) => {
  if (!scanner.word('type')) throw scanner.fail("'type'");
  scanner.expect('=');
  const type = scanner.type();
  if (type === column.type) return table;
  const others = table.columns.filter(({ id }) => id !== column.id);
  return { ...table, columns: [...others, { ...column, id: RETYPED, type }] };
};

const rename: Change = (table, column, scanner) => {
  if (!scanner.word('to')) throw scanner.fail("'to'");
  const name = scanner.name();
  if (table.columns.some((other) => other.name === name))
    throw new KustoError('BADREQUEST', `Table '${table.name}' has a column '${name}' already`);
  return { ...table, columns: table.columns.map((other) => (other === column ? { ...column, name } : other)) };
};

/** `.rename columns New = [Database.]Table.Old, …`: all of one table, at once, so that two names can be swapped. */
async function renameColumns(scanner: Scanner, context: CommandContext): Promise<CommandResult> {
  const names = new Map<string, string>();
  const tables = new Set<string>();
  do {
    const to = scanner.name();
    scanner.expect('=');
    const path = [scanner.name()];
    while (scanner.symbol('.')) path.push(scanner.name());
    const [column = '', tableName, database = context.database] = path.toReversed();
    if (tableName === undefined) throw scanner.fail("'.' and the name of a column");
    if (context.engine.catalog.databaseName(database) !== context.database)
      throw new KustoError('BADREQUEST', `The command runs in database '${context.database}', not '${database}'`);
    tables.add(tableName);
    names.set(column, to);
  } while (scanner.symbol(','));
  scanner.end();
  const [tableName = ''] = tables;
  if (tables.size > 1) throw new KustoError('BADREQUEST', '.rename columns takes the columns of one table');
  if (context.engine.catalog.view(context.database, tableName) !== undefined)
    throw new KustoError('BADREQUEST', `'${tableName}' is a materialized view: its columns come from its query`);
  return edit(context, tableName, (table) => {
    const unknown = [...names.keys()].find((name) => !table.columns.some((column) => column.name === name));
    if (unknown !== undefined) throw new KustoError('BADREQUEST', `Table '${tableName}' has no column '${unknown}'`);
    const columns = table.columns.map((column) => ({ ...column, name: names.get(column.name) ?? column.name }));
    if (new Set(columns.map(({ name }) => name)).size < columns.length)
      throw new KustoError('BADREQUEST', `Table '${tableName}' would have two columns of one name`);
    return { ...table, columns };
  });
}

export const columnCommands: Handlers = {
  'alter column': (scanner, context) => editColumn(scanner, context, retype),
  'rename column': (scanner, context) => editColumn(scanner, context, rename),
  'rename columns': renameColumns,
  'drop column': (scanner, context) =>
    editColumn(scanner, context, (table, { id }) => ({ ...table, columns: without(table, id) })),
};
