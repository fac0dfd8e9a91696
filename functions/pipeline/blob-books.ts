import type { Checkpoint, Claim } from './ports.ts';
import { book, type Account, type StorePorts } from './store.ts';

// Chunks of a blob, from durable rows to the checkpoint. A line of the ledger and a checkpoint cost as much as hundreds of rows,
// so those of several chunks are written together. A run that dies before that reads the chunks again, and deduplication removes
// what was stored twice, from tables and books alike.

/** So many chunks, and so much time, a run that dies may have to repeat: one chunk where the store is slow. */
const MOST_CHUNKS = 8;
const LONGEST_MS = 1000;

export class BlobBooks {
  readonly #claim: Claim;
  readonly #ports: StorePorts;
  #checkpoint: Checkpoint;
  #savedMs: number;
  #accounts: Account[] = [];
  #linesDone: number;
  #hasFailed = false;

  /** `begun`: what the checkpoint holds now. */
  constructor(claim: Claim, begun: Checkpoint, ports: StorePorts) {
    this.#claim = claim;
    this.#ports = ports;
    this.#checkpoint = begun;
    this.#linesDone = begun.linesDone;
    this.#savedMs = ports.clock.now();
  }

  /** The rows of one more chunk are durable. */
  add(account: Account, nextLine: number): void {
    this.#accounts.push(account);
    this.#linesDone = nextLine;
  }

  /** Whether what waits should wait no longer. */
  get isDue(): boolean {
    return this.#accounts.length >= MOST_CHUNKS || this.#ports.clock.now() - this.#savedMs > LONGEST_MS;
  }

  /** Writes the ledger, then the checkpoint; returns it. Does nothing when there is nothing to say, or once it has failed. */
  async save(state: 'running' | 'done'): Promise<Checkpoint> {
    const accounts = this.#accounts;
    if (this.#hasFailed || (accounts.length === 0 && state === 'running')) return this.#checkpoint;
    this.#hasFailed = true;
    if (accounts.length > 0) await book(accounts, this.#ports);
    const sum = (of: 'received' | 'stored' | 'rejected'): number =>
      accounts.reduce((total, { ledger }) => total + ledger[of], this.#checkpoint[of]);
    const [received, stored, rejected] = [sum('received'), sum('stored'), sum('rejected')];
    const next = { ...this.#checkpoint, state, linesDone: this.#linesDone, attempts: 0, received, stored, rejected };
    await this.#claim.save(next);
    this.#hasFailed = false;
    this.#checkpoint = next;
    this.#accounts = [];
    this.#savedMs = this.#ports.clock.now();
    return next;
  }
}
