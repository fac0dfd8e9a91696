import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AlertInstance } from './state-machine.ts';

/** Instances of every rule, by its uid. */
export type StoredInstances = Readonly<Record<string, readonly AlertInstance[]>>;

/** Keeps alert instances over a restart, as Grafana's database does: what fires then does not fire anew. */
export class AlertStateStore {
  readonly #dir: string;
  #writes: Promise<void> = Promise.resolve();

  constructor(dataDir: string) {
    this.#dir = dataDir;
  }

  /** What the last run left; nothing when there is no file or it cannot be read. */
  async load(): Promise<StoredInstances> {
    try {
      return JSON.parse(await readFile(join(this.#dir, 'alert-state.json'), 'utf8')) as StoredInstances;
    } catch {
      return {};
    }
  }

  /** Writes beside and renames, so that a kill leaves the old or the new state. */
  save(instances: StoredInstances): void {
    const text = JSON.stringify(instances);
    const file = join(this.#dir, 'alert-state.json');
    this.#writes = this.#writes
      .then(() => mkdir(this.#dir, { recursive: true }))
      .then(() => writeFile(`${file}.new`, text))
      .then(() => rename(`${file}.new`, file))
      // A full disk must not stop the evaluation; the next change tries again.
      .catch(() => undefined);
  }

  async flush(): Promise<void> {
    await this.#writes;
  }
}
