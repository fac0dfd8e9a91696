import { randomUUID } from 'node:crypto';

/** A management command that ran, for `.show operations`. Kept in memory: operations of an earlier process are gone. */
export interface Operation {
  readonly id: string;
  readonly command: string;
  readonly database: string;
  readonly startedAt: Date;
  readonly durationMs: number;
  readonly state: 'Completed' | 'Failed';
  readonly status: string;
}

const KEPT = 500;

export class OperationLog {
  readonly #operations: Operation[] = [];

  add(operation: Omit<Operation, 'id'>): string {
    const id = randomUUID();
    this.#operations.push({ id, ...operation });
    if (this.#operations.length > KEPT) this.#operations.shift();
    return id;
  }

  /** Newest first. */
  list(): readonly Operation[] {
    return this.#operations.toReversed();
  }
}
