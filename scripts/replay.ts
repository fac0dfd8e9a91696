// `npm run replay`: what is in quarantine goes through the pipeline as it is now.
import { parseArgs } from 'node:util';
import { counterStore } from '../functions/adapters/counters.ts';
import { digestsOf } from '../functions/adapters/digests.ts';
import { kustoClient } from '../functions/adapters/kusto-client.ts';
import { kustoSink } from '../functions/adapters/kusto-sink.ts';
import { systemClock } from '../functions/adapters/system.ts';
import { userAgentReader } from '../functions/adapters/user-agents.ts';
import { DEFAULT_LIMITS } from '../functions/pipeline/decode.ts';
import { REJECT_REASONS } from '../schema/operations.ts';
import { countOf, instantOf } from './upkeep/options.ts';
import { openPlaces, PLACE_HELP, placeOptions, type Places } from './upkeep/places.ts';
import { replayBlobs } from './upkeep/replay-blobs.ts';
import { replayEvents, type ReplayFilter } from './upkeep/replay-events.ts';
import { reportLines, summaryOf, type ReplayReport } from './upkeep/replay-report.ts';
import { runCommand } from './command-line.ts';

const HELP = `npm run replay -- [options]
Sends quarantined events (RejectedEvents) and blobs (container quarantine) through the pipeline as it is now.
Without --yes it only tells what would happen. What was brought back is marked and never stored twice.

  --reason R[,R]       only these reasons: ${REJECT_REASONS.join(', ')}; spill for spilled batches
  --since T --until T  only what came in between (RFC 3339)
  --tenant NAME        only this tenant
  --limit N            at most so many events and so many blobs; default 100000
  --events, --blobs    only these; default both
  --yes                do it
  --dry-run            only tell, even with --yes
  --json               the report as JSON
${PLACE_HELP}

Exit codes: 0 nothing is left of what was chosen · 2 something is, or would be · 1 it broke off; run it again`;

export interface ReplayOptions {
  readonly filter: ReplayFilter;
  readonly isDryRun: boolean;
  readonly kinds: readonly ('events' | 'blobs')[];
  readonly progress: (text: string) => void;
  readonly pageSize?: number | undefined;
}

const NO_SECRET = 'no secret: viewers of replayed blobs stay without pseudonym';

/** Everything `npm run replay` does but reading the command line. */
export async function replay(places: Places, options: ReplayOptions): Promise<ReplayReport> {
  const { cluster, storage, secret, drops } = places;
  const { isDryRun, filter, kinds, progress, pageSize } = options;
  const counters = counterStore();
  const client = kustoClient({
    url: cluster.url,
    database: cluster.database,
    managedIdentityClientId: undefined,
    timeoutMs: 60_000,
  });
  const sink = kustoSink({ client, clock: systemClock, counters, lingerMs: 0, maxCalls: 2, deadlineMs: 60_000 });
  const digests = digestsOf(secret ?? '');
  const ports = {
    sink,
    clock: systemClock,
    counters,
    digests: secret === undefined ? { ...digests, pseudonym: () => undefined } : digests,
    userAgents: userAgentReader(),
    limits: DEFAULT_LIMITS,
  };
  if (secret === undefined && kinds.includes('blobs')) progress(NO_SECRET);
  const run = { ports, isDryRun, pageSize, runId: `r${systemClock.now().toString(36)}`, progress };
  try {
    return {
      isDryRun,
      events: kinds.includes('events') ? await replayEvents(cluster, filter, run) : [],
      blobs: kinds.includes('blobs') ? await replayBlobs(cluster, storage, filter, { ...run, tenants: drops }) : [],
    };
  } finally {
    client.close();
  }
}

function reasonsOf(text: string | undefined): string[] {
  const reasons = (text ?? '').split(',').filter(Boolean);
  const known: readonly string[] = [...REJECT_REASONS, 'spill'];
  const strange = reasons.find((reason) => !known.includes(reason));
  if (strange !== undefined) throw new Error(`--reason: expected one of ${known.join(', ')}, got '${strange}'`);
  return reasons;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      ...placeOptions,
      reason: { type: 'string' },
      since: { type: 'string' },
      until: { type: 'string' },
      tenant: { type: 'string' },
      limit: { type: 'string', default: '100000' },
      events: { type: 'boolean', default: false },
      blobs: { type: 'boolean', default: false },
      yes: { type: 'boolean', default: false },
      'dry-run': { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const filter = {
    reasons: reasonsOf(values.reason),
    since: instantOf(values.since, 'since'),
    until: instantOf(values.until, 'until'),
    tenant: values.tenant,
    limit: countOf(values.limit, 'limit'),
  };
  const isBoth = values.events === values.blobs;
  const kinds = (['events', 'blobs'] as const).filter((kind) => isBoth || values[kind]);
  const places = openPlaces(values);
  try {
    const isDryRun = !values.yes || values['dry-run'];
    const report = await replay(places, { filter, kinds, isDryRun, progress: (text) => console.error(text) });
    const summary = summaryOf(report);
    if (values.json) console.log(JSON.stringify({ ...report, summary }, null, 2));
    else for (const line of reportLines(report, summary)) console.log(line);
    return summary.left > 0 ? 2 : 0;
  } finally {
    places.cluster.close();
  }
}

if (import.meta.main) await runCommand(main);
