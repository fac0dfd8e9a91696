import type { RejectReason } from '../../schema/operations.ts';

export interface BlobRef {
  readonly container: string;
  readonly name: string;
}

export interface BlobFacts {
  readonly etag: string;
  readonly size: number;
  /** When it reached the front door, epoch ms. */
  readonly modifiedMs: number;
}

/** This version of the blob can never be read to its end. */
export class BlobFault extends Error {
  override readonly name = 'BlobFault';
  readonly reason: RejectReason;

  constructor(reason: RejectReason, message: string) {
    super(message);
    this.reason = reason;
  }
}

export interface BlobReader {
  /** Undefined when there is no such blob. */
  stat(ref: BlobRef): Promise<BlobFacts | undefined>;
  /**
   * The content of that very version, inflated when it is gzip.
   * @throws {BlobFault} when the bytes are at fault; anything else is worth another try
   */
  open(ref: BlobRef, etag: string): AsyncIterable<Uint8Array>;
  /** Puts the blob aside for good, as it is. */
  quarantine(ref: BlobRef, etag: string, reason: RejectReason): Promise<void>;
}

/** How far a version of a blob has been read. */
export interface Checkpoint {
  readonly container: string;
  readonly name: string;
  readonly etag: string;
  readonly state: 'running' | 'done' | 'quarantined';
  /** Lines that are durable. */
  readonly linesDone: number;
  /** Runs begun since the last progress. */
  readonly attempts: number;
  readonly received: number;
  readonly stored: number;
  readonly rejected: number;
}

/** The right to work on a blob, held under a lease. */
export interface Claim {
  readonly checkpoint: Checkpoint | undefined;
  /** @throws when the lease was lost or someone else wrote: the run must stop */
  save(checkpoint: Checkpoint): Promise<void>;
  release(): Promise<void>;
}

export interface Checkpoints {
  /** `busy` when another run holds the blob. */
  claim(ref: BlobRef): Promise<Claim | 'busy'>;
  /** Blobs of a container that no run has finished in their present version, oldest first. */
  unfinished(
    container: string,
  ): Promise<readonly (BlobRef & { readonly isKnown: boolean; readonly modifiedMs: number })[]>;
}
