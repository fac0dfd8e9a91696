import type { CdnCatalogRow, ContentCatalogRow } from '../../schema/tables.ts';
import type { Catalogs } from './ports.ts';

// Names for hosts and content ids. Unknown stays empty.

/** Domains that belong to CDNs themselves; an operator's own host names stand in CdnCatalog, which is asked first. */
const CDN_DOMAINS: Readonly<Record<string, string>> = {
  'akamaihd.net': 'akamai',
  'akamaized.net': 'akamai',
  'akamaized-staging.net': 'akamai',
  'edgesuite.net': 'akamai',
  'edgekey.net': 'akamai',
  'azureedge.net': 'azure-front-door',
  'azurefd.net': 'azure-front-door',
  'b-cdn.net': 'bunny',
  'cdn77.org': 'cdn77',
  'cdn.cloudflare.net': 'cloudflare',
  'cloudflarestream.com': 'cloudflare',
  'cloudfront.net': 'cloudfront',
  'fastly.net': 'fastly',
  'fastlylb.net': 'fastly',
  'gcdn.co': 'gcore',
  'kxcdn.com': 'keycdn',
};

const WILD = '*.';
const MAX_HOST_LENGTH = 256;

const contentKey = (tenant: string, contentId: string): string => `${tenant}\n${contentId}`;

/** Host without its port, in lower case. */
const bare = (host: string): string => host.replace(/:\d{1,5}$/, '').toLowerCase();

/** Lookups over the rows of both catalogs; a later row of the same key wins. */
export function catalogsOf(
  cdns: readonly CdnCatalogRow[],
  contents: readonly ContentCatalogRow[],
): Pick<Catalogs, 'cdnOf' | 'contentOf'> {
  const exact = new Map<string, string>();
  const below = new Map(Object.entries(CDN_DOMAINS));
  for (const { hostPattern, cdn } of cdns) {
    const pattern = hostPattern.toLowerCase();
    if (pattern.startsWith(WILD)) below.set(pattern.slice(WILD.length), cdn);
    else exact.set(pattern, cdn);
  }
  const byId = new Map(contents.map((row) => [contentKey(row.tenant, row.contentId), row]));
  return {
    cdnOf(host) {
      if (host.length > MAX_HOST_LENGTH) return undefined;
      const name = bare(host);
      const own = exact.get(name);
      if (own !== undefined) return own;
      for (let dot = name.indexOf('.'); dot !== -1; dot = name.indexOf('.', dot + 1)) {
        const cdn = below.get(name.slice(dot + 1));
        if (cdn !== undefined) return cdn;
      }
      return undefined;
    },
    contentOf: (tenant, contentId) => byId.get(contentKey(tenant, contentId)),
  };
}

/**
 * A CDN by its name: players that know none report the host they load from. Where no catalog knows the host it stands for
 * itself.
 */
export const cdnNamed = (said: string, catalogs: Pick<Catalogs, 'cdnOf'> | undefined): string =>
  said.includes('.') ? (catalogs?.cdnOf(said) ?? said) : said;

/** What a group says of its content and of the host that served it. */
export interface Named {
  readonly contentId?: unknown;
  readonly mediaHost?: unknown;
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

/** Fills the columns that the sender left empty, in place. */
export function fillFromCatalogs(
  shared: Record<string, unknown>,
  named: Named,
  tenant: string,
  catalogs: Pick<Catalogs, 'cdnOf' | 'contentOf'>,
): void {
  const fill = (column: string, value: string | undefined): void => {
    if (value !== undefined) shared[column] ??= value;
  };
  if (isText(shared['cdn'])) shared['cdn'] = cdnNamed(shared['cdn'], catalogs);
  if (isText(named.mediaHost)) fill('cdn', catalogs.cdnOf(named.mediaHost));
  const contentId = shared['contentId'] ?? named.contentId;
  const content = isText(contentId) ? catalogs.contentOf(tenant, contentId) : undefined;
  fill('contentTitle', content?.title);
  fill('streamType', content?.streamType);
}
