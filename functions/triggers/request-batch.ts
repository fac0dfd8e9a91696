import type { HttpRequest } from '@azure/functions';
import type { Batch } from '../pipeline/batch.ts';
import { lastHop, networkOf } from '../pipeline/network.ts';
import type { Clock, GeoFacts, Ids } from '../pipeline/ports.ts';
import type { Sender } from './quotas.ts';

// What a request says of itself beside its body.

export interface RequestOptions {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly edgeHeaders: Readonly<Partial<Record<keyof GeoFacts, string>>>;
  /** Header with the client's address, set by the proxy before us. */
  readonly addressHeader: string;
}

/** Reports of CMCD v2 event mode, one a line. */
export const CMCD_TYPE = 'application/cmcd';
/** Edge headers come URL-encoded or in Latin-1 at times; longer ones are not geography. */
const MAX_EDGE_LENGTH = 96;

/** Media type of the body, lower case, without parameters; empty when none is named. */
export const contentType = (request: HttpRequest): string =>
  (request.headers.get('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';

/** The sender's network, cut as it may be kept. */
export const networkFrom = (request: HttpRequest, options: RequestOptions): string | undefined =>
  networkOf(lastHop(request.headers.get(options.addressHeader)));

function edgeFacts(request: HttpRequest, names: RequestOptions['edgeHeaders']): GeoFacts {
  const read = (name: string | undefined): string | undefined => {
    const value = name === undefined ? null : request.headers.get(name);
    return value === null || value === '' || value.length > MAX_EDGE_LENGTH ? undefined : value;
  };
  const asn = Number(read(names.asn) ?? Number.NaN);
  return {
    country: read(names.country),
    region: read(names.region),
    city: read(names.city),
    asn: Number.isNaN(asn) ? undefined : asn,
  };
}

/** The batch that a request brings; `bytes` as they came over the wire. */
export function batchOf(
  request: HttpRequest,
  { key }: Sender,
  origin: string | null,
  bytes: number,
  options: RequestOptions,
): Batch {
  const { headers } = request;
  return {
    batchId: options.ids.next(),
    door: 'http',
    tenant: key.tenant,
    receivedMs: options.clock.now(),
    origin: origin ?? undefined,
    bytes,
    dialect: contentType(request) === CMCD_TYPE ? 'cmcd' : undefined,
    isTrusted: key.isTrusted,
    isOptedOut: headers.get('sec-gpc') === '1' || headers.get('dnt') === '1',
    edge: edgeFacts(request, options.edgeHeaders),
    network: networkFrom(request, options),
    userAgent: {
      userAgent: headers.get('user-agent') ?? '',
      platform: headers.get('sec-ch-ua-platform') ?? undefined,
      mobile: headers.get('sec-ch-ua-mobile') ?? undefined,
      brands: headers.get('sec-ch-ua-full-version-list') ?? headers.get('sec-ch-ua') ?? undefined,
      formFactors: headers.get('sec-ch-ua-form-factors') ?? undefined,
    },
  };
}
