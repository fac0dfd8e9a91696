import type { Caller } from '../exec/activity-log.ts';
import type { Engine } from '../exec/engine.ts';
import { encodeRow } from '../exec/encode.ts';
import type { KustoType } from '../types.ts';
import type { Scanner } from './scanner.ts';

/** A command's answer: one table. Values as stored: datetime in ticks, dynamic as JSON text. */
export interface CommandResult {
  readonly columns: Readonly<Record<string, KustoType>>;
  readonly rows: readonly (readonly unknown[])[];
}

export interface CommandContext {
  readonly engine: Engine;
  /** The database's own spelling. */
  readonly database: string;
  readonly timeoutMs: number;
  readonly parameters: Readonly<Record<string, string>>;
  readonly clientRequestId: string;
  /** Who sent it, when it came over HTTP. */
  readonly caller?: Caller;
}

/** Runs one command; the scanner stands after the command's words. */
export type Handler = (scanner: Scanner, context: CommandContext) => Promise<CommandResult> | CommandResult;

/** Handlers by the words that begin a command, lower-case, without the dot: `create table`. */
export type Handlers = Readonly<Record<string, Handler>>;

export const table = (
  columns: Readonly<Record<string, KustoType>>,
  rows: readonly (readonly unknown[])[],
): CommandResult => ({ columns, rows });

export const toAnswer = (result: CommandResult): { columns: { name: string; type: KustoType }[]; rows: string[] } => {
  const columns = Object.entries(result.columns).map(([name, type]) => ({ name, type }));
  return { columns, rows: result.rows.map((row) => encodeRow(row, columns)) };
};

/** The answer, once it is sure that the command ends here. */
export function ended<T>(scanner: Scanner, answer: T): T {
  scanner.end();
  return answer;
}
