import type { Change, TableEntity, ViewEntity } from '../catalog/entities.ts';
import { splitTop } from '../catalog/split.ts';
import { KustoError } from '../types.ts';
import { belongings } from './belongings.ts';
import type { CommandContext, CommandResult, Handlers } from './command.ts';
import type { Scanner } from './scanner.ts';
import { nameText } from './schema-text.ts';
import { answer, put } from './tables.ts';

const bad = (message: string): KustoError => new KustoError('BADREQUEST', message);

interface Renaming {
  readonly from: string;
  readonly to: string;
  readonly ifExists: boolean;
}

/** All at once, so that names can be swapped; the number of tables stays. */
async function renameAll(
  context: CommandContext,
  wanted: readonly Renaming[],
  updateViews: boolean,
): Promise<CommandResult> {
  const { engine, database } = context;
  const renamed = await engine.change(async () => {
    const { catalog } = engine;
    const pairs: [Renaming, TableEntity][] = [];
    for (const renaming of wanted) {
      const table = renaming.ifExists
        ? catalog.table(database, renaming.from)
        : catalog.requireTable(database, renaming.from);
      if (table !== undefined) pairs.push([renaming, table]);
    }
    const leaving = new Set(pairs.map(([{ from }]) => from));
    for (const { to } of wanted) {
      const isTaken = catalog.table(database, to) !== undefined && !leaving.has(to);
      if (isTaken || catalog.view(database, to) !== undefined) throw bad(`EntityAlreadyExists: '${to}' already exists`);
    }
    if (new Set(pairs.map(([{ to }]) => to)).size < pairs.length || leaving.size < pairs.length)
      throw bad('.rename tables gives a name to two tables, or two names to one');
    const views = pairs.flatMap(([{ from, to }]) => viewsRenamed(context, from, to, updateViews));
    const values = pairs.map(([{ to }, table]) => ({ ...table, name: to }));
    const written: Change[] = [
      ...values.map((value) => put(context, value)),
      ...pairs
        .flatMap(([{ from, to }]) => belongings(context, 'table', from, to))
        .filter(({ value }) => value !== null),
      ...views.map((value): Change => ({ kind: 'view', database, key: value.name, value })),
    ];
    const kept = new Set(written.map(({ kind, key }) => `${kind} ${key}`));
    const gone = pairs.flatMap(([{ from }]): Change[] => [
      { kind: 'table', database, key: from, value: null },
      ...belongings(context, 'table', from, null),
    ]);
    const changes = [...gone.filter(({ kind, key }) => !kept.has(`${kind} ${key}`)), ...written];
    return { changes, result: values };
  });
  return answer(context, renamed);
}

/** Views over a renamed table, with their source's new name; refused when they were not to be touched. */
function viewsRenamed({ engine, database }: CommandContext, from: string, to: string, update: boolean): ViewEntity[] {
  return engine.catalog
    .views(database)
    .filter(({ source }) => source === from)
    .map((view) => {
      if (!update)
        throw bad(
          `Table '${from}' is the source of materialized view '${view.name}'; add with (updateMaterializedViews=true)`,
        );
      const [first = '', ...steps] = splitTop(view.query, '|');
      if (first !== from && first !== nameText(from))
        throw bad(
          `The query of materialized view '${view.name}' does not begin with its source, so it cannot be changed`,
        );
      return { ...view, source: to, query: [nameText(to), ...steps].join('\n| ') };
    });
}

async function renameTable(scanner: Scanner, context: CommandContext): Promise<CommandResult> {
  const from = scanner.name();
  if (!scanner.word('to')) throw scanner.fail("'to'");
  const to = scanner.name();
  const properties = scanner.properties();
  scanner.end();
  const updateViews = properties.get('updatematerializedviews')?.toLowerCase() === 'true';
  return renameAll(context, [{ from, to, ifExists: false }], updateViews);
}

/** `.rename tables NewName = OldName [ifexists], …`. */
async function renameTables(scanner: Scanner, context: CommandContext): Promise<CommandResult> {
  const wanted: Renaming[] = [];
  do {
    const to = scanner.name();
    scanner.expect('=');
    const from = scanner.name();
    wanted.push({ from, to, ifExists: scanner.word('ifexists') });
  } while (scanner.symbol(','));
  const properties = scanner.properties();
  scanner.end();
  return renameAll(context, wanted, properties.get('updatematerializedviews')?.toLowerCase() === 'true');
}

export const renameCommands: Handlers = { 'rename table': renameTable, 'rename tables': renameTables };
