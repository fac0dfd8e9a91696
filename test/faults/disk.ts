// A disk that takes nothing more: what the doors say, what is kept, and the way back.
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { envelope } from '../../bench/bodies.ts';
import { post } from './doors.ts';
import type { FaultStack } from './fault-stack.ts';
import { shortInTheEnd, shortOf } from './recount.ts';
import { unaccounted } from './scenario.ts';

/** The room that files have. */
export interface Room {
  readonly kind: string;
  take(): void;
  give(): void;
}

const run = (command: string, args: readonly string[]): boolean =>
  spawnSync(command, args, { stdio: 'ignore' }).status === 0;

/** No file of the process may grow beyond what the largest is now (EFBIG). Needs no rights: only the soft limit is moved. */
export function fileLimit(dir: string, pidOf: () => number): Room {
  const set = (limit: string): void => {
    if (!run('prlimit', [`--pid=${pidOf()}`, `--fsize=${limit}:`])) throw new Error('prlimit failed');
  };
  return {
    kind: 'file size limit (EFBIG)',
    take: () => set(String(Math.max(...readdirSync(dir).map((name) => statSync(join(dir, name)).size)))),
    give: () => set('unlimited'),
  };
}

export interface SmallDisk extends Room {
  readonly dir: string;
  /** Whether the file system could be switched. */
  setReadOnly(isReadOnly: boolean): boolean;
  remove(): void;
}

/** A tmpfs of a few megabytes that a filler fills (ENOSPC). Undefined where mounting is not allowed. */
export function smallDisk(megabytes: number): SmallDisk | undefined {
  const dir = mkdtempSync(join(tmpdir(), 'framewatch-disk-'));
  if (!run('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', dir])) {
    rmSync(dir, { recursive: true });
    return undefined;
  }
  const filler = join(dir, 'filler');
  return {
    kind: `tmpfs of ${megabytes} MB (ENOSPC)`,
    dir,
    take() {
      const chunk = Buffer.alloc(64 * 1024);
      // To the last page: a write that fits only in part is no full disk yet.
      for (let left = megabytes * 16; left >= 0; left--) {
        try {
          writeFileSync(filler, chunk, { flag: 'a' });
        } catch {
          return;
        }
      }
    },
    give: () => rmSync(filler, { force: true }),
    setReadOnly: (isReadOnly) => run('mount', ['-o', `remount,${isReadOnly ? 'ro' : 'rw'}`, dir]),
    remove() {
      run('umount', [dir]);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

interface Readiness {
  readonly status: number;
  readonly text: string;
}

export interface DiskReport {
  /** Answers before, while the disk was full, and after. */
  readonly statuses: Readonly<Record<'before' | 'full' | 'after', Readonly<Record<string, number>>>>;
  /** 503s without Retry-After. */
  readonly impolite: number;
  /** What `readyz?verbose` said while the disk was full and batches had been refused, and what it came to say afterwards. */
  readonly readiness: { readonly full: Readiness; readonly after: Readiness };
  readonly recoverySeconds: number;
  readonly short: readonly string[];
  /** The same after a kill -9 of the engine and its start on the same file. */
  readonly shortAfterKill: readonly string[];
  readonly unaccounted: readonly unknown[];
}

const EVENTS = 50;
const GIVE_UP_MS = 60_000;

/** Asks until the answer is `wanted`; the last answer, when it never is. */
async function readinessOf(stack: FaultStack, wanted: number): Promise<Readiness> {
  const untilMs = performance.now() + GIVE_UP_MS;
  for (;;) {
    const answer = await fetch(`${stack.host.url}/api/readyz?verbose`);
    const said = { status: answer.status, text: await answer.text() };
    if (said.status === wanted || performance.now() > untilMs) return said;
    await sleep(500);
  }
}

/** Posts before, while there is no room, and afterwards until a batch is taken again. */
export async function fillDisk(
  stack: FaultStack,
  room: Room,
  batchesWhileFull: number,
  readyWhileFull: 200 | 503,
): Promise<DiskReport> {
  const tag = `disk-${randomUUID()}-`;
  const acknowledged = new Map<string, number>();
  const statuses: Record<'before' | 'full' | 'after', Record<string, number>> = { before: {}, full: {}, after: {} };
  let impolite = 0;
  let next = 0;
  const send = async (phase: keyof typeof statuses): Promise<number> => {
    const sid = `${tag}${next++}`;
    const batch = envelope(next, EVENTS, Date.now());
    batch.h.sid = sid;
    const { status, retryAfterMs } = await post(stack.host.url, JSON.stringify(batch));
    statuses[phase][status] = (statuses[phase][status] ?? 0) + 1;
    if (status === 202) acknowledged.set(sid, EVENTS);
    if (status === 503 && !(retryAfterMs >= 1000)) impolite++;
    return status;
  };
  for (let batch = 0; batch < 3; batch++) await send('before');
  room.take();
  let full: Readiness;
  try {
    for (let batch = 0; batch < batchesWhileFull; batch++) {
      await send('full');
      await sleep(50);
    }
    full = await readinessOf(stack, readyWhileFull);
  } finally {
    room.give();
  }
  const healedMs = performance.now();
  while ((await send('after')) !== 202 && performance.now() < healedMs + GIVE_UP_MS) await sleep(250);
  const recoverySeconds = (performance.now() - healedMs) / 1000;
  const readiness = { full, after: await readinessOf(stack, 200) };
  // What was acknowledged from the spill comes with the next run of the timer.
  const short = await shortInTheEnd(stack, tag, acknowledged, GIVE_UP_MS);
  await stack.engine.killAndRestart();
  const shortAfterKill = await shortOf(stack, tag, acknowledged);
  return {
    statuses,
    impolite,
    readiness,
    recoverySeconds,
    short,
    shortAfterKill,
    unaccounted: await unaccounted(stack),
  };
}
