import type { RejectedEvent } from '../../schema/tables.ts';
import type { Batch, Draft, Outcome, OutcomeRows } from './batch.ts';
import type { Digests } from './ports.ts';
import { rejectRow, type RejectOptions, type Twins } from './rejects.ts';
import { SeenEvents } from './seen-events.ts';

const MAX_ERRORS = 50;

/** A reject and, where one is known, the id of the event. */
export interface Reject {
  readonly options: RejectOptions;
  readonly id?: string | undefined;
}

/** Collects what becomes of one batch. They balance: received = rows + rejects + duplicate. */
export class Books {
  readonly #rows: OutcomeRows = { PlaybackEvents: [], PlaybackBeats: [], CdnRequests: [] };
  readonly #rejects: RejectedEvent[] = [];
  readonly #twins: Twins = new Map();
  readonly #errors: Outcome['errors'] = [];
  readonly #seen: SeenEvents;
  readonly #batch: Batch;
  readonly #digests: Digests;
  #received = 0;
  #duplicate = 0;
  #firstMs = Infinity;
  #lastMs = -Infinity;
  clientDropped = 0;
  source: string | undefined;

  /** `seen`: what other parts of the same batch hold. */
  constructor(batch: Batch, digests: Digests, seen = new SeenEvents()) {
    this.#batch = batch;
    this.#digests = digests;
    this.#seen = seen;
  }

  reject({ options, id }: Reject): void {
    this.#received++;
    this.#rejects.push(rejectRow(this.#batch, options, this.#digests, this.#twins));
    if (this.#errors.length < MAX_ERRORS) {
      const { place, reason: code, field } = options;
      this.#errors.push({
        index: place.position,
        ...(id === undefined ? {} : { id }),
        code,
        ...(field === undefined ? {} : { field }),
      });
    }
  }

  /** True when the batch holds this event already; resends within one batch are dropped and counted. */
  isDuplicate(eventId: string): boolean {
    if (this.#seen.add(eventId)) return false;
    this.drop();
    return true;
  }

  /** An event that the batch holds already. */
  drop(): void {
    this.#received++;
    this.#duplicate++;
  }

  store<T extends Draft['table']>(table: T, row: OutcomeRows[T][number], eventMs: number): void {
    (this.#rows[table] as (typeof row)[]).push(row);
    this.count(eventMs);
  }

  /** A row that is stored elsewhere. */
  count(eventMs: number): void {
    this.#received++;
    if (eventMs < this.#firstMs) this.#firstMs = eventMs;
    if (eventMs > this.#lastMs) this.#lastMs = eventMs;
  }

  /** The books, closed. `text`: rows that were written as text. */
  close(text?: Outcome['text']): Outcome {
    return {
      batch: this.#batch,
      source: this.source ?? this.#batch.dialect ?? this.#batch.door,
      received: this.#received,
      duplicate: this.#duplicate,
      rows: this.#rows,
      ...(text === undefined ? {} : { text }),
      rejects: this.#rejects,
      errors: this.#errors,
      clientDropped: this.clientDropped,
      firstEventMs: Number.isFinite(this.#firstMs) ? this.#firstMs : undefined,
      lastEventMs: Number.isFinite(this.#lastMs) ? this.#lastMs : undefined,
    };
  }
}
