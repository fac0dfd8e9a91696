import { acme } from './acme.ts';
import { cdnDialect } from './cdn/cdn-log.ts';
import { cdnFormats } from './cdn/formats.ts';
import { cmcd } from './cmcd.ts';
import { datazoom } from './datazoom.ts';
import type { Dialect } from './dialect.ts';
import { probe } from './probe.ts';

/** The one list of dialects, asked in this order. */
const dialects: readonly Dialect[] = [probe, acme, cmcd, datazoom, ...cdnFormats.map(cdnDialect)];

/** The dialect fixed by the sender's place, or the first that recognises the record. */
export function dialectFor(record: Readonly<Record<string, unknown>>, fixed: string | undefined): Dialect | undefined {
  return dialects.find((dialect) => (fixed === undefined ? dialect.matches(record) : dialect.id === fixed));
}

/** The dialect that a blob's path names by its first folder: `acme/2026/…` → acme. */
export function dialectOfPath(path: string): string | undefined {
  const folder = path.split('/', 1)[0];
  return path.includes('/') ? dialects.find((dialect) => dialect.id === folder)?.id : undefined;
}
