import { parseArgs } from 'node:util';
import { startKusto, type KustoServerOptions } from '../http/server.ts';

const USAGE = `Kusto-compatible engine for one machine: KQL queries, management commands, streaming and queued ingestion.

  npx framewatch-kusto [options]

  --db FILE               database file, made when missing; without it nothing is kept
  --port N                default 8080; 0 takes a free port
  --host ADDRESS          default 127.0.0.1; there is no sign-in, so think before you open it
  --database NAME         database of a new file (default framewatch)
  --blob-connection TEXT  storage connection string; offers queued ingestion
  --memory-limit SIZE     for data and queries, as 2GB (default)
  --help

Clients connect to http://127.0.0.1:8080 without credentials. Try it:  npx kql 'print now()'
Ctrl-C or SIGTERM finishes accepted writes and closes the file.
`;

class UsageError extends Error {}

function optionsOf(args: readonly string[]): KustoServerOptions | null {
  let values;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        db: { type: 'string', default: ':memory:' },
        port: { type: 'string', default: '8080' },
        host: { type: 'string', default: '127.0.0.1' },
        database: { type: 'string', default: 'framewatch' },
        'blob-connection': { type: 'string' },
        'memory-limit': { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }));
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
  if (values.help) return null;
  const port = Number(values.port);
  if (values.port.trim() === '' || !Number.isInteger(port) || port < 0 || port > 65_535)
    throw new UsageError(`--port must be a number from 0 to 65535, not '${values.port}'`);
  const blobConnection = values['blob-connection'];
  const memoryLimit = values['memory-limit'];
  return {
    file: values.db,
    port,
    host: values.host,
    database: values.database,
    keepSnapshot: true,
    ...(blobConnection === undefined ? {} : { blobConnection }),
    ...(memoryLimit === undefined ? {} : { memoryLimit }),
  };
}

/** What went wrong at the start, and what to do about it. */
function startFailure(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const message = error instanceof Error ? error.message : String(error);
  let hint = '';
  if (code === 'EADDRINUSE') hint = '\nAnother program listens there: stop it, or choose another port with --port.';
  else if (message.includes('Could not set lock on file'))
    hint = '\nAnother engine has the file open: only one process can use it.';
  return `The engine cannot start: ${message}${hint}\n`;
}

/** Runs the engine until a signal; resolves with the exit code. */
export async function serve(args: readonly string[]): Promise<number> {
  try {
    const options = optionsOf(args);
    if (options === null) {
      process.stdout.write(USAGE);
      return 0;
    }
    const server = await startKusto(options);
    const place = options.file === ':memory:' ? 'in memory' : options.file;
    const stopped = new Promise<void>((resolve) => {
      process.once('SIGTERM', resolve);
      // Under a parent with a channel, Ctrl-C is the parent's to handle: it stops the senders first.
      process.on('SIGINT', () => process.connected || resolve());
      process.once('disconnect', resolve);
    });
    process.stdout.write(
      `Kusto-compatible engine ready at ${server.url} (database ${options.database ?? ''}, ${place})\n`,
    );
    await stopped;
    await server.close();
    process.exit(0);
  } catch (error) {
    process.stderr.write(
      error instanceof UsageError ? `${error.message}\nSee framewatch-kusto --help\n` : startFailure(error),
    );
    process.exit(error instanceof UsageError ? 2 : 1);
  }
}
