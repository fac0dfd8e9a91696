import type { RecordSpec } from '../transcode/record-spec.ts';
import { acme, acmeRecord } from './acme.ts';
import { cdnDialect } from './cdn/cdn-log.ts';
import { cdnFormats } from './cdn/formats.ts';
import { cmcd } from './cmcd.ts';
import { datazoom } from './datazoom.ts';
import type { Dialect } from './dialect.ts';
import { probe } from './probe.ts';

/** The one list of dialects, asked in this order. */
const dialects: readonly Dialect[] = [probe, acme, cmcd, datazoom, ...cdnFormats.map(cdnDialect)];

/** Their names, which are those of folders and of `Source`. */
export const dialectIds: readonly string[] = dialects.map(({ id }) => id);

/** The dialect fixed by the sender's place, or the first that recognises the record. */
export function dialectFor(record: Readonly<Record<string, unknown>>, fixed: string | undefined): Dialect | undefined {
  return dialects.find((dialect) => (fixed === undefined ? dialect.matches(record) : dialect.id === fixed));
}

/** The dialect that a blob's path names by its first folder: `acme/2026/…` → acme. */
export function dialectOfPath(path: string): string | undefined {
  const folder = path.split('/', 1)[0];
  return path.includes('/') ? dialects.find((dialect) => dialect.id === folder)?.id : undefined;
}

/** Formats whose flat records have a fast path of their own. */
const records: readonly RecordSpec[] = [acmeRecord];

/** What the fast path has to know of a dialect; undefined when all its records go the long way. */
export const recordOf = (dialect: string | undefined): RecordSpec | undefined =>
  records.find(({ source }) => source === dialect);
