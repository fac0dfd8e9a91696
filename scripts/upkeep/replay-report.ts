// What a replay says when it is over.
import type { BlobVerdict } from './replay-blobs.ts';
import type { ReplayVerdict } from './replay-events.ts';

export interface ReplayReport {
  readonly isDryRun: boolean;
  readonly events: readonly ReplayVerdict[];
  readonly blobs: readonly BlobVerdict[];
}

export interface ReplaySummary {
  readonly found: number;
  readonly stored: number;
  readonly duplicate: number;
  readonly rejected: number;
  /** Blobs: those that wait for `--yes`, are held elsewhere or cannot be read. */
  readonly blobsLeft: number;
  /** Of all that was chosen, what is in quarantine still; in a dry run, what would be. */
  readonly left: number;
}

const count = <T>(list: readonly T[], is: (one: T) => boolean): number => list.filter(is).length;

export function summaryOf({ events, blobs }: ReplayReport): ReplaySummary {
  const of = (outcome: string): number => count(events, (event) => event.outcome === outcome);
  const rejected = of('rejected');
  const blobsLeft = count(blobs, ({ outcome }) => outcome !== 'stored' && outcome !== 'superseded');
  return {
    found: events.length + blobs.length,
    stored: of('stored') + count(blobs, ({ outcome }) => outcome === 'stored'),
    duplicate: of('duplicate'),
    rejected,
    blobsLeft,
    left: rejected + blobsLeft,
  };
}

/** The report as a person reads it: by the reason that brought events into quarantine. */
export function reportLines(report: ReplayReport, summary: ReplaySummary): string[] {
  const { events, blobs, isDryRun } = report;
  const lines = [isDryRun ? 'Dry run: nothing was changed. What --yes would do:' : 'Replayed.'];
  const reasons = [...new Set(events.map(({ reason }) => reason))].sort();
  if (reasons.length > 0) lines.push(`  ${'reason'.padEnd(18)}   found  stored  there already  still rejected`);
  for (const reason of reasons) {
    const own = events.filter((event) => event.reason === reason);
    const of = (outcome: string): string => String(count(own, (event) => event.outcome === outcome));
    lines.push(
      `  ${reason.padEnd(18)} ${String(own.length).padStart(7)} ${of('stored').padStart(7)} ${of('duplicate').padStart(14)} ${of('rejected').padStart(15)}`,
    );
  }
  const still = new Map<string, number>();
  for (const { outcome, stillReason, detail } of events)
    if (outcome === 'rejected') {
      const why = `${stillReason ?? ''}: ${detail ?? ''}`;
      still.set(why, (still.get(why) ?? 0) + 1);
    }
  const often = [...still].sort((a, b) => b[1] - a[1]).slice(0, 10);
  if (often.length > 0)
    lines.push('Still rejected, the most frequent first:', ...often.map(([why, n]) => `  ${n} × ${why}`));
  for (const { name, reason, outcome, detail } of blobs)
    lines.push(`  blob ${name} (${reason}): ${outcome}${detail === undefined ? '' : `, ${detail}`}`);
  if (summary.found === 0) lines.push('Nothing of that is in quarantine.');
  return lines;
}
