import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

// What the kernel knows of a process. Linux only: elsewhere there is no /proc, and the bench says so.

/** CPU seconds of a process, all its threads, user and system, to the nanosecond. Threads that have ended are not in it. */
function cpuSeconds(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  // The first of three numbers is the time on a core: https://docs.kernel.org/scheduler/sched-stats.html
  return threads.reduce(
    (sum, id) => sum + Number(readFileSync(`/proc/${pid}/task/${id}/schedstat`, 'utf8').split(' ', 1)[0]) / 1e9,
    0,
  );
}

/** A process and all below it, as its main thread has started them. */
export function processTree(pid: number): number[] {
  const below = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  return [pid, ...below.flatMap(processTree)];
}

/** CPU seconds of a process and all below it. */
export const treeCpuSeconds = (pid: number): number =>
  processTree(pid).reduce((sum, member) => sum + cpuSeconds(member), 0);

/** Largest resident memory a process has had, MiB. */
export const peakRssMib = (pid: number): number =>
  Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? Number.NaN) / 1024;

/** Ties every thread of the processes to one core. */
export function pin(pids: readonly number[], core: number): void {
  for (const pid of pids)
    execFileSync('taskset', ['--all-tasks', '--cpu-list', '--pid', String(core), String(pid)], { stdio: 'ignore' });
}

/** The core of what is measured, and that of everything else; the same one where there is only one. */
export const MEASURED_CORE = Math.max(0, availableParallelism() - 1);
export const OTHER_CORE = 0;
