/** How far the demo audience's history is written: from its oldest moment to now. */
export interface HistoryProgress {
  /** 0…1. */
  readonly fraction: number;
  /** Moment that is reached, epoch ms; absent as long as nothing is written. */
  readonly at?: number;
  /** Seconds that the rest will take; absent as long as nobody knows. */
  readonly etaSeconds?: number;
}

/** What the stack says of itself. */
export interface StackStatus {
  /** Absent when there is none to write, and once all of it is in. */
  readonly history?: HistoryProgress | undefined;
}
