// `npm run erase`: everything of a viewer or of a session, out of every place, with a proof.
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { parseArgs } from 'node:util';
import { counterStore } from '../functions/adapters/counters.ts';
import { kustoClient } from '../functions/adapters/kusto-client.ts';
import { kustoSink } from '../functions/adapters/kusto-sink.ts';
import { storedSalts } from '../functions/adapters/salt-store.ts';
import { systemClock } from '../functions/adapters/system.ts';
import type { Erasure } from '../schema/tables.ts';
import { isLocal } from './kql/cluster.ts';
import { eraseDrops, eraseOwnBlobs, OWN_CONTAINERS, sessionsInBlobs, softDeleteDays } from './upkeep/erase-blobs.ts';
import { eraseLines, isClean, remainsOf, type EraseReport } from './upkeep/erase-report.ts';
import {
  accountOf,
  deleteRows,
  purgeCommands,
  queryOf,
  rowsIn,
  sessionsOf,
  tablePlaces,
  tenantsOf,
  withRejectIds,
  type TablePlace,
} from './upkeep/erase-tables.ts';
import { openPlaces, PLACE_HELP, placeOptions, type Places } from './upkeep/places.ts';
import { matcherOf, pseudonymsOf, type Subject } from './upkeep/subject.ts';
import { runCommand } from './command-line.ts';

const HELP = `npm run erase -- --viewer ID [--viewer ID …] [--session SID …] [options]
Erases everything of viewers, by the id that your senders know them by, and of sessions: rows of tables and views, quarantine,
spill; names the dropped blobs that hold them. Ends with a proof: counts before and after, the queries, and what remains.

  --viewer ID          raw viewer id; several in one run are one purge
  --session SID        session id
  --tenant NAME        only of this tenant; default all
  --blobs              rewrite the dropped blobs too
  --no-drops           do not search the dropped blobs at all: their owner sees to them
  --no-delete          leave the tables to the purge commands
  --dry-run            only count
  --yes                do not ask
  --reference TEXT     your name of the request, for the report; the report holds no raw viewer id
  --out DIR            folder of the report and of the purge commands; default erasures
${PLACE_HELP}

Exit codes: 0 nothing of them is left where this tool may reach · 2 something is, see the report · 3 not confirmed · 1 it broke off`;

const DAY_MS = 86_400_000;
/** Retention of the tables, kql/schema/040-policies.kql. */
const KEPT_DAYS = 90;
/** Days whose pseudonyms may still come in: midnight lies between a batch and its row. */
const RECENT_DAYS = 2;

export interface EraseRequest {
  readonly viewers: readonly string[];
  readonly sessions: readonly string[];
  readonly tenant?: string | undefined;
  readonly reference?: string | undefined;
  /** Dropped blobs are searched, and rewritten. */
  readonly searchesDrops: boolean;
  readonly erasesDrops: boolean;
  readonly deletesRows: boolean;
  readonly progress: (text: string) => void;
}

interface Found {
  readonly subject: Subject;
  readonly shared: readonly string[];
  readonly saltDays: readonly string[];
  readonly places: readonly TablePlace[];
}

const dropsOf = ({ drops }: Places, tenant: string | undefined): string[] =>
  Object.keys(drops).filter((name) => tenant === undefined || drops[name] === tenant);

async function find(opened: Places, request: EraseRequest): Promise<Found> {
  const { cluster, storage, secret } = opened;
  const { viewers, tenant } = request;
  if (viewers.length > 0 && secret === undefined)
    throw new Error(
      'A viewer is found by their pseudonyms: set FRAMEWATCH_PSEUDONYM_SECRET to the secret of the functions, or name the data folder of the local stack with --data.',
    );
  const salts = await storedSalts(storage);
  const tenants = tenant === undefined ? await tenantsOf(cluster) : [tenant];
  const sources = { secret: secret ?? '', tenants, salts, nowMs: systemClock.now(), days: KEPT_DAYS };
  const pseudonyms = viewers.length === 0 ? [] : pseudonymsOf(viewers, sources);
  const searched = request.searchesDrops ? [...OWN_CONTAINERS, ...dropsOf(opened, tenant)] : OWN_CONTAINERS;
  const named =
    viewers.length === 0
      ? []
      : await sessionsInBlobs(storage, searched, matcherOf({ viewers, pseudonyms, sessions: [] }));
  const { own, shared, present } = await sessionsOf(cluster, pseudonyms, named);
  const subject = { viewers, pseudonyms, sessions: [...new Set([...request.sessions, ...own])] };
  const saltDays = [...salts.keys()]
    .sort((a, b) => a - b)
    .map((day) => new Date(day * DAY_MS).toISOString().slice(0, 10));
  // Predicates name the pseudonyms that are there, and those that may come in meanwhile.
  const lately = [...salts].filter(([day]) => day * DAY_MS > sources.nowMs - RECENT_DAYS * DAY_MS);
  const recent = pseudonymsOf(viewers, { ...sources, salts: new Map(lately), days: RECENT_DAYS });
  const inTables = { ...subject, pseudonyms: viewers.length === 0 ? [] : [...new Set([...present, ...recent])] };
  const places = await withRejectIds(cluster, tablePlaces(inTables, tenant));
  return { subject, shared, saltDays, places };
}

/** The rows of Erasures, so that the books still balance. */
async function book(places: Places, rows: readonly Erasure[]): Promise<void> {
  const { url, database } = places.cluster;
  const client = kustoClient({ url, database, managedIdentityClientId: undefined, timeoutMs: 60_000 });
  const sink = kustoSink({
    client,
    clock: systemClock,
    counters: counterStore(),
    lingerMs: 0,
    maxCalls: 1,
    deadlineMs: 60_000,
  });
  try {
    await sink.write({ Erasures: rows });
  } finally {
    client.close();
  }
}

