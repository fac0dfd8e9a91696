import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

// What the kernel knows of a process. Linux only: elsewhere there is no /proc, and the bench says so.

/** Clock ticks a second in /proc; 100 on every Linux that Node runs on. */
const TICKS = 100;

/** CPU seconds of a process, all its threads, user and system. */
function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name in brackets may hold spaces: fields are counted from behind it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
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
