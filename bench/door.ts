import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { startChild, type Child } from '../local/child-process.ts';
import { deployKql } from '../scripts/kql-deploy.ts';
import { bodies } from './bodies.ts';
import { runLoad, type LoadResult } from './load.ts';
import { median } from './median.ts';
import { MEASURED_CORE, OTHER_CORE, pin, processTree, treeCpuSeconds } from './process-stats.ts';
import type { Row } from './report.ts';

const ROOT = join(import.meta.dirname, '..');
const EVENTS = 50;
const SESSIONS = 1000;
const CONNECTIONS = 64;
/** The first requests compile: so many on each server, on a busy machine as on an idle one. */
const WARM_REQUESTS = 8000;
const WARM_LONGEST_SECONDS = 60;
const ROUND_SECONDS = 3;
const MIN_ROUNDS = 6;
const DOOR = '/api/v1/events';

const quiet = (): void => undefined;

interface Server {
  readonly child: Child;
  readonly port: number;
}

async function startServer(args: readonly string[], ready: RegExp, env: Record<string, string> = {}): Promise<Server> {
  let port = 0;
  const child = await startChild({
    name: args[0] ?? '',
    args,
    env,
    ready,
    log: (line) => {
      const found = /127\.0\.0\.1:(\d+)|listening on (\d+)/.exec(line);
      if (found && port === 0) port = Number(found[1] ?? found[2]);
    },
  });
  return { child, port };
}

interface Measured extends LoadResult {
  /** CPU of the server under load and of those behind it, µs an event. */
  readonly cpu: readonly number[];
}

/** Loads the first server; counts what it and the others burn meanwhile. */
async function measure(servers: readonly Server[], path: string, seconds: number): Promise<Measured> {
  const before = servers.map(({ child }) => treeCpuSeconds(child.pid));
  const result = await runLoad({
    url: `http://127.0.0.1:${servers[0]?.port ?? 0}${path}`,
    headers: { 'content-type': 'text/plain', 'x-framewatch-key': 'bench' },
    bodies: bodies(SESSIONS, EVENTS, Date.now()),
    connections: CONNECTIONS,
    seconds,
  });
  const cpu = servers.map(
    ({ child }, index) => ((treeCpuSeconds(child.pid) - (before[index] ?? 0)) * 1e6) / (result.requests * EVENTS),
  );
  return { ...result, cpu };
}

interface Servers {
  readonly plain: Server;
  readonly engine: Server;
  readonly host: Server;
}

/** What stands behind the door: the local engine, or a server that acknowledges at once. */
type Store = 'engine' | 'prompt';

/** Starts all three, runs the job, ends them. */
async function withServers<T>(store: Store, job: (servers: Servers) => Promise<T>): Promise<T> {
  const started: Server[] = [];
  const start = async (...from: Parameters<typeof startServer>): Promise<Server> => {
    const server = await startServer(...from);
    started.push(server);
    return server;
  };
  try {
    const plain = await start([join(ROOT, 'bench/plain-server.ts')], /listening on/);
    const args =
      store === 'engine'
        ? [join(ROOT, 'local/kusto/main.ts'), '--db', ':memory:', '--port', '0']
        : [join(ROOT, 'bench/prompt-kusto.ts')];
    const engine = await start(args, /ready|listening/i);
    const cluster = `http://127.0.0.1:${engine.port}`;
    if (store === 'engine') await deployKql({ cluster, database: 'framewatch', log: quiet });
    const host = await start(
      [join(ROOT, 'local/functions-host/main.ts'), '--port', '0', '--app', ROOT],
      /Functions:|listening/i,
      {
        FRAMEWATCH_KUSTO_URL: cluster,
        FRAMEWATCH_KUSTO_DATABASE: 'framewatch',
        FRAMEWATCH_KEYS: JSON.stringify({ bench: { tenant: 'bench', trusted: true, eventsPerSecond: 1_000_000 } }),
        FRAMEWATCH_PSEUDONYM_SECRET: randomBytes(24).toString('base64'),
        'AzureWebJobs.detect.Disabled': 'true',
      },
    );
    return await job({ plain, engine, host });
  } finally {
    for (const { child } of started.reverse()) await child.stop();
  }
}