async function eraseRows(
  places: Places,
  found: readonly TablePlace[],
  erasureId: string,
  { progress, deletesRows }: EraseRequest,
): Promise<void> {
  const erasedAt = new Date(systemClock.now()).toISOString();
  const account = await accountOf(places.cluster, found, { erasureId, erasedAt });
  for (const place of deletesRows ? found : []) {
    progress(`deleting from ${place.name}`);
    await deleteRows(places.cluster, place);
  }
  // Where the purge is to take the rows, the books know of it before: rows that are still there are no loss.
  if (account.length > 0) await book(places, account);
}

/** Everything `npm run erase` does but asking and writing files. In a dry run it only counts. */
export async function erase(
  opened: Places,
  request: EraseRequest,
  isDryRun: boolean,
): Promise<{ report: EraseReport; purge: string }> {
  const { cluster, storage } = opened;
  const { progress, deletesRows } = request;
  const erasureId = `e${systemClock.now().toString(36)}${randomBytes(4).toString('hex')}`;
  const { subject, shared, saltDays, places } = await find(opened, request);
  const before = new Map<string, number>();
  for (const place of places) before.set(place.name, await rowsIn(cluster, place));
  const matcher = matcherOf(subject);
  // Spill first: what waits there would come into the tables after they are clean.
  const blobs = await eraseOwnBlobs(storage, { matcher, isErasing: !isDryRun, progress });
  if (!isDryRun) await eraseRows(opened, places, erasureId, request);
  const containers = request.searchesDrops ? dropsOf(opened, request.tenant) : [];
  const dropped = await eraseDrops(storage, containers, {
    matcher,
    isErasing: !isDryRun && request.erasesDrops,
    progress,
  });
  const tables = [];
  for (const place of places) {
    const after = isDryRun ? undefined : await rowsIn(cluster, place);
    tables.push({ place: place.name, before: before.get(place.name) ?? 0, after, query: queryOf(place) });
  }
  const remains = remainsOf({
    isLocal: isLocal(cluster.url),
    softDeleteDays: await softDeleteDays(storage),
    dropsLeft: dropped.filter(({ action }) => action === 'found').length,
    isPurgeOnly: !deletesRows,
    searchesDrops: request.searchesDrops,
  });
  const report: EraseReport = {
    erasureId,
    at: new Date(systemClock.now()).toISOString(),
    reference: request.reference,
    isDryRun,
    cluster: cluster.url,
    database: cluster.database,
    viewers: subject.viewers.length,
    sessions: subject.sessions.length,
    pseudonyms: subject.pseudonyms.length,
    saltDays,
    tables,
    blobs,
    drops: dropped,
    sharedSessions: shared,
    remains,
  };
  return { report, purge: purgeCommands(cluster.database, cluster.url, places) };
}

async function isConfirmed(): Promise<boolean> {
  if (!process.stdin.isTTY) return false;
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await lines.question('This cannot be undone. Type "erase" to go on: ');
  lines.close();
  return answer.trim() === 'erase';
}

function write(dir: string, report: EraseReport, purge: string): string[] {
  mkdirSync(dir, { recursive: true });
  const purgeFile = join(dir, `${report.erasureId}.purge.kql`);
  const full = { ...report, purgeFile };
  writeFileSync(purgeFile, purge, { mode: 0o600 });
  writeFileSync(join(dir, `${report.erasureId}.json`), `${JSON.stringify(full, null, 2)}\n`, { mode: 0o600 });
  const lines = eraseLines(full);
  writeFileSync(join(dir, `${report.erasureId}.txt`), `${lines.join('\n')}\n`, { mode: 0o600 });
  return lines;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      ...placeOptions,
      viewer: { type: 'string', multiple: true, default: [] },
      session: { type: 'string', multiple: true, default: [] },
      tenant: { type: 'string' },
      blobs: { type: 'boolean', default: false },
      'no-drops': { type: 'boolean', default: false },
      'no-delete': { type: 'boolean', default: false },
      'dry-run': { type: 'boolean', default: false },
      yes: { type: 'boolean', default: false },
      reference: { type: 'string' },
      out: { type: 'string', default: 'erasures' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const [viewers, sessions] = [values.viewer, values.session].map((ids) => ids.filter((id) => id !== ''));
  if (viewers === undefined || sessions === undefined || viewers.length + sessions.length === 0)
    throw new Error('Whose data? Give --viewer or --session; --help tells more.');
  const request: EraseRequest = {
    viewers,
    sessions,
    tenant: values.tenant,
    reference: values.reference,
    searchesDrops: !values['no-drops'],
    erasesDrops: values.blobs,
    deletesRows: !values['no-delete'],
    progress: (text) => console.error(text),
  };
  const places = openPlaces(values);
  try {
    const trial = await erase(places, request, true);
    if (values['dry-run']) {
      for (const line of eraseLines(trial.report)) console.log(line);
      return 2;
    }
    if (!values.yes) {
      for (const line of eraseLines(trial.report)) console.error(line);
      if (!(await isConfirmed())) {
        console.error('Not confirmed; nothing was changed.');
        return 3;
      }
    }
    const { report, purge } = await erase(places, request, false);
    for (const line of write(values.out, report, purge)) console.log(line);
    return isClean(report) ? 0 : 2;
  } finally {
    places.cluster.close();
  }
}

if (import.meta.main) await runCommand(main);
