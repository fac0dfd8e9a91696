import { randomUUID } from 'node:crypto';
import { storageOf } from '../catalog/catalog.ts';
import type { TableEntity } from '../catalog/entities.ts';
import { compileFor } from '../exec/query.ts';
import { assignable } from '../ingest/assign.ts';
import { ingestText } from '../ingest/ingest-text.ts';
import { runUpdatePolicies } from '../ingest/update-policies.ts';
import { columnOf } from '../store/physical.ts';
import { KustoError, type CompiledQuery } from '../types.ts';
import { table as result, type CommandContext, type CommandResult, type Handlers } from './command.ts';
import type { Scanner } from './scanner.ts';
import { writeTable } from './tables.ts';

const COLUMNS = {
  ExtentId: 'guid',
  OriginalSize: 'real',
  ExtentSize: 'real',
  CompressedSize: 'real',
  IndexSize: 'real',
  RowCount: 'long',
} as const;
const extent = (rows: bigint): CommandResult => result(COLUMNS, rows === 0n ? [] : [[randomUUID(), 0, 0, 0, 0, rows]]);

type Mode = 'set' | 'append' | 'set-or-append' | 'set-or-replace';

/** `.set|.append|.set-or-append|.set-or-replace [async] T [with (…)] <| query`. */
async function fromQuery(scanner: Scanner, context: CommandContext, mode: Mode): Promise<CommandResult> {
  scanner.word('async');
  const name = scanner.name();
  const properties = scanner.properties();
  scanner.expect('<|');
  const text = scanner.rest();
  const { engine, database } = context;
  const before = engine.catalog.table(database, name);
  if (mode === 'set' && before !== undefined)
    throw new KustoError('BADREQUEST', `EntityAlreadyExists: table '${name}' already exists; use .set-or-append`);
  if (mode === 'append' && before === undefined)
    throw new KustoError('NOTFOUND', `Entity ID '${name}' of kind 'Table' was not found.`);
  const tags = JSON.parse(properties.get('ingestifnotexists') ?? '[]') as unknown;
  if (Array.isArray(tags) && (await engine.tags.hasAny(database, name, tags.map(String)))) return extent(0n);
  const compiled = await compileFor(engine, { database, text, parameters: context.parameters });
  await engine.views.bringUpToDate(database, compiled.reads);
  const rows = await engine.change(async (tx) => {
    const target = before ?? (await writeTable(context, tx, 'create', name, compiled.columns, properties));
    if (mode === 'set-or-replace' && before !== undefined) await tx.connection.run(`DELETE FROM ${storageOf(target)}`);
    const count = await insert(tx.connection, target, compiled, tx.batch, tx.at);
    if (count > 0n) tx.touched(target);
    if (before !== undefined) await runUpdatePolicies(engine, tx, [target]);
    await engine.tags.add(tx.connection, database, name, properties.get('tags'));
    return {
      changes: before === undefined ? [{ kind: 'table', database, key: name, value: target }] : [],
      result: count,
    };
  });
  return extent(rows);
}

type Connection = Parameters<Parameters<CommandContext['engine']['writer']['exclusive']>[0]>[0]['connection'];

async function insert(
  connection: Connection,
  target: TableEntity,
  compiled: CompiledQuery,
  batch: number,
  at: bigint,
): Promise<bigint> {
  const values = assignable(target, compiled.columns);
  const columns = target.columns.map(columnOf).join(', ');
  const names = compiled.columns.map((_, i) => `q${i}`).join(', ');
  const outcome = await connection.run(
    `INSERT INTO ${storageOf(target)} (_batch, _at, ${columns}) SELECT ${batch}, ${at}, ${values} FROM (${compiled.sql}) AS q(${names})`,
  );
  return BigInt(outcome.rowsChanged);
}

/** `.ingest inline into table T [with (format=…, ingestionMappingReference=…)] <| data`, or the data between `[` and `]`. */
async function inline(scanner: Scanner, context: CommandContext): Promise<CommandResult> {
  if (!scanner.word('into table') && !scanner.word('into')) throw scanner.fail("'into table'");
  const name = scanner.name();
  const properties = scanner.properties();
  let body: string;
  if (scanner.symbol('<|'))
    body = scanner.text
      .slice(scanner.offset)
      .replace(/^[ \t]*\r?\n/, '')
      .replace(/^[ \t]+/, '');
  else body = scanner.balanced('[').slice(1, -1);
  scanner.rest();
  const { engine, database } = context;
  const tags = JSON.parse(properties.get('ingestifnotexists') ?? '[]') as unknown;
  if (Array.isArray(tags) && (await engine.tags.hasAny(database, name, tags.map(String)))) return extent(0n);
  const rows = await ingestText(engine, {
    database,
    table: name,
    body: Buffer.from(body),
    format: properties.get('format') ?? 'csv',
    mappingName:
      properties.get('ingestionmappingreference') ??
      properties.get('jsonmappingreference') ??
      properties.get('csvmappingreference'),
    mapping: properties.get('ingestionmapping'),
    ignoreFirstRecord: properties.get('ignorefirstrecord')?.toLowerCase() === 'true',
  });
  await engine.writer.exclusive(({ connection }) =>
    engine.tags.add(connection, database, name, properties.get('tags')),
  );
  return extent(BigInt(rows));
}

export const ingestCommands: Handlers = {
  set: (scanner, context) => fromQuery(scanner, context, 'set'),
  append: (scanner, context) => fromQuery(scanner, context, 'append'),
  'set-or-append': (scanner, context) => fromQuery(scanner, context, 'set-or-append'),
  'set-or-replace': (scanner, context) => fromQuery(scanner, context, 'set-or-replace'),
  'ingest inline': inline,
};
