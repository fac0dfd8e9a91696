import { parseArgs } from 'node:util';
import { type AudienceOptions, DEFAULT_CONCURRENT, DEFAULT_SEED } from './options.ts';
import type { Scope } from './incident.ts';
import type { Scenario } from './scenario.ts';
import { scenarioOf } from './scenarios/registry.ts';
import { CDNS, COUNTRIES } from './world/regions.ts';

export const HELP = `An audience for Framewatch: realistic, labelled playback sessions through the real front doors.

  npm run simulate -- --scenario NAME [options]

What
  --scenario NAME         what goes wrong (--list shows all); default steady
  --incident-start T      when it begins: a time, or 25m = 25 minutes ago
  --incident-minutes M    how long it lasts
  --cdn C --country CC    moves it elsewhere, e.g. --cdn edge-a --country FR
  --magnitude X           how bad, 0 to 1; each scenario says what it measures
  --seed S                the same seed, size and window give the same sessions; default ${DEFAULT_SEED}

How many
  --concurrent N          mean number of sessions at the same time; default ${DEFAULT_CONCURRENT}
  --sessions N            instead: about so many session starts in the whole window

When
  --backfill 14d          the past 14 days (d, h, m), all at once; --until T ends it earlier
  --speed X               replays that past X times faster than it was instead of all at once
  --live                  real time from now on, until Ctrl-C or --until T
  Without any of these, steady goes live; a scenario with an incident sends the sessions it touches, from its start
  to its end, over the audience that is there already.

Where
  --endpoint URL          default http://127.0.0.1:7071/api/v1/events
  --key K                 write key of a trusted sender; default simulator
  --blob CONNECTION|none  storage for ACME blobs; default the local one, port 10000
  --blob-share X          share of sessions that travel as ACME blobs; default 0.12
  --concurrency N         requests under way at once; default 4
  --beat S                seconds between heartbeats; default 60 live, 300 in a backfill
  --state FILE            remembers how far this audience was sent: the next run fills the gap, sessions go on unbroken
  --labels FILE           writes the incidents as JSON for back-tests; they are printed anyway

  --list                  the scenarios
  --help                  this text

Ends with 1 when events are rejected or the books do not balance.`;

export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `14d`, `36h`, `90m`, `30s` as ms. */
const durationOf = (name: string, text: string): number => {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)([smhd])$/.exec(text) ?? [];
  const factor = UNITS[unit ?? ''];
  if (amount === undefined || factor === undefined)
    throw new UsageError(`--${name} ${text}: expected a length of time such as 14d, 6h or 90m`);
  return Number(amount) * factor;
};

/** A point in time, or `25m` for 25 minutes ago. */
const timeOf = (name: string, text: string, now: number): number => {
  if (/^\d+(\.\d+)?[smhd]$/.test(text)) return now - durationOf(name, text);
  const at = Date.parse(text);
  if (Number.isNaN(at))
    throw new UsageError(`--${name} ${text}: expected a time such as 2026-11-22T18:00Z, or 25m for 25 minutes ago`);
  return at;
};

const numberOf = (name: string, text: string, { least = 0, most = Infinity } = {}): number => {
  const value = Number(text);
  if (text.trim() === '' || !(value >= least && value <= most)) {
    throw new UsageError(
      `--${name} ${text}: expected a number ${most === Infinity ? `of at least ${least}` : `from ${least} to ${most}`}`,
    );
  }
  return value;
};

const oneOf = (name: string, text: string, allowed: readonly string[]): string => {
  if (!allowed.includes(text)) throw new UsageError(`--${name} ${text}: there are ${allowed.join(', ')}`);
  return text;
};

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;
const FLAGS = {
  scenario: text,
  'incident-start': text,
  'incident-minutes': text,
  cdn: text,
  country: text,
  magnitude: text,
  seed: text,
  concurrent: text,
  sessions: text,
  backfill: text,
  until: text,
  speed: text,
  live: flag,
  endpoint: text,
  key: text,
  blob: text,
  'blob-share': text,
  concurrency: text,
  beat: text,
  labels: text,
  state: text,
  list: flag,
  help: flag,
} as const;
type Values = { [K in keyof typeof FLAGS]?: (typeof FLAGS)[K]['type'] extends 'boolean' ? boolean : string };

