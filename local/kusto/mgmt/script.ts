import { randomUUID } from 'node:crypto';
import { skipLiteral } from '../catalog/split.ts';
import { KustoError } from '../types.ts';
import { table as result, type CommandContext, type CommandResult } from './command.ts';
import type { Scanner } from './scanner.ts';

/**
 * The commands of a script: each begins with a dot at the start of a line, outside string literals and brackets, and ends where the next begins.
 * Comment lines and blank lines between commands belong to none.
 */
export function splitScript(text: string): string[] {
  const starts: number[] = [];
  let depth = 0;
  let atLineStart = true;
  for (let at = 0; at < text.length;) {
    const next = skipLiteral(text, at);
    if (next > at) {
      if (!text.startsWith('//', at)) atLineStart = false;
      at = next;
      continue;
    }
    const c = text[at] ?? '';
    if (c === '\n') atLineStart = true;
    else if (!/\s/.test(c)) {
      if (c === '.' && atLineStart && depth === 0) starts.push(at);
      if ('([{'.includes(c)) depth += 1;
      if (')]}'.includes(c)) depth -= 1;
      atLineStart = false;
    }
    at += 1;
  }
  return starts.map((start, i) => text.slice(start, starts[i + 1]).trim());
}

const COLUMNS = {
  OperationId: 'guid',
  CommandType: 'string',
  CommandText: 'string',
  Result: 'string',
  Reason: 'string',
} as const;

type Run = (text: string, context: CommandContext) => Promise<unknown>;

/** `.execute database script [with (ContinueOnErrors=…, ThrowOnErrors=…)] <| commands`; `.show` commands are skipped, as in Kusto. */
export async function executeScript(scanner: Scanner, context: CommandContext, run: Run): Promise<CommandResult> {
  const properties = scanner.properties();
  scanner.expect('<|');
  const isOn = (name: string): boolean => properties.get(name)?.toLowerCase() === 'true';
  const rows: unknown[][] = [];
  let hasFailed = false;
  for (const text of splitScript(scanner.rest())) {
    const type = typeOf(text);
    if (type === 'Show' || (hasFailed && !isOn('continueonerrors'))) {
      rows.push([
        randomUUID(),
        type,
        text,
        'Skipped',
        type === 'Show' ? 'Show commands are skipped' : 'An earlier command failed',
      ]);
      continue;
    }
    try {
      await run(text, context);
      rows.push([randomUUID(), type, text, 'Completed', '']);
    } catch (error) {
      hasFailed = true;
      if (isOn('throwonerrors')) {
        const name = text.split('\n')[0]?.slice(0, 120) ?? '';
        throw error instanceof KustoError
          ? new KustoError(
              error.code,
              `${error.message} (in the script's command '${name}')`,
              undefined,
              error.permanent,
            )
          : error;
      }
      rows.push([randomUUID(), type, text, 'Failed', error instanceof Error ? error.message : String(error)]);
    }
  }
  return result(COLUMNS, rows);
}

/** `.create-or-alter function …` → `FunctionCreateOrAlter`, `.set-or-append T …` → `TableSetOrAppend`. */
export function typeOf(text: string): string {
  const [, verb = '', noun = ''] = /^\.([\w-]+)\s*(?:async\s+)?([\w-]*)/i.exec(text) ?? [];
  const camel = (word: string): string =>
    word
      .split('-')
      .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
      .join('');
  if (verb.toLowerCase() === 'show') return 'Show';
  // Their noun is the table's name.
  const isIngestion = /^(?:set|append|set-or-append|set-or-replace)$/i.test(verb);
  return `${isIngestion ? 'Table' : camel(noun)}${camel(verb)}`;
}
