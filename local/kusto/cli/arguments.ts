import { parseArgs } from 'node:util';

export type OutputFormat = 'table' | 'csv' | 'json';
const FORMATS: readonly OutputFormat[] = ['table', 'csv', 'json'];

/** What the command line asks for. */
export interface KqlArguments {
  /** Text of the query or command; null when it comes from a file or from standard input. */
  readonly text: string | null;
  /** `-` is standard input. */
  readonly file: string | null;
  readonly cluster: string;
  readonly database: string;
  readonly format: OutputFormat;
  readonly parameters: ReadonlyMap<string, string>;
  readonly timeoutMs: number | null;
  readonly help: boolean;
}

/** A mistake in the command line. */
export class UsageError extends Error {}

export const USAGE = `Runs a KQL query or a management command and prints its answer.

  kql [options] 'QUERY'
  kql [options] -f FILE         (- is standard input)
  … | kql [options]

  -c, --cluster URL      default $KQL_CLUSTER or http://127.0.0.1:8080; a connection string is taken too
  -d, --database NAME    default $KQL_DATABASE or framewatch
      --format FORMAT    table, csv or json; default table on a terminal, csv elsewhere
  -p, --parameter N=V    value of a 'declare query_parameters' name; may be repeated
      --timeout SECONDS  time the engine may take
  -h, --help

A text that begins with a dot is a management command. An https endpoint is asked in the name of the account
that the environment offers (Azure CLI, managed identity, AZURE_* variables); a local one needs none.
Exit codes: 0 answered, 1 refused by the endpoint, 2 wrong arguments, 3 endpoint not reachable.
`;

function parametersOf(list: readonly string[]): Map<string, string> {
  const parameters = new Map<string, string>();
  for (const item of list) {
    const at = item.indexOf('=');
    if (at < 1) throw new UsageError(`-p takes name=value, not '${item}'`);
    parameters.set(item.slice(0, at), item.slice(at + 1));
  }
  return parameters;
}

function formatOf(given: string | undefined, isTerminal: boolean): OutputFormat {
  if (given === undefined) return isTerminal ? 'table' : 'csv';
  const format = FORMATS.find((name) => name === given);
  if (format === undefined) throw new UsageError(`--format is ${FORMATS.join(', ')}, not '${given}'`);
  return format;
}

function timeoutOf(given: string | undefined): number | null {
  if (given === undefined) return null;
  const seconds = Number(given);
  if (!(seconds > 0) || seconds > 3600)
    throw new UsageError(`--timeout is a number of seconds up to 3600, not '${given}'`);
  return seconds * 1000;
}

/** Reads the command line; throws {@link UsageError}. */
export function readArguments(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  isTerminal: boolean,
): KqlArguments {
  let parsed;
  try {
    parsed = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        file: { type: 'string', short: 'f' },
        cluster: { type: 'string', short: 'c' },
        database: { type: 'string', short: 'd' },
        format: { type: 'string' },
        parameter: { type: 'string', short: 'p', multiple: true },
        timeout: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
  const { values, positionals } = parsed;
  if (positionals.length > 1) throw new UsageError('give the query as one argument, in quotes');
  if (positionals.length === 1 && values.file !== undefined) throw new UsageError('give either a query or -f FILE');
  return {
    text: positionals[0] ?? null,
    file: values.file ?? null,
    cluster: values.cluster ?? env['KQL_CLUSTER'] ?? 'http://127.0.0.1:8080',
    database: values.database ?? env['KQL_DATABASE'] ?? 'framewatch',
    format: formatOf(values.format, isTerminal),
    parameters: parametersOf(values.parameter ?? []),
    timeoutMs: timeoutOf(values.timeout),
    help: values.help,
  };
}