const read = (args: readonly string[]): Values => {
  try {
    return parseArgs({ args: [...args], options: FLAGS, allowPositionals: false }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
};

const incidentOf = (values: Values, now: number): NonNullable<AudienceOptions['incident']> => {
  const { 'incident-start': start, 'incident-minutes': minutes, magnitude, cdn, country } = values;
  const scope: Scope = {
    ...(cdn === undefined ? {} : { cdn: oneOf('cdn', cdn, CDNS) as (typeof CDNS)[number] }),
    ...(country === undefined
      ? {}
      : {
          country: oneOf(
            'country',
            country,
            COUNTRIES.map((entry) => entry.country),
          ),
        }),
  };
  return {
    scope,
    start: start === undefined ? undefined : timeOf('incident-start', start, now),
    minutes: minutes === undefined ? undefined : numberOf('incident-minutes', minutes),
    magnitude: magnitude === undefined ? undefined : numberOf('magnitude', magnitude, { most: 1 }),
  };
};

type When = Pick<AudienceOptions, 'concurrent' | 'from' | 'to' | 'speed' | 'live' | 'until' | 'onlyTouched'>;

const whenOf = (values: Values, hasIncident: boolean, incidentEnd: number, now: number): When => {
  const { backfill, until: untilText, speed: speedText, live = false } = values;
  const until = untilText === undefined ? undefined : timeOf('until', untilText, now);
  const speed = speedText === undefined ? undefined : numberOf('speed', speedText, { least: 0.001 });
  if (speed !== undefined && backfill === undefined)
    throw new UsageError('--speed replays the past: say how much of it with --backfill');
  if (backfill !== undefined) {
    const to = live ? now : Math.min(until ?? now, now);
    return { from: to - durationOf('backfill', backfill), to, speed, live, until };
  }
  if (!hasIncident || live) return { live: true, until };
  // Laid over what is running: everything the incident has done up to now at once, the rest as it happens.
  return { live: true, until: until ?? incidentEnd, onlyTouched: true, concurrent: OVERLAY_CONCURRENT };
};

/** Twice the usual: only the sessions in the incident's scope are sent, and at dawn those of the usual size are a handful. */
const OVERLAY_CONCURRENT = 2 * DEFAULT_CONCURRENT;

const sizeOf = ({ concurrent, sessions }: Values): Pick<AudienceOptions, 'concurrent' | 'sessions'> => {
  if (concurrent !== undefined && sessions !== undefined) {
    throw new UsageError('--concurrent and --sessions both say how many: give one');
  }
  if (sessions !== undefined) return { sessions: numberOf('sessions', sessions) };
  return concurrent === undefined ? {} : { concurrent: numberOf('concurrent', concurrent) };
};

const optional = <T>(given: string | undefined, use: (given: string) => T): T | undefined =>
  given === undefined ? undefined : use(given);

const knownScenario = (name: string): Scenario => {
  try {
    return scenarioOf(name);
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
};

export interface Command {
  options: AudienceOptions;
  labelsFile?: string;
}

/** Reads the command line. @throws UsageError that names the option at fault. */
export const readCommand = (
  args: readonly string[],
  localBlob: string,
  now = Date.now(),
): Command | 'help' | 'list' => {
  const values = read(args);
  if (values.help) return 'help';
  if (values.list) return 'list';
  const { blob = localBlob, endpoint = 'http://127.0.0.1:7071/api/v1/events', key = 'simulator', labels } = values;
  if (!URL.canParse(endpoint)) throw new UsageError(`--endpoint ${endpoint}: expected a URL`);
  const scenario = knownScenario(values.scenario ?? 'steady');
  const incident = incidentOf(values, now);
  // Settled here, so that the run, its labels and what is printed speak of the same times.
  incident.start ??= now - scenario.defaultAgoMinutes * 60_000;
  incident.minutes ??= scenario.defaultMinutes;
  const incidentEnd = incident.start + incident.minutes * 60_000;
  const beat = optional(values.beat, (given) => numberOf('beat', given, { least: 1 }) * 1000);
  const options: AudienceOptions = {
    endpoint,
    key,
    blob: blob === 'none' ? undefined : blob,
    scenario: scenario.id,
    incident,
    seed: values.seed ?? DEFAULT_SEED,
    ...whenOf(values, scenario.id !== 'steady', incidentEnd, now),
    ...sizeOf(values),
    blobShare: optional(values['blob-share'], (given) => numberOf('blob-share', given, { most: 1 })),
    concurrency: optional(values.concurrency, (given) => numberOf('concurrency', given, { least: 1, most: 64 })),
    stateFile: values.state,
    beatMs: beat === undefined ? undefined : { backfill: beat, live: beat },
  };
  return labels === undefined ? { options } : { options, labelsFile: labels };
};
