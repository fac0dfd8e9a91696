import type { CdnFormat } from './cdn-log.ts';
import { logTimeMs } from './log-time.ts';
import { lower, number, text, upper, whole } from './reads.ts';

/** Time at the edge: the log has its begin and its end. */
function withDuration(record: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const [beginMs, endMs] = [logTimeMs(record['EdgeStartTimestamp']), logTimeMs(record['EdgeEndTimestamp'])];
  const isKnown = beginMs !== undefined && endMs !== undefined && endMs >= beginMs;
  return isKnown ? { ...record, edgeDurationMs: endMs - beginMs } : { ...record };
}

/** Cloudflare Logpush, dataset `http_requests`, NDJSON; time stamps in any of its three formats. */
export const cloudflare: CdnFormat = {
  id: 'cloudflare',
  cdn: 'cloudflare',
  documentation: 'https://developers.cloudflare.com/logs/logpush/logpush-job/datasets/zone/http_requests/',
  matches: (record) => Object.hasOwn(record, 'EdgeStartTimestamp') || Object.hasOwn(record, 'RayID'),
  flatten: withDuration,
  timeField: 'EdgeStartTimestamp',
  timeMs: ({ EdgeStartTimestamp: begin, EdgeEndTimestamp: end }) => logTimeMs(end) ?? logTimeMs(begin),
  idField: 'RayID',
  columns: {
    ClientRequestHost: ['host', text],
    ClientRequestURI: ['url', text],
    ClientRequestPath: ['path', text],
    RequestHeaders: ['headers', whole],
    ClientRequestMethod: ['method', upper],
    EdgeResponseStatus: ['status', number],
    EdgeResponseBytes: ['responseBytes', number],
    EdgeTimeToFirstByteMs: ['ttfbMs', number],
    edgeDurationMs: ['durationMs', number],
    CacheCacheStatus: ['cacheStatus', lower],
    EdgeColoCode: ['edgePop', text],
    ClientCountry: ['country', text],
    ClientASN: ['asn', number],
  },
  addressField: 'ClientIP',
  notKept: [
    'EdgeStartTimestamp',
    'EdgeEndTimestamp',
    'RayID',
    'ClientSrcPort',
    'ClientRequestUserAgent',
    'ClientRequestReferer',
    'ClientCity',
    'ClientLatitude',
    'ClientLongitude',
    'Cookies',
    'JA3Hash',
    'JA4',
  ],
};
