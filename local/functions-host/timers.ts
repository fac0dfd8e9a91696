import type { RegisteredFunction } from './core-api.ts';
import { triggerOf, type Invoker } from './invoke.ts';
import { parseSchedule } from './ncrontab.ts';

/** A Node timer cannot wait longer than 2^31 − 1 ms. */
const LONGEST_WAIT_MS = 2_147_483_647;
/** A run that begins so much later than planned (the machine slept) is past due. */
const PAST_DUE_MS = 60_000;

const stampOf = (ms: number): string => new Date(ms).toISOString();

/** What a timer function receives; the library camel-cases it. */
export function timerPayload(lastMs: number, nextMs: number | undefined, isPastDue: boolean): string {
  return JSON.stringify({
    Schedule: { AdjustForDST: true },
    ScheduleStatus: {
      Last: stampOf(lastMs),
      Next: nextMs === undefined ? '' : stampOf(nextMs),
      LastUpdated: stampOf(lastMs),
    },
    IsPastDue: isPastDue,
  });
}

/** `%NAME%` in a schedule stands for a setting. */
function scheduleOf(target: RegisteredFunction, env: Readonly<Record<string, string | undefined>>): string {
  const { schedule } = triggerOf(target).options;
  if (typeof schedule !== 'string') throw new Error(`function ${target.metadata.name} has no schedule`);
  return schedule.replace(/%([^%]+)%/g, (_match, name: string) => {
    const value = env[name];
    if (value === undefined)
      throw new Error(`function ${target.metadata.name}: setting "${name}" of its schedule is not set`);
    return value;
  });
}

/** Runs timer functions by their schedule, one run of a function at a time. Returns what stops them. */
export function startTimers(
  targets: readonly RegisteredFunction[],
  run: Invoker,
  env: Readonly<Record<string, string | undefined>>,
): () => void {
  const stops = targets.map((target) => {
    const schedule = parseSchedule(scheduleOf(target, env));
    let timer: NodeJS.Timeout | undefined;
    let isStopped = false;
    let lastMs = Date.now();
    const fire = async (plannedMs: number): Promise<void> => {
      const isPastDue = Date.now() - plannedMs > PAST_DUE_MS;
      const payload = timerPayload(lastMs, schedule.next(Date.now()), isPastDue);
      lastMs = plannedMs;
      await run.invoke(target, { reason: `Timer fired at ${stampOf(Date.now())}`, data: { json: payload } });
    };
    const plan = (): void => {
      const nextMs = schedule.next(Date.now());
      if (isStopped || nextMs === undefined) return;
      const wait = nextMs - Date.now();
      timer = setTimeout(
        () => {
          if (wait > LONGEST_WAIT_MS) plan();
          else void fire(nextMs).finally(plan);
        },
        Math.min(Math.max(wait, 0), LONGEST_WAIT_MS),
      );
    };
    if (triggerOf(target).options['runOnStartup'] === true) void fire(Date.now()).finally(plan);
    else plan();
    return () => {
      isStopped = true;
      clearTimeout(timer);
    };
  });
  return () => stops.forEach((stop) => stop());
}
