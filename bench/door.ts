import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { startChild, type Child } from '../local/child-process.ts';
import { deployKql } from '../scripts/kql-deploy.ts';
import { bodies } from './bodies.ts';
import { runLoad, type LoadResult } from './load.ts';
import type { Row } from './report.ts';

const ROOT = join(import.meta.dirname, '..');
const EVENTS = 50;
const SESSIONS = 1000;
const CONNECTIONS = 32;

const quiet = (): void => undefined;

async function startBehind(
  args: readonly string[],
  ready: RegExp,
  env: Record<string, string> = {},
): Promise<{ child: Child; port: number }> {
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

const load = (url: string, seconds: number): Promise<LoadResult> =>
  runLoad({
    url,
    headers: { 'content-type': 'text/plain', 'x-framewatch-key': 'bench' },
    bodies: bodies(SESSIONS, EVENTS, Date.now()),
    connections: CONNECTIONS,
    seconds,
  });

/** The HTTP door, write to Kusto included, against a bare server that only parses and counts the same bodies. */
export async function benchDoor(seconds: number): Promise<Row[]> {
  const plain = await startBehind([join(ROOT, 'bench/plain-server.ts')], /listening on/);
  const yardstick = await load(`http://127.0.0.1:${plain.port}/`, seconds);
  await plain.child.stop();

  const kusto = await startBehind(
    [join(ROOT, 'local/kusto/main.ts'), '--db', ':memory:', '--port', '0'],
    /ready|listening/i,
  );
  const kustoUrl = `http://127.0.0.1:${kusto.port}`;
  await deployKql({ cluster: kustoUrl, database: 'framewatch', log: quiet });
  const host = await startBehind(
    [join(ROOT, 'local/functions-host/main.ts'), '--port', '0', '--app', ROOT],
    /Functions:|listening/i,
    {
      FRAMEWATCH_KUSTO_URL: kustoUrl,
      FRAMEWATCH_KUSTO_DATABASE: 'framewatch',
      FRAMEWATCH_KEYS: JSON.stringify({ bench: { tenant: 'bench', trusted: true, eventsPerSecond: 1_000_000 } }),
      FRAMEWATCH_PSEUDONYM_SECRET: randomBytes(24).toString('base64'),
    },
  );
  const url = `http://127.0.0.1:${host.port}/api/v1/events`;
  await load(url, 3);
  const door = await load(url, seconds);
  await host.child.stop();
  await kusto.child.stop();

  const isClean = Object.keys(door.statuses).join() === '202';
  return [
    {
      what: `HTTP door, ${EVENTS} events a request, to the Kusto acknowledgement`,
      figure: `${Math.round(door.perSecond * EVENTS).toLocaleString('en')} events/s`,
      note: `${isClean ? 'all 202' : JSON.stringify(door.statuses)}; p50 ${door.p50Ms.toFixed(0)} ms, p99 ${door.p99Ms.toFixed(0)} ms, ${CONNECTIONS} connections`,
    },
    {
      what: 'bare node:http, parse and count the same bodies',
      figure: `${Math.round(yardstick.perSecond * EVENTS).toLocaleString('en')} events/s`,
      note: 'stores nothing',
    },
    {
      what: 'ratio door / bare server',
      figure: (door.perSecond / yardstick.perSecond).toFixed(2),
      note: 'sender, host and engine share the same cores',
    },
  ];
}
