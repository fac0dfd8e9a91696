import { REJECT_REASONS } from '../../schema/operations.ts';
import type { Batch } from './batch.ts';
import type { Counters, Gauges } from './ports.ts';

/** The tables that doors write to. */
const TABLES = ['PlaybackEvents', 'PlaybackBeats', 'CdnRequests', 'RejectedEvents', 'IngestLedger'] as const;

/**
 * Tells 0 for every label that is known before anything happens: a counter whose first value is its first event seems not to
 * have increased (https://prometheus.io/docs/practices/instrumentation/#avoid-missing-metrics).
 */
export function tellZeros(counters: Counters & Gauges, doors: readonly Batch['door'][]): void {
  for (const door of doors)
    for (const name of [
      'events_received_total',
      'events_stored_total',
      'events_duplicate_total',
      'events_spilled_total',
      'events_drained_total',
    ] as const)
      counters.add(name, 0, door);
  for (const reason of REJECT_REASONS) counters.add('events_rejected_total', 0, reason);
  for (const table of TABLES) {
    counters.set('breaker_open', 0, table);
    counters.set('rows_pending', 0, table);
  }
}
