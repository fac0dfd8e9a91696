import { splitTop } from '../catalog/split.ts';
import type { Running } from '../exec/activity-log.ts';
import { commandInProgress } from '../exec/journal.ts';
import { asKustoError, collect, compileFor, type QueryResult } from '../exec/query.ts';
import { PHYSICAL, KustoError, type Column } from '../types.ts';
import { toAnswer, type CommandContext, type CommandResult, type Handler, type Handlers } from './command.ts';
import { activityCommands } from './activities.ts';
import { columnCommands } from './columns.ts';
import { databaseCommands } from './databases.ts';
import { deleteCommands } from './delete-records.ts';
import { extentCommands } from './extents.ts';
import { fixedAnswers } from './fixed-answers.ts';
import { functionCommands } from './functions.ts';
import { ingestCommands } from './ingest-commands.ts';
import { ingestionFailureCommands } from './ingestion-failures.ts';
import { mappingCommand, showDatabaseMappings } from './mappings.ts';
import { policyCommand } from './policies.ts';
import { queuedIngestionCommands } from './queued-ingestion.ts';
import { renameCommands } from './rename.ts';
import { Scanner } from './scanner.ts';
import { executeScript, typeOf } from './script.ts';
import { showDatabaseCommands } from './show-databases.ts';
import { showCommands } from './show.ts';
import { tableCommands } from './tables.ts';
import { viewPropertyCommands } from './view-properties.ts';
import { viewCommands } from './views.ts';

const HANDLERS: Handlers = {
  ...tableCommands,
  ...renameCommands,
  ...columnCommands,
  ...deleteCommands,
  ...extentCommands,
  ...fixedAnswers,
  ...databaseCommands,
  ...functionCommands,
  ...viewCommands,
  ...viewPropertyCommands,
  ...ingestCommands,
  ...showCommands,
  ...ingestionFailureCommands,
  ...activityCommands,
  ...showDatabaseCommands,
  ...queuedIngestionCommands,
  'execute database script': (scanner, context) =>
    executeScript(scanner, context, (text, within) => runOne(text, within)),
};
const MAX_WORDS = 4;

