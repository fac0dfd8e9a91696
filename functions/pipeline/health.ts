import type { Clock } from './ports.ts';

/** One dependency as the health endpoints report it. */
export interface Check {
  readonly name: string;
  readonly status: 'pass' | 'fail';
  readonly observedMs: number;
  /** Epoch ms of the look, and of the last change of status. */
  readonly atMs: number;
  readonly sinceMs: number;
}

export interface Probe {
  readonly name: string;
  /** Rejects when the dependency does not answer. */
  readonly run: () => Promise<void>;
}

/** Answers are kept so long: health endpoints are asked often and by many. */
const KEEP_MS = 5000;
const DEADLINE_MS = 1000;

const expired = (): Promise<never> =>
  new Promise((_resolve, reject) => {
    setTimeout(() => reject(new Error('no answer in time')), DEADLINE_MS).unref();
  });

/** Looks at every dependency, at most once in {@link KEEP_MS}, each within {@link DEADLINE_MS}. */
export function healthChecks(probes: readonly Probe[], clock: Clock): () => Promise<readonly Check[]> {
  let last: readonly Check[] = [];
  let looking: Promise<readonly Check[]> | undefined;
  const look = async ({ name, run }: Probe): Promise<Check> => {
    const startMs = clock.now();
    const status = await Promise.race([run(), expired()]).then(
      () => 'pass' as const,
      () => 'fail' as const,
    );
    const atMs = clock.now();
    const before = last.find((check) => check.name === name);
    return {
      name,
      status,
      observedMs: atMs - startMs,
      atMs,
      sinceMs: before?.status === status ? before.sinceMs : atMs,
    };
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
