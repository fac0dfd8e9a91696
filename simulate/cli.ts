// `npm run simulate`: an audience from the command line.
import { writeFile } from 'node:fs/promises';
import { runAudience } from './audience.ts';
import { BooksError } from './books.ts';
import { type Command, HELP, readCommand, UsageError } from './cli-options.ts';
import { labelOf } from './incident.ts';
import { DEFAULT_SEED } from './options.ts';
import type { Progress } from './progress.ts';
import { announcement, progressLine, scenarioList, summaryText } from './report.ts';
import { incidentsOf } from './run-plan.ts';

const LINE_EVERY_MS = { backfill: 5000, replay: 5000, live: 60_000 };
// The storage SDKs' own word for Azurite at its usual port.
const LOCAL_BLOB = 'UseDevelopmentStorage=true';

/** One line drawn over again on a terminal; a line every few seconds elsewhere. */
const progressPrinter = () => {
  const isTerminal = process.stdout.isTTY;
  let printed = 0;
  let phase = '';
  return {
    show: (progress: Progress): void => {
      // Who started this process may want to know as well.
      if (process.connected) process.send?.(progress);
      if (isTerminal) {
        process.stdout.write(`\r\u001b[K${progressLine(progress).slice(0, process.stdout.columns)}`);
      } else if (
        progress.phase !== phase ||
        progress.fraction === 1 ||
        Date.now() - printed >= LINE_EVERY_MS[progress.phase]
      ) {
        printed = Date.now();
        phase = progress.phase;
        console.log(progressLine(progress));
      }
    },
    /** Leaves the line that is being drawn. */
    leave: (): void => {
      if (isTerminal) process.stdout.write('\n');
    },
  };
};

const run = async ({ options, labelsFile }: Command): Promise<void> => {
  const seed = String(options.seed ?? DEFAULT_SEED);
  const incidents = incidentsOf(options);
  console.log(announcement(options.scenario ?? 'steady', incidents, seed));
  if (labelsFile !== undefined) {
    await writeFile(
      labelsFile,
      `${JSON.stringify(
        incidents.map((incident) => labelOf(incident, seed)),
        null,
        2,
      )}\n`,
    );
  }
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  process.once('SIGTERM', () => stop.abort());
  // Started by another process: its end is ours.
  process.once('disconnect', () => stop.abort());
  const printer = progressPrinter();
  const log = (line: string): void => {
    printer.leave();
    console.error(line);
  };
  try {
    const summary = await runAudience({ ...options, signal: stop.signal, log }, printer.show);
    printer.leave();
    console.log(summaryText(summary));
    if (stop.signal.aborted) console.log('Stopped before the end.');
  } catch (error) {
    printer.leave();
    if (error instanceof BooksError) console.error(summaryText(error.summary));
    throw error;
  }
};

try {
  const command = readCommand(process.argv.slice(2), LOCAL_BLOB);
  if (command === 'help') console.log(HELP);
  else if (command === 'list') console.log(scenarioList());
  else await run(command);
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  if (error instanceof UsageError) console.error('npm run simulate -- --help lists the options.');
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
// An open channel to the starter would keep this process alive.
if (process.connected) process.disconnect();
