import type { Clock } from './ports.ts';
import { RefusesWrites } from './standing.ts';

/** One dependency as the health endpoints report it. */
export interface Check {
  readonly name: string;
  /** `way`: on the way of every event; `support`: the service goes on without it, less well. */
  readonly role: 'way' | 'support';
  readonly status: 'pass' | 'fail';
  readonly observedMs: number;
  /** Epoch ms of the look, and of the last change of status. */
  readonly atMs: number;
  readonly sinceMs: number;
  /** Why it failed, in words of ours: an error's own text may quote hosts and credentials. */
  readonly output?: string | undefined;
}

export interface Probe {
  readonly name: string;
  readonly role: Check['role'];
  /** Rejects when the dependency does not answer. */
  readonly run: () => Promise<void>;
}

/** Answers are kept so long: health endpoints are asked often and by many. */
const KEEP_MS = 5000;
const DEADLINE_MS = 1000;
const CODE = /^E[A-Z_]{2,24}$/;

class LateError extends Error {
  override readonly name = 'LateError';
}

const expired = (): Promise<never> =>
  new Promise((_resolve, reject) => {
    setTimeout(() => reject(new LateError()), DEADLINE_MS).unref();
  });

type Bag = Readonly<Record<string, unknown>>;
const bagOf = (value: unknown): Bag => (typeof value === 'object' && value !== null ? (value as Bag) : {});

/** The kind of a failure, from a closed set: status codes and names of system errors, never a text. */
export function causeOf(error: unknown): string {
  if (error instanceof LateError) return `no answer within ${DEADLINE_MS} ms`;
  if (error instanceof RefusesWrites) return 'takes no writes';
  const bag = bagOf(error);
  const inner = bagOf(bag['inner'] ?? bag['cause']);
  for (const status of [bag['statusCode'], bagOf(bag['response'])['status'], bagOf(inner['response'])['status']])
    if (typeof status === 'number' && status >= 100 && status <= 599) return `answered ${status}`;
  for (const code of [bag['code'], inner['code']])
    if (typeof code === 'string' && CODE.test(code)) return `not reachable: ${code}`;
  return 'failed';
}

/** Whether a batch sent now would find a place. */
export const isReady = (checks: readonly Check[]): boolean =>
  checks.some(({ role, status }) => role === 'way' && status === 'pass');

/** `warn`: it serves, but something is away. */
export function overall(checks: readonly Check[]): 'pass' | 'warn' | 'fail' {
  if (!isReady(checks)) return 'fail';
  return checks.every(({ status }) => status === 'pass') ? 'pass' : 'warn';
}

/** Looks at every dependency, at most once in {@link KEEP_MS}, each within {@link DEADLINE_MS}. */
export function healthChecks(probes: readonly Probe[], clock: Clock): () => Promise<readonly Check[]> {
  let last: readonly Check[] = [];
  let looking: Promise<readonly Check[]> | undefined;
  const look = async ({ name, role, run }: Probe): Promise<Check> => {
    const startMs = clock.now();
    const cause = await Promise.race([run(), expired()]).then(() => undefined, causeOf);
    const status = cause === undefined ? 'pass' : 'fail';
    const atMs = clock.now();
    const before = last.find((check) => check.name === name);
    const sinceMs = before?.status === status ? before.sinceMs : atMs;
    return { name, role, status, observedMs: atMs - startMs, atMs, sinceMs, output: cause };
  };
  const refresh = async (): Promise<readonly Check[]> => {
    try {
      last = await Promise.all(probes.map(look));
      return last;
    } finally {
      looking = undefined;
    }
  };
  return () => {
    const atMs = last[0]?.atMs;
    if (atMs !== undefined && clock.now() - atMs < KEEP_MS) return Promise.resolve(last);
    looking ??= refresh();
    return looking;
  };
}
