import type { Clock, Counters, Gauges } from './ports.ts';

// The books against the tables, by Kusto itself: IngestAudit() finds what no counter of a process can, rows that were
// acknowledged and are not there.

/** So long at least between two audits: they read every event of their window. */
const EVERY_MS = 5 * 60_000;
/** Rows of streaming ingestion are all visible by then. */
const SETTLE_MS = 5 * 60_000;
const WINDOW_MS = 60 * 60_000;

export interface AuditPorts {
  readonly clock: Clock;
  readonly counters: Counters & Gauges;
  /** Rows of a query. */
  readonly query: (kql: string) => Promise<readonly Readonly<Record<string, unknown>>[]>;
}

/** The query of an audit: one row with `Batches` and `Unaccounted`. */
export function auditQuery(nowMs: number): string {
  const until = nowMs - SETTLE_MS;
  const time = (ms: number): string => `datetime(${new Date(ms).toISOString()})`;
  return `IngestAudit(${time(until - WINDOW_MS)}, ${time(until)}) | summarize Batches = count(), Unaccounted = sum(Unaccounted)`;
}

/**
 * Gives a function that audits in the background when the last audit is old enough, and returns at once: whoever scrapes
 * metrics never waits for it, and never makes Kusto work more than once in {@link EVERY_MS}.
 */
export function booksAudit({ clock, counters, query }: AuditPorts): () => void {
  let lastMs = -Infinity;
  const run = async (): Promise<void> => {
    try {
      const [row] = await query(auditQuery(clock.now()));
      counters.set('audited_batches', Number(row?.['Batches'] ?? 0));
      counters.set('unaccounted_events', Number(row?.['Unaccounted'] ?? 0));
      counters.add('audits_total', 1, 'done');
    } catch {
      // The last figure stands; its age says so.
      counters.add('audits_total', 1, 'failed');
      return;
    }
    counters.set('audit_timestamp_seconds', clock.now() / 1000);
  };
  return () => {
    if (clock.now() - lastMs < EVERY_MS) return;
    lastMs = clock.now();
    void run();
  };
}
