/** A refused streaming request. */
export interface StreamingFailure {
  readonly database: string;
  readonly table: string;
  readonly principal: string;
  readonly activityId: string;
  /** JSON: format and mapping. */
  readonly properties: string;
  readonly isPermanent: boolean;
  readonly errorCode: string;
  readonly details: string;
}

/** Failures that are alike, of one minute. `activityId` and `details` are those of the first. */
interface Bucket extends StreamingFailure {
  count: number;
  readonly firstAt: Date;
  lastAt: Date;
}

const BUCKET_MS = 60_000;
const MOST_BUCKETS = 1000;

/** The newest refused streaming requests. In memory: a client that sends nothing but mistakes must not fill the database. */
export class StreamingFailures {
  readonly #buckets = new Map<string, Bucket>();

  add(failure: StreamingFailure): void {
    const at = new Date();
    const { database, table, principal, properties, isPermanent, errorCode } = failure;
    const minute = Math.floor(at.getTime() / BUCKET_MS);
    const key = JSON.stringify([minute, database, table, principal, properties, isPermanent, errorCode]);
    const known = this.#buckets.get(key);
    if (known === undefined) this.#buckets.set(key, { ...failure, count: 1, firstAt: at, lastAt: at });
    else {
      known.count += 1;
      known.lastAt = at;
    }
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size > MOST_BUCKETS && oldest !== undefined) this.#buckets.delete(oldest);
  }

  /** Newest first. */
  list(database: string): readonly Bucket[] {
    return [...this.#buckets.values()].filter((bucket) => bucket.database === database).toReversed();
  }
}
