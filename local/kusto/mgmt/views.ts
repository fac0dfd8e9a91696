import type { Change, ViewEntity } from '../catalog/entities.ts';
import { planView } from '../catalog/view-plan.ts';
import { compileFor } from '../exec/query.ts';
import { applyNewRows } from '../exec/view-refresh.ts';
import { createStorage, dropStorage } from '../store/physical.ts';
import { storageOf } from '../catalog/catalog.ts';
import { KustoError, type Column } from '../types.ts';
import { table as result, type CommandContext, type CommandResult, type Handlers } from './command.ts';
import type { Scanner } from './scanner.ts';
import { alterViewProperty } from './view-properties.ts';
import { requireView, VIEW_COLUMNS, viewRow } from './view-rows.ts';

const bad = (message: string): KustoError => new KustoError('BADREQUEST', message);

/** Compiles a view's query and checks that it can be kept up to date. */
async function columnsOf(context: CommandContext, source: string, query: string): Promise<readonly Column[]> {
  const { engine, database } = context;
  const plan = planView(query);
  const inner = engine.catalog.view(database, source);
  if (inner === undefined) engine.catalog.requireTable(database, source);
  else if (planView(inner.query).mode !== 'insert-new')
    throw bad(`A materialized view can only stand on a view of take_any, '${source}' is none`);
  const compiled = await compileFor(engine, { database, text: query }, engine.catalog.snapshot(database));
  const others = compiled.reads.filter((name) => name !== source);
  if (others.length > 0)
    throw bad(`The query of a materialized view may read its source '${source}' only, not '${others.join("', '")}'`);
  if (!compiled.reads.includes(source))
    throw bad(`The query of the materialized view does not read its source '${source}'`);
  if (compiled.columns.length < plan.keys.length)
    throw bad('The query of the materialized view gives fewer columns than its summarize names');
  return compiled.columns;
}

interface Definition {
  readonly name: string;
  readonly source: string;
  readonly query: string;
  readonly ifNotExists: boolean;
  readonly properties: ReadonlyMap<string, string>;
}

function readDefinition(scanner: Scanner): Definition {
  scanner.word('async');
  const ifNotExists = scanner.word('ifnotexists');
  const properties = scanner.properties();
  const name = scanner.name();
  if (!scanner.word('on')) throw scanner.fail("'on table'");
  if (!scanner.word('table') && !scanner.word('materialized-view'))
    throw scanner.fail("'table' or 'materialized-view'");
  const source = scanner.name();
  const query = scanner.balanced('{').slice(1, -1).trim();
  scanner.end();
  return { name, source, query, ifNotExists, properties };
}

async function write(
  scanner: Scanner,
  context: CommandContext,
  mode: 'create' | 'create-or-alter' | 'alter',
): Promise<CommandResult> {
  const definition = readDefinition(scanner);
  const { name, properties } = definition;
  const { engine, database } = context;
  const before = engine.catalog.view(database, name);
  if (before !== undefined && mode === 'create') {
    if (definition.ifNotExists) return result(VIEW_COLUMNS, [viewRow(context, before)]);
    throw bad(`EntityAlreadyExists: materialized view '${name}' already exists`);
  }
  if (before === undefined && mode === 'alter') requireView(context, name);
  if (engine.catalog.table(database, name) !== undefined) throw bad(`A table named '${name}' exists`);
  const view =
    before === undefined ? await newView(context, definition) : await alteredView(context, before, definition);
  const value: ViewEntity = {
    ...view,
    folder: properties.get('folder') ?? view.folder,
    docstring: properties.get('docstring') ?? view.docstring,
    lookback: properties.get('lookback') ?? view.lookback,
  };
  await save(context, value, before === undefined, properties.get('backfill')?.toLowerCase() === 'true');
  return result(VIEW_COLUMNS, [viewRow(context, value)]);
}

async function newView(context: CommandContext, { name, source, query }: Definition): Promise<ViewEntity> {
  const columns = await columnsOf(context, source, query);
  return {
    id: context.engine.catalog.newId(),
    name,
    source,
    query,
    folder: '',
    docstring: '',
    lookback: null,
    isEnabled: true,
    columns: columns.map(({ name: column, type }, id) => ({ id, name: column, type })),
    nextColumnId: columns.length,
  };
}

