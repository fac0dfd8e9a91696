// The proof of an erasure, as JSON for the file and as text for whoever answers the viewer. It holds no raw viewer id.
import type { BlobFinding } from './erase-blobs.ts';

export interface PlaceCount {
  readonly place: string;
  readonly before: number;
  /** Absent in a dry run. */
  readonly after?: number | undefined;
  /** What was asked, to be asked again. */
  readonly query: string;
}

export interface EraseReport {
  readonly erasureId: string;
  readonly at: string;
  /** The operator's own name of the request. */
  readonly reference?: string | undefined;
  readonly isDryRun: boolean;
  readonly cluster: string;
  readonly database: string;
  readonly viewers: number;
  readonly sessions: number;
  readonly pseudonyms: number;
  /** Days whose stored salts were at hand. */
  readonly saltDays: readonly string[];
  readonly tables: readonly PlaceCount[];
  readonly blobs: readonly BlobFinding[];
  readonly drops: readonly BlobFinding[];
  /** Sessions in which other viewers were seen too: only the subject's own rows were taken out. */
  readonly sharedSessions: readonly string[];
  readonly remains: readonly string[];
  /** Commands for Azure Data Explorer, in a file of their own. */
  readonly purgeFile?: string | undefined;
}

/** Retention and recoverability of `kql/schema/040-policies.kql`, in days. */
const TABLE_DAYS = 90;
const RECOVERABLE_DAYS = 14;
const PURGE_DAYS = 30;

/** What an erasure cannot reach at once, and until when it is there. */
export function remainsOf(facts: {
  isLocal: boolean;
  softDeleteDays: number | undefined;
  dropsLeft: number;
  isPurgeOnly: boolean;
  searchesDrops: boolean;
}): string[] {
  const { isLocal, softDeleteDays, dropsLeft, isPurgeOnly, searchesDrops } = facts;
  const lines: string[] = [];
  if (!isLocal)
    lines.push(
      isPurgeOnly
        ? `rows in the database until the purge commands are run; hard deletion within ${PURGE_DAYS} days after`
        : `deleted rows in the database's storage, unreadable by queries, until extents are rewritten: at most ${TABLE_DAYS + RECOVERABLE_DAYS} days after they came, or ${PURGE_DAYS} days after a purge`,
      'events on their way through an event hub until its retention ends (1 day in dev, 3 in standard, 7 in scale); run the erasure again after that',
    );
  if (softDeleteDays === undefined)
    lines.push('former versions of blobs as long as the storage account’s soft delete keeps them');
  else if (softDeleteDays > 0)
    lines.push(`former versions of blobs for ${softDeleteDays} days (soft delete of the storage account)`);
  if (dropsLeft > 0)
    lines.push(`${dropsLeft} dropped blobs named above, until their lifecycle ends or --blobs rewrites them`);
  if (!searchesDrops) lines.push('dropped blobs, which were not searched (--no-drops), until their lifecycle ends');
  lines.push(
    'rollups of minutes and hours: sums and counts without identifiers',
    'whatever the sender of the data keeps itself',
  );
  return lines;
}

/** Whether all that this tool may touch is clean. */
export const isClean = ({ tables, blobs, drops, isDryRun }: EraseReport): boolean =>
  !isDryRun &&
  tables.every(({ after }) => after === 0) &&
  [...blobs, ...drops].every(({ action }) => action === 'rewritten' || action === 'deleted');

const blobLine = ({ container, name, found, action, detail }: BlobFinding): string =>
  `  ${container}/${name}: ${found} records, ${action}${detail === undefined ? '' : ` (${detail})`}`;

export function eraseLines(report: EraseReport): string[] {
  const { tables, blobs, drops, isDryRun } = report;
  const lines = [
    `Erasure ${report.erasureId}${report.reference === undefined ? '' : ` for ${report.reference}`}, ${report.at}${isDryRun ? ': DRY RUN, nothing was changed' : ''}`,
    `  ${report.database} on ${report.cluster}: ${report.viewers} viewers, ${report.sessions} sessions, ${report.pseudonyms} pseudonyms`,
    `  salts of ${report.saltDays.length} days at hand${report.saltDays.length > 0 ? `, ${report.saltDays[0] ?? ''} … ${report.saltDays.at(-1) ?? ''}` : ''}`,
    '',
    `  ${'rows in'.padEnd(26)} ${'before'.padStart(8)} ${'after'.padStart(8)}`,
    ...tables.map(
      ({ place, before, after }) =>
        `  ${place.padEnd(26)} ${String(before).padStart(8)} ${String(after ?? '').padStart(8)}`,
    ),
  ];
  lines.push('', 'Spill and quarantine:', ...(blobs.length > 0 ? blobs.map(blobLine) : ['  nothing found']));
  lines.push('Dropped blobs:', ...(drops.length > 0 ? drops.map(blobLine) : ['  nothing found']));
  if (report.sharedSessions.length > 0)
    lines.push(
      `${report.sharedSessions.length} sessions were shared with other viewers: only this viewer’s own rows are taken out of them.`,
    );
  lines.push('What remains:', ...report.remains.map((line) => `  ${line}`));
  if (report.purgeFile !== undefined) lines.push(`Purge commands for Azure Data Explorer: ${report.purgeFile}`);
  return lines;
}