const NAME = String.raw`(?:\[\s*(?:'[^']*'|"[^"]*")\s*\]|[\w@$*-]+)`;
/** Commands whose kind stands behind the name of their subject; their handlers read from the beginning. */
const BY_FORM: readonly (readonly [RegExp, Handler])[] = [
  [
    new RegExp(String.raw`^\.(?:create|alter|create-or-alter|drop|show)\s+table\s+${NAME}\s+ingestion\b`, 'i'),
    mappingCommand,
  ],
  [/^\.show\s+(?:database\s+(?:(?!ingestion\b)\S+\s+)?)?ingestion\s+(?:\w+\s+)?mappings\b/i, showDatabaseMappings],
  [
    /^\.(?:alter|alter-merge|delete|show)\s+(?:tables?|database|materialized-view|column|cluster)\b[^{<|]*?\bpolicy\b/i,
    policyCommand,
  ],
];

const POSITIONAL = new RegExp(
  String.raw`^\.[a-z-]+\s+[a-z-]+\s+(?:\([^)]*\)|${NAME}(?:\s*,\s*${NAME})*(?:\.${NAME})?)?\s*policy\b`,
  'i',
);

function findHandler(text: string): { handler: Handler; scanner: Scanner } {
  for (const [form, handler] of BY_FORM) {
    if (form.test(text) && (handler !== policyCommand || POSITIONAL.test(text)))
      return { handler, scanner: new Scanner(text) };
  }
  const scanner = new Scanner(text);
  scanner.expect('.');
  const words =
    scanner.text
      .slice(1, 200)
      .toLowerCase()
      .match(/^[a-z_-]+(?:\s+[a-z_-]+){0,3}/)?.[0]
      .split(/\s+/) ?? [];
  for (let count = Math.min(MAX_WORDS, words.length); count > 0; count--) {
    const key = words.slice(0, count).join(' ');
    const handler = Object.hasOwn(HANDLERS, key) ? HANDLERS[key] : undefined;
    if (handler !== undefined && scanner.word(key)) return { handler, scanner };
  }
  throw new KustoError('BADREQUEST', `The management command '.${words.join(' ')}' is not known to this engine`);
}

function begin(text: string, context: CommandContext): Running | null {
  const type = typeOf(text);
  if (type === 'Show') return null;
  const { database, clientRequestId, caller = { clientRequestId, user: '', application: '' } } = context;
  return context.engine.operations.begin({ type, text, database, ...caller });
}

async function runOne(text: string, context: CommandContext, operation = begin(text, context)): Promise<CommandResult> {
  try {
    const { handler, scanner } = findHandler(text);
    const command = { text, user: context.caller?.user ?? '' };
    const answer = await commandInProgress.run(command, async () => handler(scanner, context));
    operation?.done(answer.rows.length);
    return answer;
  } catch (error) {
    operation?.failed(error);
    throw error;
  }
}

/** Commands that Kusto runs in the background when told so. */
const IN_BACKGROUND = /^\.(?:(?:set|append|set-or-append|set-or-replace|create|create-or-alter|delete)\s+async)\b/i;

/** Answers with the operation's id at once; `.show operations <id>` tells how it goes. */
function runInBackground(text: string, context: CommandContext): CommandResult | null {
  if (!IN_BACKGROUND.test(text)) return null;
  // An unknown command is told at once.
  findHandler(text);
  const operation = begin(text, context);
  if (operation === null) return null;
  // Failures are in the log.
  runOne(text, context, operation).catch(() => {});
  return { columns: { OperationId: 'guid' }, rows: [[operation.id]] };
}

/** Runs a management command; `.show …` may be followed by `| query` over its answer. */
export async function runCommand(text: string, context: CommandContext): Promise<QueryResult> {
  const command = dropComments(text);
  const [first = '', ...pipeline] = command.startsWith('.show') ? splitTop(command, '|') : [command];
  const answer =
    runInBackground(first, context) ??
    (await runOne(first, context).catch((error: unknown) => {
      throw asKustoError(error);
    }));
  if (pipeline.length === 0) return toAnswer(answer);
  return queryOver(answer, pipeline.join('\n| '), context);
}

/** Comment lines before the command. */
const dropComments = (text: string): string => text.replace(/^(?:\s*\/\/[^\n]*(?:\n|$)|\s+)+/, '').trimEnd();

/** Kusto's name for a command's answer. */
const RESULTS = '$command_results';

async function queryOver(answer: CommandResult, pipeline: string, context: CommandContext): Promise<QueryResult> {
  const columns: Column[] = Object.entries(answer.columns).map(([name, type]) => ({ name, type }));
  const { catalog } = context.engine;
  const snapshot = catalog.snapshot(context.database);
  const extended = {
    ...snapshot,
    version: catalog.trialVersion(),
    tables: [...snapshot.tables, { name: RESULTS, columns, relation: 'command_results' }],
  };
  const compiled = await compileFor(
    context.engine,
    { database: context.database, text: `['${RESULTS}']\n| ${pipeline}`, parameters: context.parameters },
    extended,
  );
  return context.engine.readers.use(context.timeoutMs, undefined, async (connection) => {
    await connection.run(
      `CREATE OR REPLACE TEMP TABLE command_results (${columns.map(({ type }, i) => `c${i} ${PHYSICAL[type]}`).join(', ')})`,
    );
    const insert = `INSERT INTO command_results VALUES (${columns.map((_, i) => `$${i + 1}`).join(', ')})`;
    for (const row of answer.rows) {
      const values = columns.map(({ type }, i) => bindable(row[i], type));
      await connection.run(insert, values);
    }
    try {
      const result = await collect(connection, compiled, {});
      if (result.failure) throw result.failure;
      return result;
    } finally {
      await connection.run('DROP TABLE IF EXISTS command_results').catch(() => {});
    }
  });
}

function bindable(value: unknown, type: Column['type']): string | number | bigint | boolean | null {
  if (value === undefined || value === null) return type === 'string' ? '' : null;
  if (typeof value === 'number' && (type === 'long' || type === 'datetime' || type === 'timespan'))
    return BigInt(value);
  return value as string | number | bigint | boolean;
}