/** Loads both in turns, so that what else the machine does meets both alike. */
async function rounds({ plain, engine, host }: Servers, seconds: number): Promise<[bare: Measured, door: Measured][]> {
  // Both have the same neighbour, the sender. Two virtual cores are often two threads of one: an engine on the other core would slow the
  // door, and nothing the bare server.
  pin(
    [plain, host, engine].flatMap(({ child }) => processTree(child.pid)),
    MEASURED_CORE,
  );
  pin([process.pid], OTHER_CORE);
  const round = async (length: number): Promise<[Measured, Measured]> => [
    await measure([plain], '/', length),
    await measure([host, engine], DOOR, length),
  ];
  for (const [servers, path] of [[[plain], '/'] as const, [[host], DOOR] as const]) {
    let [requests, seconds] = [0, 0];
    for (; requests < WARM_REQUESTS && seconds < WARM_LONGEST_SECONDS; seconds += ROUND_SECONDS)
      requests += (await measure(servers, path, ROUND_SECONDS)).requests;
  }
  const measured: [Measured, Measured][] = [];
  for (let done = 0; done < Math.max(MIN_ROUNDS, seconds / ROUND_SECONDS); done++)
    measured.push(await round(ROUND_SECONDS));
  return measured;
}

const cpuOf = (one: Measured, index = 0): number => one.cpu[index] ?? Number.NaN;
const count = (value: number): string => Math.round(value).toLocaleString('en');

/** The middle of what all rounds say. */
const middle =
  (rounds: readonly [bare: Measured, door: Measured][]) =>
  (pick: (bare: Measured, door: Measured) => number): number =>
    median(rounds.map(([bare, door]) => pick(bare, door)));

/** What the door's own line tells beside its cost. */
function doorNote(rounds: readonly [bare: Measured, door: Measured][]): string {
  const of = middle(rounds);
  const refused = rounds.flatMap(([, door]) => Object.keys(door.statuses)).filter((status) => status !== '202');
  const statuses = refused.length === 0 ? 'all 202' : `also ${[...new Set(refused)].join(', ')}`;
  const pace = `${count(of((_bare, door) => door.perSecond) * EVENTS)} events/s by the clock`;
  const [p50, p99] = [of((_bare, door) => door.p50Ms), of((_bare, door) => door.p99Ms)];
  return `${statuses}; ${pace}, p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms, ${CONNECTIONS} connections`;
}

const ratioOf = (rounds: readonly [bare: Measured, door: Measured][]): string =>
  `${middle(rounds)((bare, door) => cpuOf(bare) / cpuOf(door)).toFixed(2)}×`;

/**
 * The HTTP door, write to Kusto included, against a bare server that only parses and counts the same bodies.
 * CPU of the processes, from the kernel, so that neither the sender nor the engine (Azure's, in Azure) weighs on the ratio;
 * the server under test has a core of its own.
 */
export async function benchDoor(seconds: number): Promise<Row[]> {
  const measured = await withServers('engine', (servers) => rounds(servers, seconds));
  const prompt = await withServers('prompt', (servers) => rounds(servers, seconds));
  const of = middle(measured);
  return [
    {
      what: `bare node:http, parse and count bodies of ${EVENTS} events`,
      figure: `${of((bare) => cpuOf(bare)).toFixed(2)} µs of CPU an event`,
      note: `stores nothing; ${count(of((bare) => bare.perSecond) * EVENTS)} events/s by the clock`,
    },
    {
      what: 'HTTP door of the same bodies, to the Kusto acknowledgement',
      figure: `${of((_bare, door) => cpuOf(door)).toFixed(2)} µs of CPU an event`,
      note: `all processes of the functions host, Kusto client included; ${doorNote(measured)}`,
    },
    {
      what: 'ratio door / bare server, on one core',
      figure: ratioOf(measured),
      note: `by CPU, median of ${measured.length} rounds of both in turns; target 0.35×`,
    },
    {
      what: 'the local engine behind the door',
      figure: `${of((_bare, door) => cpuOf(door, 1)).toFixed(1)} µs of CPU an event`,
      note: `in Azure this is Azure’s, and here it shares the door’s core; ratio by the clock ${of((bare, door) => door.perSecond / bare.perSecond).toFixed(2)}×`,
    },
    {
      what: 'the same door before a store that acknowledges at once',
      figure: `${middle(prompt)((_bare, door) => cpuOf(door)).toFixed(2)} µs of CPU an event, ${ratioOf(prompt)}`,
      note: `the rows travel and are thrown away: what the door costs where it does not wait for the engine; ${doorNote(prompt)}`,
    },
  ];
}
