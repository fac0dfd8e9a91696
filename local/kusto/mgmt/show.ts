import os from 'node:os';
import type { TableEntity } from '../catalog/entities.ts';
import { ticksOfMs } from '../store/clock.ts';
import { table as result, type CommandContext, type CommandResult, type Handlers } from './command.ts';
import { principals } from './fixed-answers.ts';
import { journal } from './journal.ts';
import type { Scanner } from './scanner.ts';
import { DOTNET } from '../types.ts';
import { cslOf, tableJson } from './schema-text.ts';
import { tableDetails, tableExtents } from './table-details.ts';

const TABLE_COLUMNS = { TableName: 'string', DatabaseName: 'string', Folder: 'string', DocString: 'string' } as const;

const entityOf = ({ engine, database }: CommandContext, name: string): TableEntity =>
  engine.catalog.view(database, name) ?? engine.catalog.requireTable(database, name);

function showTables(scanner: Scanner, context: CommandContext): CommandResult | Promise<CommandResult> {
  const { engine, database } = context;
  const wanted = scanner.peek('(') ? scanner.names() : null;
  const tables = engine.catalog.tables(database).filter(({ name }) => wanted?.includes(name) ?? true);
  if (scanner.word('details')) return tableDetails(context, tables);
  if (scanner.word('extents')) return tableExtents(context, tables);
  scanner.end();
  return result(
    TABLE_COLUMNS,
    tables.map((t) => [t.name, database, t.folder, t.docstring]),
  );
}

function showTable(scanner: Scanner, context: CommandContext): CommandResult | Promise<CommandResult> {
  const t = entityOf(context, scanner.name());
  const { database } = context;
  if (scanner.word('cslschema'))
    return result(
      { TableName: 'string', Schema: 'string', DatabaseName: 'string', Folder: 'string', DocString: 'string' },
      [[t.name, cslOf(t.columns), database, t.folder, t.docstring]],
    );
  if (scanner.word('schema as json'))
    return result(
      { TableName: 'string', Schema: 'string', DatabaseName: 'string', Folder: 'string', DocString: 'string' },
      [[t.name, JSON.stringify(tableJson(t)), database, t.folder, t.docstring]],
    );
  if (scanner.word('details')) return tableDetails(context, [t]);
  if (scanner.word('extents')) return tableExtents(context, [t]);
  if (scanner.word('principals')) return principals;
  scanner.end();
  return result(
    {
      AttributeName: 'string',
      AttributeType: 'string',
      ExtentSize: 'long',
      CompressionRatio: 'real',
      IndexSize: 'long',
      IndexSizePercent: 'real',
      OriginalSize: 'long',
    },
    t.columns.map(({ name, type }) => [name, DOTNET[type], 0n, 0, 0n, 0, 0n]),
  );
}

export const showCommands: Handlers = {
  'show tables': showTables,
  'show table': showTable,
  'show version': (_scanner, { engine }) =>
    result({ BuildVersion: 'string', BuildTime: 'datetime', ServiceType: 'string', ProductVersion: 'string' }, [
      ['1.0.0.0', ticksOfMs(engine.startedAt.getTime()), 'Engine', `Framewatch local engine (Node ${process.version})`],
    ]),
  'show cluster': (_scanner, { engine }) =>
    result(
      {
        NodeId: 'string',
        Address: 'string',
        Name: 'string',
        StartTime: 'datetime',
        IsAdmin: 'bool',
        MachineTotalMemory: 'long',
        MachineAvailableMemory: 'long',
        ProcessorCount: 'int',
      },
      [
        [
          engine.id,
          '127.0.0.1',
          'local',
          ticksOfMs(engine.startedAt.getTime()),
          true,
          BigInt(os.totalmem()),
          BigInt(os.freemem()),
          os.availableParallelism(),
        ],
      ],
    ),
  'show capacity': (_scanner, { engine }) =>
    result({ Resource: 'string', Total: 'long', Consumed: 'long', Remaining: 'long', Origin: 'string' }, [
      [
        'Queries',
        BigInt(engine.readers.size),
        BigInt(engine.readers.busy),
        BigInt(engine.readers.size - engine.readers.busy),
        'ReaderPool',
      ],
      ['Ingestions', 1n, engine.writer.isIdle ? 0n : 1n, engine.writer.isIdle ? 1n : 0n, 'Writer'],
    ]),
  'show journal': (_scanner, context) => journal(context),
  'show principal access': () => result({ Scope: 'string', Role: 'string' }, [['Cluster', 'AllDatabasesAdmin']]),
  'show diagnostics': (_scanner, { engine }) =>
    result({ IsHealthy: 'bool', MachinesTotal: 'long', IngestionsInProgress: 'long', DatabasesCount: 'long' }, [
      [true, 1n, BigInt(engine.writer.waiting), BigInt(engine.catalog.databases().length)],
    ]),
};
