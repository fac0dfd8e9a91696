// A table is one extent here. What commands on extents can mean for rows is done; the rest is refused by name.

import { storageOf } from '../catalog/catalog.ts';
import type { TableEntity } from '../catalog/entities.ts';
import { nowTicks } from '../store/clock.ts';
import { KustoError } from '../types.ts';
import { table as result, type CommandContext, type CommandResult, type Handlers } from './command.ts';
import { Scanner } from './scanner.ts';
import { idOf } from './table-details.ts';

const bad = (message: string): KustoError => new KustoError('BADREQUEST', message);
const TICKS: Readonly<Record<string, bigint>> = {
  days: 864_000_000_000n,
  day: 864_000_000_000n,
  hours: 36_000_000_000n,
  hour: 36_000_000_000n,
};

function readTables(scanner: Scanner, { engine, database }: CommandContext): TableEntity[] {
  if (!scanner.word('from'))
    throw bad(
      'Extents are not kept one by one: .drop extents takes [older N days|hours] from T, tables (…) or all tables',
    );
  if (scanner.word('all tables')) return engine.catalog.tables(database);
  scanner.word('tables');
  return scanner.names().map((name) => engine.catalog.requireTable(database, name));
}

/** `.drop extents [older N days|hours] from T|tables (…)|all tables`: rows that came before. Answers a line for each table that lost rows. */
async function dropExtents(scanner: Scanner, context: CommandContext, pretend: boolean): Promise<CommandResult> {
  let before: bigint | null = null;
  let subject = scanner;
  if (scanner.word('older')) {
    const [, count = '', unit = '', rest = ''] = /^(\d+)\s+(\w+)([\s\S]*)$/.exec(scanner.rest()) ?? [];
    const ticks = TICKS[unit.toLowerCase()];
    if (ticks === undefined) throw bad('.drop extents older takes a number of days or hours');
    before = nowTicks() - BigInt(count) * ticks;
    subject = new Scanner(rest);
  }
  const tables = readTables(subject, context);
  subject.end();
  const rows = await context.engine.writer.exclusive(async ({ connection }) => {
    const dropped: unknown[][] = [];
    for (const table of tables) {
      const storage = storageOf(table);
      const condition = before === null ? 'TRUE' : `_at < ${before}`;
      const reader = await connection.runAndReadAll(`SELECT count(*), min(_at) FROM ${storage} WHERE ${condition}`);
      const [count, created] = reader.getRows()[0] ?? [];
      if (count === 0n) continue;
      if (!pretend) await connection.run(`DELETE FROM ${storage} WHERE ${condition}`);
      dropped.push([idOf(context.database, table), table.name, created]);
    }
    return dropped;
  });
  return result({ ExtentId: 'string', TableName: 'string', CreatedOn: 'datetime' }, rows);
}

const refuse = (): never => {
  throw bad('Extents are not kept here: move rows with .set-or-append, swap tables with .rename tables');
};

export const extentCommands: Handlers = {
  'drop extents': (scanner, context) => dropExtents(scanner, context, false),
  'drop-pretend extents': (scanner, context) => dropExtents(scanner, context, true),
  'drop extent': refuse,
  'move extents': refuse,
  'replace extents': refuse,
  'alter extent': refuse,
};