async function alteredView(
  context: CommandContext,
  before: ViewEntity,
  { source, query }: Definition,
): Promise<ViewEntity> {
  const isSame = before.query === query && before.source === source;
  return isSame
    ? before
    : { ...before, query, columns: altered(before, source, await columnsOf(context, source, query)) };
}

/** As in Kusto, the columns of an existing view can be added to but not changed, and its source stays. */
function altered(before: ViewEntity, source: string, columns: readonly Column[]): ViewEntity['columns'] {
  if (before.source !== source)
    throw bad(`The source of materialized view '${before.name}' is '${before.source}' and cannot change`);
  const isSame =
    columns.length === before.columns.length &&
    columns.every(({ name, type }, i) => before.columns[i]?.name === name && before.columns[i]?.type === type);
  if (!isSame)
    throw bad(`The columns of materialized view '${before.name}' cannot change; give the new form a new name`);
  return before.columns;
}

async function save(context: CommandContext, view: ViewEntity, isNew: boolean, backfill: boolean): Promise<void> {
  const { engine, database } = context;
  await engine.change(async (tx) => {
    const change: Change = { kind: 'view', database, key: view.name, value: view };
    if (isNew) {
      const source = engine.catalog.view(database, view.source) ?? engine.catalog.requireTable(database, view.source);
      const upTo = engine.writer.lastBatch(source.id);
      await createStorage(tx.connection, view);
      if (backfill && upTo > 0) {
        await applyNewRows(engine, tx, database, view, source, { after: 0, upTo });
        tx.touched(view);
      }
      await tx.connection.run('INSERT INTO fw.watermarks VALUES ($1, $2, $3)', [BigInt(view.id), BigInt(upTo), tx.at]);
      tx.afterCommit(() => engine.views.created(view.id, upTo));
    }
    return { changes: [change], result: undefined };
  });
}

async function drop(scanner: Scanner, context: CommandContext): Promise<CommandResult> {
  const names = scanner.names();
  const ifExists = scanner.word('ifexists');
  scanner.end();
  const { engine, database } = context;
  await engine.change(async (tx) => {
    const changes: Change[] = [];
    for (const name of names) {
      const view = ifExists ? engine.catalog.view(database, name) : requireView(context, name);
      if (view === undefined) continue;
      const reader = engine.catalog.views(database).find(({ source }) => source === name);
      if (reader !== undefined)
        throw bad(`'${name}' is the source of materialized view '${reader.name}'; drop that first`);
      await dropStorage(tx.connection, view);
      await tx.connection.run('DELETE FROM fw.watermarks WHERE view_id = $1', [BigInt(view.id)]);
      changes.push({ kind: 'view', database, key: name, value: null });
    }
    return { changes, result: undefined };
  });
  return result(
    VIEW_COLUMNS,
    engine.catalog.views(database).map((view) => viewRow(context, view)),
  );
}

async function enable(scanner: Scanner, context: CommandContext, isEnabled: boolean): Promise<CommandResult> {
  const value = { ...requireView(context, scanner.name()), isEnabled };
  scanner.end();
  await context.engine.change(async () => ({
    changes: [{ kind: 'view', database: context.database, key: value.name, value }],
    result: undefined,
  }));
  return result(VIEW_COLUMNS, [viewRow(context, value)]);
}

async function clear(scanner: Scanner, context: CommandContext): Promise<CommandResult> {
  const view = requireView(context, scanner.name());
  scanner.word('data');
  scanner.end();
  await context.engine.writer.exclusive(async ({ connection }) => {
    await connection.run(`DELETE FROM ${storageOf(view)}`);
  });
  return result(VIEW_COLUMNS, [viewRow(context, view)]);
}

export const viewCommands: Handlers = {
  'create materialized-view': (scanner, context) => write(scanner, context, 'create'),
  'create async materialized-view': (scanner, context) => write(scanner, context, 'create'),
  'create-or-alter materialized-view': (scanner, context) => write(scanner, context, 'create-or-alter'),
  'alter materialized-view': (scanner, context) =>
    alterViewProperty(scanner, context) ?? write(scanner, context, 'alter'),
  'drop materialized-view': drop,
  'drop materialized-views': drop,
  'enable materialized-view': (scanner, context) => enable(scanner, context, true),
  'disable materialized-view': (scanner, context) => enable(scanner, context, false),
  'clear materialized-view': clear,
};
