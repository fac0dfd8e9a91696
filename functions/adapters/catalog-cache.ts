import type { CdnCatalogRow, ContentCatalogRow } from '../../schema/tables.ts';
import type { Catalogs, Clock, Gauges } from '../pipeline/ports.ts';

// The tables CdnCatalog and ContentCatalog in memory, read anew every few minutes. Kusto away: the last copy stands.

/** How long a copy stands before the next look. */
const KEEP_MS = 5 * 60_000;
/** After a failure, and before anything was read. */
const RETRY_MS = 30_000;
/** Longest wait of the first batches of a process; what comes without names by then goes on without. */
const WAIT_MS = 1000;
/** More content than that is left unnamed: it is held in the memory of every instance. */
const MAX_CONTENTS = 200_000;

type Rows = readonly Readonly<Record<string, unknown>>[];
type Lookups = Pick<Catalogs, 'cdnOf' | 'contentOf'>;

export interface CatalogOptions {
  readonly query: (kql: string) => Promise<Rows>;
  readonly clock: Clock;
  readonly gauges: Gauges;
  /** Makes lookups of rows; the pipeline's own. */
  readonly build: (cdns: readonly CdnCatalogRow[], contents: readonly ContentCatalogRow[]) => Lookups;
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

const cdnRows = (rows: Rows): CdnCatalogRow[] =>
  rows.map((row) => ({ hostPattern: textOf(row['HostPattern']) ?? '', cdn: textOf(row['Cdn']) ?? '' }));

const contentRows = (rows: Rows): ContentCatalogRow[] =>
  rows.map((row) => ({
    tenant: textOf(row['Tenant']) ?? '',
    contentId: textOf(row['ContentId']) ?? '',
    title: textOf(row['Title']),
    streamType: textOf(row['StreamType']) as ContentCatalogRow['streamType'],
  }));

/** Catalogs behind a cache. Lookups never wait. */
export function catalogCache({ query, clock, gauges, build }: CatalogOptions): Catalogs {
  let lookups = build([], []);
  let nextMs = -Infinity;
  let loading: Promise<void> | undefined;
  const read = async (): Promise<void> => {
    nextMs = clock.now() + RETRY_MS;
    try {
      const [cdns, contents] = await Promise.all([
        query('CdnCatalog | project HostPattern, Cdn'),
        query(`ContentCatalog | project Tenant, ContentId, Title, StreamType | take ${MAX_CONTENTS}`),
      ]);
      lookups = build(cdnRows(cdns), contentRows(contents));
      nextMs = clock.now() + KEEP_MS;
      for (const [name, rows] of [
        ['cdn', cdns],
        ['content', contents],
      ] as const) {
        gauges.set('catalog_entries', rows.length, name);
        gauges.set('catalog_timestamp_seconds', clock.now() / 1000, name);
      }
    } catch {
      // The last copy stands; its timestamp says so.
    } finally {
      loading = undefined;
    }
  };
  let isFirst = true;
  return {
    cdnOf: (host) => lookups.cdnOf(host),
    contentOf: (tenant, contentId) => lookups.contentOf(tenant, contentId),
    async prepare() {
      if (clock.now() >= nextMs) loading ??= read();
      if (!isFirst || !loading) return;
      let timer: NodeJS.Timeout | undefined;
      const enough = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, WAIT_MS);
      });
      await Promise.race([loading, enough]);
      clearTimeout(timer);
      isFirst = false;
    },
  };
}
