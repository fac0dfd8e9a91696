import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { InstanceStateName, Transition } from './state-machine.ts';
import type { AlertRule } from './rules.ts';

export interface HistoryEntry {
  readonly at: string;
  readonly ruleUid: string;
  readonly title: string;
  readonly fingerprint: string;
  readonly from: InstanceStateName;
  readonly to: InstanceStateName;
  readonly reason: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly values: Readonly<Record<string, number>>;
  readonly error?: string;
}

const KEPT_IN_MEMORY = 1000;

export const historyEntry = (rule: AlertRule, { instance, previousState }: Transition, atMs: number): HistoryEntry => ({
  at: new Date(atMs).toISOString(),
  ruleUid: rule.uid,
  title: rule.title,
  fingerprint: instance.fingerprint,
  from: previousState,
  to: instance.state,
  reason: instance.reason,
  labels: instance.labels,
  values: instance.values,
  ...(instance.error === undefined ? {} : { error: instance.error }),
});

/** State changes, newest last: the last thousand in memory, all of them in `alert-history.jsonl` when a data directory is given. */
export class AlertHistory {
  readonly #file: string | undefined;
  #entries: HistoryEntry[] = [];
  #writes: Promise<void> = Promise.resolve();
  /** The last failed write; the history in memory stays right. */
  writeError: string | undefined;

  constructor(dataDir: string | undefined) {
    this.#file = dataDir === undefined ? undefined : join(dataDir, 'alert-history.jsonl');
    if (dataDir !== undefined)
      this.#writes = mkdir(dataDir, { recursive: true }).then(
        () => undefined,
        (error: unknown) => this.#failed(error),
      );
  }

  #failed(error: unknown): void {
    this.writeError = error instanceof Error ? error.message : String(error);
  }

  /** Reads what earlier runs wrote; a torn last line (kill -9) is skipped. */
  async load(): Promise<void> {
    if (this.#file === undefined) return;
    const text = await readFile(this.#file, 'utf8').catch(() => '');
    const entries = text.split('\n').flatMap((line) => {
      try {
        return line === '' ? [] : [JSON.parse(line) as HistoryEntry];
      } catch {
        return [];
      }
    });
    this.#entries = entries.slice(-KEPT_IN_MEMORY);
  }

  add(entries: readonly HistoryEntry[]): void {
    if (entries.length === 0) return;
    this.#entries = [...this.#entries, ...entries].slice(-KEPT_IN_MEMORY);
    const file = this.#file;
    if (file === undefined) return;
    const lines = entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
    this.#writes = this.#writes.then(() => appendFile(file, lines)).catch((error: unknown) => this.#failed(error));
  }

  entries(ruleUid?: string): readonly HistoryEntry[] {
    return ruleUid === undefined ? this.#entries : this.#entries.filter((entry) => entry.ruleUid === ruleUid);
  }

  /** Waits until everything added is on disk. */
  async flush(): Promise<void> {
    await this.#writes;
  }
}
