// Loaded into the functions' processes. `localhost` resolves to 127.0.0.1 while the file named by FAULT_DNS_FILE is absent, and not at all
// while it is there. Memory and the lag of the event loop are written to FAULT_VITALS_FILE, with FAULT_COLLECT after a full collection each.
import dns, { type LookupOptions } from 'node:dns';
import { appendFileSync, existsSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

type Done = (error: Error | null, address?: unknown, family?: number) => void;

const file = process.env['FAULT_DNS_FILE'] ?? '';
const lookup = dns.lookup as unknown as (hostname: string, options: LookupOptions, done: Done) => void;

function faulty(hostname: string, options: LookupOptions | Done, callback?: Done): void {
  const [settings, done] = typeof options === 'function' ? [{}, options] : [options, callback];
  if (!done) throw new TypeError('dns.lookup without a callback');
  if (hostname !== 'localhost') lookup(hostname, settings, done);
  else if (existsSync(file)) {
    const facts = { code: 'ENOTFOUND', syscall: 'getaddrinfo', hostname };
    process.nextTick(done, Object.assign(new Error(`getaddrinfo ENOTFOUND ${hostname}`), facts));
  } else process.nextTick(done, null, settings.all === true ? [{ address: '127.0.0.1', family: 4 }] : '127.0.0.1', 4);
}

(dns as { lookup: unknown }).lookup = faulty;
syncBuiltinESMExports();

/** A line of the vitals file. */
export interface Vitals {
  /** Epoch ms. */
  readonly atMs: number;
  readonly pid: number;
  readonly rss: number;
  readonly heapUsed: number;
  /** Buffers and whatever else lives beside the heap. */
  readonly external: number;
  /** Of the time since the line before. */
  readonly lagP99Ms: number;
  readonly lagMaxMs: number;
}

const VITALS_MS = 1000;
const COLLECT_MS = 5000;

/** What garbage there is at a moment is the engine's choice; what is left without it is memory in use. */
function collector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}

const vitalsFile = process.env['FAULT_VITALS_FILE'];
if (vitalsFile !== undefined) {
  const lag = monitorEventLoopDelay({ resolution: 10 });
  lag.enable();
  const isCollected = process.env['FAULT_COLLECT'] !== undefined;
  const collect = isCollected ? collector() : () => undefined;
  setInterval(
    () => {
      collect();
      const { rss, heapUsed, external } = process.memoryUsage();
      // The histogram counts its own interval too.
      const [lagP99Ms = 0, lagMaxMs = 0] = [lag.percentile(99), lag.max].map((ns) => Math.max(0, ns / 1e6 - 10));
      lag.reset();
      const vitals: Vitals = { atMs: Date.now(), pid: process.pid, rss, heapUsed, external, lagP99Ms, lagMaxMs };
      appendFileSync(vitalsFile, `${JSON.stringify(vitals)}\n`);
    },
    isCollected ? COLLECT_MS : VITALS_MS,
  ).unref();
}
