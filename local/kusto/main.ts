import { parseArgs } from 'node:util';
import { startKusto } from './http/server.ts';

const USAGE = `Kusto-compatible engine for one machine.

  node local/kusto/main.ts [options]

  --db FILE               database file (default :memory:, nothing is kept)
  --port N                default 8080; 0 takes a free port
  --host ADDRESS          default 127.0.0.1
  --database NAME         database of a new file (default framewatch)
  --blob-connection TEXT  storage connection string; offers queued ingestion
  --memory-limit SIZE     for queries, as 2GB (default)
  --help
`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      db: { type: 'string', default: ':memory:' },
      port: { type: 'string', default: '8080' },
      host: { type: 'string', default: '127.0.0.1' },
      database: { type: 'string', default: 'framewatch' },
      'blob-connection': { type: 'string' },
      'memory-limit': { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return;
  }
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Error(`--port must be a number from 0 to 65535, not '${values.port}'`);
  const blobConnection = values['blob-connection'];
  const memoryLimit = values['memory-limit'];
  const server = await startKusto({
    file: values.db,
    port,
    host: values.host,
    database: values.database,
    ...(blobConnection === undefined ? {} : { blobConnection }),
    ...(memoryLimit === undefined ? {} : { memoryLimit }),
  });
  let isStopping = false;
  const stop = (): void => {
    if (isStopping) return;
    isStopping = true;
    server.close().then(() => process.exit(0), fail);
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  process.stdout.write(
    `Kusto-compatible engine ready at ${server.url} (database ${values.database}, ${values.db === ':memory:' ? 'in memory' : values.db})\n`,
  );
}

function fail(error: unknown): void {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const message = error instanceof Error ? error.message : String(error);
  let hint = '';
  if (code === 'EADDRINUSE') hint = '\nAnother program listens there: stop it, or choose another port with --port.';
  else if (message.includes('Could not set lock on file'))
    hint = '\nAnother engine has the file open: only one process can use it.';
  process.stderr.write(`The engine cannot start: ${message}${hint}\n`);
  process.exit(1);
}

main().catch(fail);
