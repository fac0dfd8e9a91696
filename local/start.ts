// `npm start`: the whole of Framewatch on this machine. Composition only: what starts in which order, and how it stops.
import { HELP, readOptions, UsageError, type StartOptions } from './start/options.ts';
import { checkPorts, lockData } from './start/preflight.ts';
import { Stack } from './start/stack.ts';

async function main(options: StartOptions): Promise<void> {
  await checkPorts(options.ports);
  const unlock = lockData(options.dataDir, options.isFresh);
  const stack = new Stack(options);
  let stopping: Promise<void> | undefined;
  const stop = (code: number): void => {
    stopping ??= stack.stop().then(() => {
      unlock();
      process.exit(code);
    });
  };
  process.on('SIGINT', () => stop(0));
  process.on('SIGTERM', () => stop(0));
  process.on('disconnect', () => stop(0));
  try {
    await stack.start();
  } catch (error) {
    console.error(`\n${error instanceof Error ? error.message : String(error)}`);
    stop(1);
  }
}

try {
  const options = readOptions(process.argv.slice(2));
  if (options) await main(options);
  else console.log(HELP);
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`${error.message}\nnpm start -- --help lists the options.`);
  process.exit(2);
}
