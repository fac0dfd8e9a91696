import { randomUUID } from 'node:crypto';
import { storageOf } from '../catalog/catalog.ts';
import type { TableEntity } from '../catalog/entities.ts';
import { splitTop, withoutComments } from '../catalog/split.ts';
import { compileFor } from '../exec/query.ts';
import { columnOf } from '../store/physical.ts';
import type { Transaction } from '../store/writer.ts';
import { KustoError } from '../types.ts';
import { table as result, type CommandContext, type CommandResult, type Handlers } from './command.ts';
import type { Scanner } from './scanner.ts';
import { nameText } from './schema-text.ts';

const bad = (message: string): KustoError => new KustoError('BADREQUEST', message);

/** Operators of a predicate: they choose rows and leave the rows they are. */
const OPERATORS = /^(where|filter|extend|project|order|sort|take|limit)\b/;
/** Carries a row's number through the predicate. */
const ROW = '__row';

/** `T | where …` as a query that gives the numbers of its rows. Comments are dropped: one at the end would swallow what is added. */
function rowNumbers(text: string, name: string): string {
  const statements = splitTop(withoutComments(text), ';').filter((statement) => statement !== '');
  const [source = '', ...steps] = splitTop(statements.pop() ?? '', '|');
  if (source !== name && source !== nameText(name))
    throw bad(`The predicate of .delete must begin with '${name}', the table it deletes from`);
  const other = steps.find((step) => !OPERATORS.test(step));
  if (other !== undefined)
    throw bad(
      `The predicate of .delete may use where, extend, project, order and take, not '${other.split(/\s/)[0] ?? ''}'`,
    );
  if (!steps.some((step) => /^(?:where|filter)\b/.test(step)))
    throw bad('The predicate of .delete needs at least one where operator');
  const kept = steps.map((step) => (/^project\b/.test(step) ? `${step}, ${ROW}` : step));
  return [...statements, [source, ...kept, `project ${ROW}`].join('\n| ')].join(';\n');
}

/** The rows are found again by their number: the table is read from a view that has it as one more column. */
async function deleteRows(
  context: CommandContext,
  { connection }: Transaction,
  target: TableEntity,
  text: string,
  whatIf: boolean,
): Promise<bigint> {
  const { engine, database } = context;
  const snapshot = engine.catalog.snapshot(database);
  const relation = 'deletable';
  const trial = {
    ...snapshot,
    version: engine.catalog.trialVersion(),
    tables: snapshot.tables.map((t) =>
      t.name === target.name
        ? { name: t.name, relation, columns: [...t.columns, { name: ROW, type: 'long' as const }] }
        : t,
    ),
  };
  const columns = target.columns.map((column, i) => `${columnOf(column)} AS c${i}`);
  await connection.run(
    `CREATE OR REPLACE TEMP VIEW ${relation} AS SELECT ${columns.join(', ')}, rowid AS c${columns.length} FROM ${storageOf(target)}`,
  );
  const query = { database, text: rowNumbers(text, target.name), parameters: context.parameters };
  const compiled = await compileFor(engine, query, trial);
  const other = compiled.reads.find((name) => name !== target.name);
  if (other !== undefined) throw bad(`The predicate of .delete may read '${target.name}' only, not '${other}'`);
  if (whatIf) {
    const reader = await connection.runAndReadAll(`SELECT count(*) FROM (${compiled.sql}) AS q(r)`);
    return (reader.getRows()[0]?.[0] as bigint | undefined) ?? 0n;
  }
  const outcome = await connection.run(
    `DELETE FROM ${storageOf(target)} WHERE rowid IN (SELECT r FROM (${compiled.sql}) AS q(r))`,
  );
  return BigInt(outcome.rowsChanged);
}

/** `.delete [async] table|materialized-view T records [with (whatif=true)] <| T | where …`. */
async function deleteRecords(scanner: Scanner, context: CommandContext, isView: boolean): Promise<CommandResult> {
  const name = scanner.name();
  if (!scanner.word('records')) throw scanner.fail("'records'");
  const properties = scanner.properties();
  scanner.expect('<|');
  const text = scanner.rest();
  const { engine, database } = context;
  const view = isView ? engine.catalog.view(database, name) : undefined;
  if (isView && view === undefined)
    throw new KustoError('NOTFOUND', `Entity ID '${name}' of kind 'MaterializedView' was not found.`);
  const target = view ?? engine.catalog.requireTable(database, name);
  // Rows that a view has not taken in yet would come to it after the deletion.
  if (isView) await engine.views.bringUpToDate(database, [name]);
  const whatIf = properties.get('whatif')?.toLowerCase() === 'true';
  const count = await engine.writer.exclusive((tx) => deleteRows(context, tx, target, text, whatIf));
  return result({ ExtentId: 'guid', RecordsMatchPredicate: 'long' }, count === 0n ? [] : [[randomUUID(), count]]);
}

export const deleteCommands: Handlers = {
  'delete table': (scanner, context) => deleteRecords(scanner, context, false),
  'delete async table': (scanner, context) => deleteRecords(scanner, context, false),
  'delete materialized-view': (scanner, context) => deleteRecords(scanner, context, true),
  'delete async materialized-view': (scanner, context) => deleteRecords(scanner, context, true),
  'purge table': () => {
    throw bad(
      '.purge works through a cluster’s data management service; here .delete table … records removes rows for good',
    );
  },
};
