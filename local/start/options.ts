import { parseArgs } from 'node:util';

export interface Ports {
  readonly functions: number;
  readonly kusto: number;
  readonly blob: number;
  readonly queue: number;
  readonly viewer: number;
  /** Event Hubs, AMQP. */
  readonly hubs: number;
  /** Azurite itself, behind the Event Grid proxy on `blob`. */
  readonly azuriteBlob: number;
}

export interface StartOptions {
  readonly ports: Ports;
  readonly dataDir: string;
  readonly isFresh: boolean;
  readonly isEmpty: boolean;
  readonly useFunc: boolean;
  /** Where the functions send rows: straight into Kusto, or into hub `rows` and from there by a data connection. */
  readonly sink: 'kusto' | 'event-hubs';
  readonly backfill: string;
  readonly seed: number;
}

export const HELP = `usage: npm start [-- OPTIONS]

Brings up Framewatch on this machine: Azurite, Event Grid relay, Event Hubs, Kusto-compatible engine, the functions,
dashboards and alert rules, the demo page and a demo audience. Ctrl-C stops everything; data is kept.

  --empty          without the demo audience
  --fresh          clear the data first
  --data DIR       where data is kept                        (default .framewatch)
  --backfill SPAN  history of the demo audience, e.g. 2d, 14d   (default 14d)
  --seed N         seed of the demo audience                 (default 1)
  --sink NAME      kusto, or event-hubs: rows go through a hub, as in Azure beyond about 1,500 events/s (default kusto)
  --port-base N    functions N, Kusto N+1, blob N+2, queue N+3, viewer N+4, Event Hubs N+5
                   (default 7071, 8080, 10000, 10001, 3000, 5672)
  --func           run the functions in Azure Functions Core Tools (func must be on the PATH)
  --help`;

const DEFAULT_PORTS: Ports = {
  functions: 7071,
  kusto: 8080,
  blob: 10_000,
  queue: 10_001,
  viewer: 3000,
  hubs: 5672,
  azuriteBlob: 10_012,
};

const portsFrom = (base: number): Ports => ({
  functions: base,
  kusto: base + 1,
  blob: base + 2,
  queue: base + 3,
  viewer: base + 4,
  hubs: base + 5,
  azuriteBlob: base + 12,
});

export class UsageError extends Error {}

function wholeNumber(name: string, text: string, low: number, high: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < low || value > high) {
    throw new UsageError(`--${name} is ${text}; expected a whole number from ${low} to ${high}.`);
  }
  return value;
}

function sinkOf(text: string): StartOptions['sink'] {
  if (text === 'kusto' || text === 'event-hubs') return text;
  throw new UsageError(`--sink is ${text}; expected kusto or event-hubs.`);
}

/** Reads the command line; throws {@link UsageError} with what, got and expected. `undefined` when help was asked for. */
export function readOptions(argv: readonly string[]): StartOptions | undefined {
  let values;
  try {
    ({ values } = parseArgs({
      args: [...argv],
      options: {
        empty: { type: 'boolean' },
        fresh: { type: 'boolean' },
        data: { type: 'string' },
        backfill: { type: 'string' },
        seed: { type: 'string' },
        'port-base': { type: 'string' },
        func: { type: 'boolean' },
        sink: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    }));
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
  if (values.help) return undefined;
  const backfill = values.backfill ?? '14d';
  if (!/^\d+(\.\d+)?[mhd]$/.test(backfill))
    throw new UsageError(`--backfill is ${backfill}; expected a span such as 90m, 12h or 14d.`);
  return {
    ports:
      values['port-base'] === undefined
        ? DEFAULT_PORTS
        : portsFrom(wholeNumber('port-base', values['port-base'], 1024, 65_000)),
    dataDir: values.data ?? '.framewatch',
    isFresh: values.fresh ?? false,
    isEmpty: values.empty ?? false,
    useFunc: values.func ?? false,
    sink: sinkOf(values.sink ?? 'kusto'),
    backfill,
    seed: wholeNumber('seed', values.seed ?? '1', 0, 2_147_483_647),
  };
}
