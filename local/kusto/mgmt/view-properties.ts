import type { Change, ViewEntity } from '../catalog/entities.ts';
import { KustoError } from '../types.ts';
import { belongings } from './belongings.ts';
import { ended, table as result, type CommandContext, type CommandResult, type Handlers } from './command.ts';
import type { Scanner } from './scanner.ts';
import { cslOf, tableJson } from './schema-text.ts';
import { tableExtents, viewDetails } from './table-details.ts';
import { ticksOfMs } from '../store/clock.ts';
import { parseKqlTimespan } from './timespan.ts';
import { requireView, VIEW_COLUMNS, viewRow } from './view-rows.ts';

const bad = (message: string): KustoError => new KustoError('BADREQUEST', message);

const PROPERTY = /^\s*(?:\[\s*(?:'[^']*'|"[^"]*")\s*\]|[\w-]+)\s+(?:docstring|folder|lookback|autoupdateschema)\b/i;

/** `.alter materialized-view V docstring|folder|lookback|autoUpdateSchema …`; null when the command is of the other form. */
export function alterViewProperty(scanner: Scanner, context: CommandContext): Promise<CommandResult> | null {
  return PROPERTY.test(scanner.text.slice(scanner.offset)) ? changeProperty(scanner, context) : null;
}

async function changeProperty(scanner: Scanner, context: CommandContext): Promise<CommandResult> {
  const view = requireView(context, scanner.name());
  const value = { ...view, ...readProperty(scanner) };
  scanner.end();
  const { engine, database } = context;
  await engine.change(async () => ({
    changes: [{ kind: 'view', database, key: view.name, value }],
    result: undefined,
  }));
  return result(VIEW_COLUMNS, [viewRow(context, value)]);
}

function readProperty(scanner: Scanner): Partial<ViewEntity> {
  if (scanner.word('docstring')) return { docstring: scanner.string() };
  if (scanner.word('folder')) return { folder: scanner.string() };
  if (scanner.word('lookback')) {
    const lookback = scanner.rest();
    if (parseKqlTimespan(lookback) === null) throw bad(`'${lookback}' is no timespan`);
    return { lookback };
  }
  throw bad('autoUpdateSchema is not supported: the columns of a view are those it was created with');
}

/** Returns all views, as Kusto does. */
async function renameView(scanner: Scanner, context: CommandContext): Promise<CommandResult> {
  const from = scanner.name();
  if (!scanner.word('to')) throw scanner.fail("'to'");
  const to = scanner.name();
  scanner.end();
  const { engine, database } = context;
  await engine.change(async () => {
    const view = requireView(context, from);
    if (engine.catalog.view(database, to) !== undefined || engine.catalog.table(database, to) !== undefined)
      throw bad(`EntityAlreadyExists: '${to}' already exists`);
    const over = engine.catalog.views(database).find(({ source }) => source === from);
    if (over !== undefined) throw bad(`'${from}' is the source of materialized view '${over.name}'`);
    const changes: Change[] = [
      { kind: 'view', database, key: from, value: null },
      { kind: 'view', database, key: to, value: { ...view, name: to } },
      ...belongings(context, 'materialized-view', from, to),
    ];
    return { changes, result: undefined };
  });
  return allViews(context);
}

const allViews = (context: CommandContext): CommandResult =>
  result(
    VIEW_COLUMNS,
    context.engine.catalog.views(context.database).map((view) => viewRow(context, view)),
  );

const SCHEMA_COLUMNS = {
  TableName: 'string',
  Schema: 'string',
  DatabaseName: 'string',
  Folder: 'string',
  DocString: 'string',
} as const;

function showView(scanner: Scanner, context: CommandContext): CommandResult | Promise<CommandResult> {
  const view = requireView(context, scanner.name());
  const schema = (text: string): CommandResult =>
    result(SCHEMA_COLUMNS, [[view.name, text, context.database, view.folder, view.docstring]]);
  if (scanner.word('cslschema') || scanner.word('schema as csl')) return ended(scanner, schema(cslOf(view.columns)));
  if (scanner.word('schema as json')) return ended(scanner, schema(JSON.stringify(tableJson(view))));
  if (scanner.word('details')) return ended(scanner, viewDetails(context, [view]));
  if (scanner.word('failures')) return ended(scanner, failuresOf(context, view));
  if (scanner.word('extents')) {
    scanner.word('hot');
    return ended(scanner, tableExtents(context, [view]));
  }
  return ended(scanner, result(VIEW_COLUMNS, [viewRow(context, view)]));
}

function showViews(scanner: Scanner, context: CommandContext): CommandResult | Promise<CommandResult> {
  const views = scanner.peek('(')
    ? scanner.names().map((name) => requireView(context, name))
    : context.engine.catalog.views(context.database);
  if (scanner.word('details')) return ended(scanner, viewDetails(context, views));
  return ended(
    scanner,
    result(
      VIEW_COLUMNS,
      views.map((view) => viewRow(context, view)),
    ),
  );
}

/** The last refresh's failure; earlier ones are not kept. */
function failuresOf({ engine }: CommandContext, view: ViewEntity): CommandResult {
  const { lastError, refreshedAt, failedAt } = engine.views.state(view);
  return result(
    {
      Timestamp: 'datetime',
      OperationId: 'string',
      Name: 'string',
      LastSuccessRun: 'datetime',
      FailureKind: 'string',
      Details: 'string',
    },
    lastError === null || failedAt === null
      ? []
      : [
          [
            ticksOfMs(failedAt.getTime()),
            '',
            view.name,
            refreshedAt === null ? null : ticksOfMs(refreshedAt.getTime()),
            'Permanent',
            lastError,
          ],
        ],
  );
}

export const viewPropertyCommands: Handlers = {
  'rename materialized-view': renameView,
  'show materialized-view': showView,
  'show materialized-views': showViews,
};
