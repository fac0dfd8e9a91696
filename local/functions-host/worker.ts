import { join, resolve } from 'node:path';
import { loadApp } from './app-loader.ts';
import { hubCheckpoints } from '../event-hubs/checkpoints.ts';
import { installCoreApi, type RegisteredFunction } from './core-api.ts';
import { startEventHubs } from './event-hubs.ts';
import { invoker, triggerOf, type Invoker } from './invoke.ts';
import { hostLog, type HostLog } from './log.ts';
import type { FromWorker, FunctionSummary, WorkerOptions } from './protocol.ts';
import { startServer } from './server.ts';
import { readHostJson, readSettings } from './settings.ts';
import { startTimers } from './timers.ts';

// The process that holds the app. Its parent (supervisor.ts) starts it again when it dies, as the real host does with its worker.

const SUPPORTED = new Set(['httpTrigger', 'timerTrigger', 'eventGridTrigger', 'eventHubTrigger']);
const DEFAULT_BODY_BYTES = 104_857_600;
/** Longest wait for work under way when stopping. */
const DRAIN_MS = 10_000;
/** New requests still find the door open so long after the signal to stop. */
const NOTICE_MS = 250;

const options = JSON.parse(process.argv[2] ?? '{}') as WorkerOptions;
const send = (message: FromWorker): void => {
  process.send?.(message);
};

/** Settings of the file count only where the environment says nothing. */
async function applySettings(appDir: string, file: string | undefined): Promise<string[]> {
  const values = await readSettings(file === undefined ? join(appDir, 'local.settings.json') : resolve(appDir, file));
  const skipped: string[] = [];
  for (const [name, value] of Object.entries(values)) {
    if (process.env[name] === undefined) process.env[name] = value;
    else skipped.push(name);
  }
  process.env['AZURE_FUNCTIONS_ENVIRONMENT'] = 'Development';
  return skipped;
}

const isDisabled = (name: string): boolean =>
  [`AzureWebJobs.${name}.Disabled`, `AzureWebJobs__${name}__Disabled`].some((setting) =>
    /^(1|true)$/i.test(process.env[setting] ?? ''),
  );

/** Lines are gathered and written once a turn of the event loop: a write per line costs more than a request. */
function printer(): { readonly print: (line: string) => void; readonly flush: () => void } {
  let lines: string[] = [];
  const flush = (): void => {
    if (lines.length > 0) process.stdout.write(`${lines.join('\n')}\n`);
    lines = [];
  };
  return {
    print(line) {
      if (lines.push(line) === 1) setImmediate(flush);
    },
    flush,
  };
}

function listenToHubs(
  targets: readonly RegisteredFunction[],
  appDir: string,
  invoker: Invoker,
  log: HostLog,
  maxEventBatchSize: number,
): () => Promise<void> {
  if (targets.length === 0) return () => Promise.resolve();
  const checkpoints = hubCheckpoints(resolve(appDir, options.state ?? '.framewatch/functions-host'));
  return startEventHubs(targets, { invoker, log, env: process.env, checkpoints, maxEventBatchSize });
}

async function run(): Promise<void> {
  const appDir = resolve(options.app);
  const skipped = await applySettings(appDir, options.settings);
  const hostJson = await readHostJson(appDir, process.env);
  const { print, flush } = printer();
  const log = hostLog(hostJson.logLevel, print);
  for (const name of skipped)
    log.write(
      'debug',
      'Host',
      `Skipping '${name}' from local settings as it's already defined in current environment variables.`,
    );
  const registry = installCoreApi((level, category, message) =>
    log.write(level, category === 'user' ? 'Function' : 'Worker', message),
  );
  await loadApp(appDir, registry);
  const run = invoker(registry, log);
  const functions = registry.functions;
  const maxBodyBytes = Number(process.env['FUNCTIONS_REQUEST_BODY_SIZE_LIMIT'] ?? DEFAULT_BODY_BYTES);
  const server = await startServer({
    port: options.port,
    host: options.host,
    functions,
    invoker: run,
    hostJson,
    maxBodyBytes,
    isDisabled,
  });
  const enabled = (type: string): RegisteredFunction[] =>
    [...functions.values()].filter((target) => triggerOf(target).type === type && !isDisabled(target.metadata.name));
  const stopTimers = startTimers(enabled('timerTrigger'), run, process.env);
  const stopHubs = listenToHubs(enabled('eventHubTrigger'), appDir, run, log, hostJson.maxEventBatchSize);

  const summaries: FunctionSummary[] = [...functions.values()].map((target) => {
    const route = server.routes.find((candidate) => candidate.target === target);
    const { type } = triggerOf(target);
    return {
      name: target.metadata.name,
      type,
      ...(route ? { methods: route.methods, url: `${server.url}/${route.template}` } : {}),
    };
  });
  print('\nFunctions:\n');
  for (const { name, type, methods, url } of summaries) {
    print(url === undefined ? `\t${name}: ${type}\n` : `\t${name}: [${methods?.join(',') ?? ''}] ${url}\n`);
    if (!SUPPORTED.has(type)) log.write('warning', 'Host', `The local host cannot fire ${type} of '${name}'.`);
  }

  let isStopping = false;
  const stop = async (): Promise<void> => {
    if (isStopping) return;
    isStopping = true;
    stopTimers();
    const deadline = setTimeout(() => process.exit(1), DRAIN_MS);
    // The app has heard the signal and says that it is not ready: time for whoever asks to hear that.
    await new Promise((resolve) => setTimeout(resolve, NOTICE_MS));
    await Promise.all([server.close(), stopHubs(), run.idle()]);
    for (const hook of registry.hooks.appTerminate) await hook({ hookData: {} });
    clearTimeout(deadline);
    flush();
    process.exit(0);
  };
  process.on('SIGTERM', () => void stop());
  // Ctrl-C reaches every process of the terminal; the parent decides when this one stops.
  process.on('SIGINT', () => undefined);
  process.on('disconnect', () => void stop());
  process.on('message', (message: unknown) => {
    if (message === 'stop') process.emit('SIGTERM');
  });
  send({ type: 'ready', url: server.url, functions: summaries });
}

// Like the worker: an uncaught error ends the process, and the parent starts a new one.
process.on('uncaughtException', (error) => {
  process.stderr.write(`[${new Date().toISOString()}] Worker uncaught exception: ${error.stack ?? error.message}\n`);
  process.exit(1);
});

run().catch((error: unknown) => {
  const message = error instanceof Error ? error.message : String(error);
  send({ type: 'failed', message });
  process.stderr.write(`${message}\n`);
  setImmediate(() => process.exit(2));
});
