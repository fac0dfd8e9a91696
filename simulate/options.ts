import type { Scope } from './incident.ts';

/** Mean number of concurrent viewers of the demo: two weeks of them make about 390,000 rows. */
export const DEFAULT_CONCURRENT = 52;
/** Also when the scenario gives none. */
export const DEFAULT_SEED = '1';

export interface AudienceOptions {
  /** e.g. http://127.0.0.1:7071/api/v1/events */
  endpoint: string;
  /** Write key of a trusted sender. */
  key?: string;
  /** Connection string of the storage for ACME blobs; without it every session goes through the HTTP door. */
  blob?: string | undefined;
  /** Share of sessions that travel as ACME blobs. */
  blobShare?: number | undefined;
  scenario?: string;
  incident?: {
    start?: number | undefined;
    minutes?: number | undefined;
    scope?: Scope;
    magnitude?: number | undefined;
  };
  /** The same seed, size and window give the same sessions. */
  seed?: string | number;
  /** Size by mean concurrent sessions … */
  concurrent?: number | undefined;
  /** … or by the expected number of session starts in the whole window. */
  sessions?: number | undefined;
  /** Past window to send, epoch ms: from here … */
  from?: number | undefined;
  /** … to here; by default now. */
  to?: number | undefined;
  /** Sends the past window paced, this many times faster than it was, instead of at once. */
  speed?: number | undefined;
  /** Goes on in real time after `to`. */
  live?: boolean;
  /** End of the live part, epoch ms; without it, it goes on until the signal. */
  until?: number | undefined;
  /** Only sessions touched by an incident: laid over an audience that is there already. */
  onlyTouched?: boolean;
  /** Time between heartbeats: by default 300,000 ms in the backfill (fewer rows), 60,000 ms live. */
  beatMs?: { backfill?: number; live?: number } | undefined;
  /** Keeps how far this audience was sent; the next run with the same file goes on from there and fills the gap. */
  stateFile?: string | undefined;
  /** Requests under way at once. */
  concurrency?: number | undefined;
  /** How long a refused or unanswered batch is tried again: by default 60 s in backfill, 10 min live. */
  patienceMs?: number;
  tickMs?: number;
  signal?: AbortSignal;
  log?: (line: string) => void;
}
