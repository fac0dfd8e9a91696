import { readFile } from 'node:fs/promises';
import { text as readAll } from 'node:stream/consumers';
import { readArguments, USAGE, UsageError, type KqlArguments } from './arguments.ts';
import { ask } from './endpoint.ts';
import { failureOf, withCaret } from './failure.ts';
import { formatTable } from './output.ts';

async function textOf({ text, file }: KqlArguments): Promise<string> {
  if (text !== null) return text;
  if (file !== null && file !== '-') {
    return readFile(file, 'utf8').catch((error: unknown) => {
      throw new UsageError(error instanceof Error ? error.message : String(error));
    });
  }
  if (file === null && process.stdin.isTTY) throw new UsageError('give a query, -f FILE, or a text on standard input');
  return readAll(process.stdin);
}

async function main(): Promise<number> {
  const args = readArguments(process.argv.slice(2), process.env, process.stdout.isTTY);
  if (args.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const text = await textOf(args);
  if (text.trim() === '') throw new UsageError('the query is empty');
  const startedAt = performance.now();
  try {
    const table = await ask(text, args);
    process.stdout.write(formatTable(table, args.format));
    if (process.stderr.isTTY) {
      const count = table.rows.length;
      process.stderr.write(
        `${count} ${count === 1 ? 'row' : 'rows'}, ${(performance.now() - startedAt).toFixed(0)} ms\n`,
      );
    }
    return 0;
  } catch (error) {
    const { exitCode, message } = failureOf(error, args.cluster);
    process.stderr.write(withCaret(message, text));
    return exitCode;
  }
}

// A reader that closes early (`kql … | head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

process.exitCode = await main().catch((error: unknown) => {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\nSee kql --help\n`);
  return 2;
});
