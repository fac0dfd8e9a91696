import type { RejectedEvent } from '../../schema/tables.ts';
import type { Batch, Outcome, OutcomeRows } from './batch.ts';
import type { RowText } from './row-text.ts';

const NEWLINE = 0x0a;
const LEAST_BYTES = 256 * 1024;
/** UTF-8 takes at most three bytes a UTF-16 unit. */
const WIDEST = 3;
const NO_ROWS: OutcomeRows = { PlaybackEvents: [], PlaybackBeats: [], CdnRequests: [] };

/** Rows of one table behind each other. */
class RowGather {
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  #ends: number[] = [];

  #reserve(more: number): void {
    if (this.#at + more <= this.#bytes.length) return;
    const bytes = Buffer.allocUnsafeSlow(Math.max(LEAST_BYTES, 1.5 * (this.#at + more)));
    this.#bytes.copy(bytes, 0, 0, this.#at);
    this.#bytes = bytes;
  }

  addText({ bytes, ends }: RowText): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#at);
    for (const end of ends) this.#ends.push(this.#at + end);
    this.#at += bytes.length;
  }

  addRows(rows: readonly object[]): void {
    if (rows.length === 0) return;
    let text = '';
    for (const row of rows) text += `${JSON.stringify(row)}\n`;
    this.#reserve(text.length * WIDEST);
    let end = this.#at;
    this.#at += this.#bytes.write(text, end);
    // A newline inside a row's JSON is always escaped.
    for (let row = 0; row < rows.length; row++) this.#ends.push((end = this.#bytes.indexOf(NEWLINE, end) + 1));
  }

  /** What was gathered; it stands until something is gathered again. */
  take(): RowText {
    const text = { bytes: this.#bytes.subarray(0, this.#at), ends: this.#ends };
    this.#at = 0;
    this.#ends = [];
    return text;
  }
}

const least = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || (b !== undefined && b < a) ? b : a;

const most = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || (b !== undefined && b > a) ? b : a;

/**
 * Parts of a batch → the outcome of the whole, its rows as text. One after the other, in the same memory: memory that is
 * new for every batch would have the engine collect garbage for megabytes that it does not manage.
 */
export class OutcomeSum {
  readonly #gathers = {
    PlaybackEvents: new RowGather(),
    PlaybackBeats: new RowGather(),
    CdnRequests: new RowGather(),
  };
  #parts = 0;
  #source = '';
  #received = 0;
  #duplicate = 0;
  #clientDropped = 0;
  #rejects: RejectedEvent[] = [];
  #errors: Outcome['errors'] = [];
  #firstMs: number | undefined;
  #lastMs: number | undefined;

  get isEmpty(): boolean {
    return this.#parts === 0;
  }

  add(part: Outcome): void {
    if (this.#parts++ === 0) this.#source = part.source;
    this.#received += part.received;
    this.#duplicate += part.duplicate;
    this.#clientDropped += part.clientDropped;
    this.#rejects.push(...part.rejects);
    this.#errors.push(...part.errors);
    this.#firstMs = least(this.#firstMs, part.firstEventMs);
    this.#lastMs = most(this.#lastMs, part.lastEventMs);
    for (const table of Object.keys(this.#gathers) as (keyof OutcomeRows)[]) {
      const text = part.text?.[table];
      if (text) this.#gathers[table].addText(text);
      // Events that went the long way within an envelope of the fast one are objects.
      this.#gathers[table].addRows(part.rows[table]);
    }
  }

  /** The whole; its rows stand until the next part is added. */
  close(batch: Batch): Outcome {
    const { PlaybackEvents, PlaybackBeats, CdnRequests } = this.#gathers;
    const outcome: Outcome = {
      batch,
      source: this.#source,
      received: this.#received,
      duplicate: this.#duplicate,
      rows: NO_ROWS,
      text: {
        PlaybackEvents: PlaybackEvents.take(),
        PlaybackBeats: PlaybackBeats.take(),
        CdnRequests: CdnRequests.take(),
      },
      rejects: this.#rejects,
      errors: this.#errors,
      clientDropped: this.#clientDropped,
      firstEventMs: this.#firstMs,
      lastEventMs: this.#lastMs,
    };
    this.#parts = this.#received = this.#duplicate = this.#clientDropped = 0;
    this.#rejects = [];
    this.#errors = [];
    this.#firstMs = this.#lastMs = undefined;
    return outcome;
  }
}
