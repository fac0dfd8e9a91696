// `npm run infra:smoke`: posts one event through the front door and reads it back as a row. Works against Azure and against `npm start`.
import { randomUUID } from 'node:crypto';
import { openCluster } from '../../scripts/kql/cluster.ts';
import { hookMain, type Hook, type HookRun } from './support/command.ts';
import { httpFor } from './support/http.ts';
import { serverKeyOf } from './support/write-keys.ts';

interface Target {
  readonly url: string;
  readonly database: string;
}

const POLL_MS = 2000;
const DEFAULT_WAIT_SECONDS = 300;
/** A new Front Door answers 400 or 404 for 10 to 90 minutes: https://learn.microsoft.com/answers/questions/1669065 */
const FRONT_DOOR_WAIT_SECONDS = 1800;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function targetsOf({ option, settings }: HookRun): Target[] {
  const url = option('kusto');
  if (url !== undefined) return [{ url, database: option('database') ?? 'framewatch' }];
  return settings.stamps().map(({ kustoUri, databaseName }) => ({ url: kustoUri, database: databaseName }));
}

async function keyOf(run: HookRun): Promise<string> {
  const given = run.option('key');
  if (given !== undefined) return given;
  return serverKeyOf(httpFor('https://vault.azure.net/.default'), run.settings.need('FRAMEWATCH_VAULT_URI'));
}

const isFrontDoor = (endpoint: string): boolean => new URL(endpoint).hostname.endsWith('.azurefd.net');

/** Not everything that is late is wrong. */
const later = (endpoint: string): string =>
  isFrontDoor(endpoint) ? '. A new Front Door takes up to 90 minutes: npm run infra:smoke later' : '';

/** The door answers 401 while Key Vault references resolve, 404 while the host starts: it gets until the deadline. */
async function post(endpoint: string, key: string, session: string, deadlineMs: number): Promise<string> {
  const now = Date.now();
  const envelope = {
    v: 1,
    h: { sid: session, t0: now, sent: now, cid: 'smoke', st: 'v', app: 'infra-smoke' },
    e: [{ k: 'custom', n: 0, t: 0, name: 'smoke' }],
  };
  for (;;) {
    let got: string;
    try {
      const response = await fetch(`${endpoint}/api/v1/events`, {
        method: 'POST',
        headers: { 'content-type': 'text/plain', 'x-framewatch-key': key },
        body: JSON.stringify(envelope),
        signal: AbortSignal.timeout(30_000),
      });
      got = `${response.status} ${(await response.text()).slice(0, 200)}`;
      if (response.status === 202) return got;
    } catch (error) {
      got = error instanceof Error ? error.message : String(error);
    }
    if (performance.now() + POLL_MS > deadlineMs)
      throw new Error(`the door never answered 202; last: ${got}${later(endpoint)}`);
    await sleep(POLL_MS);
  }
}

/** Which cluster holds the row, or undefined when none does in time. */
async function found(targets: readonly Target[], session: string, deadlineMs: number): Promise<string | undefined> {
  const clusters = targets.map(({ url, database }) => openCluster(url, database));
  try {
    do {
      for (const cluster of clusters) {
        const rows = await cluster.query(`PlaybackEvents | where SessionId == "${session}" | summarize Rows = count()`);
        if (Number(rows[0]?.['Rows']) > 0) return cluster.url;
      }
      await sleep(POLL_MS);
    } while (performance.now() < deadlineMs);
    return undefined;
  } finally {
    for (const cluster of clusters) cluster.close();
  }
}

/** From outside a closed network neither vault nor cluster can be read: readyz tells whether the app reaches its cluster. */
async function lookOnly(endpoint: string, deadlineMs: number, { report }: HookRun): Promise<void> {
  for (;;) {
    let got: string;
    try {
      const response = await fetch(`${endpoint}/api/readyz`, { signal: AbortSignal.timeout(30_000) });
      got = `${response.status} ${(await response.text()).slice(0, 200)}`;
      if (response.ok) {
        report.ok('readyz', `${endpoint} answered ${response.status}: the app reaches its cluster`);
        break;
      }
    } catch (error) {
      got = error instanceof Error ? error.message : String(error);
    }
    if (performance.now() + POLL_MS > deadlineMs) {
      const advice = `look at the logs of the app; its private endpoints must be approved${later(endpoint)}`;
      report.fail('readyz', { expected: '200', got, advice });
      break;
    }
    await sleep(POLL_MS);
  }
  report.note(
    '     network isolation: npm run infra:smoke -- --inside, on a machine in the network, also reads a row back',
  );
}

/** The hook itself, for tests. */
export const smoke: Hook = {
  name: 'smoke',
  help: `npm run infra:smoke -- [options]
Posts one event (kind custom, name smoke) through the front door and waits until it is a row in Azure Data Explorer.

  --endpoint URL    the door; default FRAMEWATCH_ENDPOINT
  --kusto URL       where the row must appear; default every stamp's cluster
  --database NAME   with --kusto; default framewatch
  --key KEY         a server key; default the first trusted key in the key vault
  --wait SECONDS    longest wait for door and row; default ${DEFAULT_WAIT_SECONDS}, behind Front Door ${FRONT_DOOR_WAIT_SECONDS}
  --inside          with network isolation: this machine is in the network; otherwise readyz alone is asked
  On one machine: npm run infra:smoke -- --endpoint http://127.0.0.1:7071 --kusto http://127.0.0.1:8080 --key simulator`,
  options: {
    endpoint: { type: 'string' },
    kusto: { type: 'string' },
    database: { type: 'string' },
    key: { type: 'string' },
    wait: { type: 'string' },
    inside: { type: 'boolean' },
  },
  async run(run) {
    const { report, settings, option } = run;
    const endpoint = (option('endpoint') ?? settings.need('FRAMEWATCH_ENDPOINT')).replace(/\/$/, '');
    const targets = targetsOf(run);
    if (run.isDryRun) {
      report.note(`would post to ${endpoint}/api/v1/events and read from ${targets.map(({ url }) => url).join(', ')}`);
      return;
    }
    const waitMs =
      Number(option('wait') ?? (isFrontDoor(endpoint) ? FRONT_DOOR_WAIT_SECONDS : DEFAULT_WAIT_SECONDS)) * 1000;
    if (!(waitMs > 0)) throw new Error(`--wait: expected seconds above 0, got ${option('wait') ?? ''}`);
    if (settings.get('FRAMEWATCH_NETWORK_ISOLATION') === 'true' && !run.flag('inside')) {
      await lookOnly(endpoint, performance.now() + waitMs, run);
      return;
    }
    const session = randomUUID();
    const answer = await post(endpoint, await keyOf(run), session, performance.now() + waitMs);
    report.ok('door', `${endpoint} answered ${answer}`);
    const started = performance.now();
    const where = await found(targets, session, started + waitMs);
    if (where === undefined) {
      report.fail('row', {
        expected: `session ${session} in PlaybackEvents`,
        got: `nothing after ${Math.round(waitMs / 1000)} s`,
        advice: `look at ${endpoint}/api/readyz and at the app's logs; then npm run infra:smoke again`,
      });
      return;
    }
    report.ok('row', `in ${where} after ${Math.round(performance.now() - started)} ms`);
  },
};

if (import.meta.main) await hookMain(smoke);
