import { randomUUID } from 'node:crypto';
import { nowTicks } from '../store/clock.ts';
import type { Writer } from '../store/writer.ts';

export interface IngestionFailure {
  readonly database: string;
  readonly table: string;
  /** Blob path without its query, or the request id of a streaming request. */
  readonly source: string;
  readonly errorCode: string;
  readonly details: string;
  readonly isPermanent: boolean;
  readonly fromUpdatePolicy?: boolean;
}

/** Kusto's code at the beginning of a message: `Stream_MalformedJson: …`. */
export const ingestionErrorCode = (message: string): string =>
  /^([A-Z][A-Za-z]+_[A-Za-z]+): /.exec(message)?.[1] ?? 'General_BadRequest';

/** Failed ingestions, for `.show ingestion failures`; kept in the database file. */
export class FailureLog {
  readonly #writer: Writer;
  constructor(writer: Writer) {
    this.#writer = writer;
  }

  async add(failure: IngestionFailure): Promise<void> {
    await this.#writer.exclusive(async ({ connection }) => {
      await connection.run('INSERT INTO fw.failures VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)', [
        failure.database,
        failure.table,
        nowTicks(),
        randomUUID(),
        failure.source,
        failure.errorCode,
        failure.details,
        failure.isPermanent ? 'Permanent' : 'Transient',
        failure.isPermanent,
        failure.fromUpdatePolicy === true,
      ]);
    });
  }
}
