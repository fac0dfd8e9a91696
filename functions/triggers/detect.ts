import type { TimerHandler } from '@azure/functions';
import type { Clock, Counters } from '../pipeline/ports.ts';

export interface DetectOptions {
  readonly clock: Clock;
  readonly counters: Counters;
  /** Runs a management command. */
  command(text: string): Promise<void>;
}

/**
 * Runs every detector over what is stored and appends what is new to Anomalies, inside Kusto.
 * The function `Detect_New` leaves out what the table holds already, so a repeated run adds nothing.
 */
export function detect(options: DetectOptions): TimerHandler {
  return async () => {
    const asof = new Date(options.clock.now()).toISOString();
    try {
      await options.command(`.set-or-append Anomalies <| Detect_New(datetime(${asof}))`);
      options.counters.add('detector_runs_total', 1, 'done');
    } catch (error) {
      options.counters.add('detector_runs_total', 1, 'failed');
      throw error;
    }
  };
}
