import { isRecord } from '../../batch.ts';
import { lifted, type CdnFormat } from './cdn-log.ts';
import { logTimeMs } from './log-time.ts';
import { lower, number, type Read, text, upper } from './reads.ts';

/** A protobuf duration: `0.123456s`. */
const durationMs: Read = (value) => {
  const match = typeof value === 'string' ? /^(\d{1,9}(?:\.\d{1,9})?)s$/.exec(value) : undefined;
  return match ? Math.round(Number(match[1]) * 1e6) / 1000 : value;
};

const cacheWord: Read = (value) => (value === true ? 'hit' : value === false ? 'miss' : lower(value));

/** Request logs of Google Cloud CDN (load balancer) and Media CDN, exported from Cloud Logging as JSON. */
export const googleCdn: CdnFormat = {
  id: 'google-cdn',
  cdn: 'google-cdn',
  documentation: 'https://cloud.google.com/media-cdn/docs/logging',
  matches: ({ insertId, httpRequest, resource }) =>
    isRecord(httpRequest) && (typeof insertId === 'string' || isRecord(resource)),
  flatten: (record) => lifted(record, ['httpRequest', 'jsonPayload']),
  timeField: 'timestamp',
  timeMs: ({ timestamp }) => logTimeMs(timestamp),
  idField: 'insertId',
  columns: {
    'httpRequest.requestMethod': ['method', upper],
    'httpRequest.requestUrl': ['url', text],
    'httpRequest.status': ['status', number],
    'httpRequest.responseSize': ['responseBytes', number],
    'httpRequest.latency': ['durationMs', durationMs],
    'httpRequest.cacheHit': ['cacheStatus', cacheWord],
    'jsonPayload.cacheStatus': ['cacheStatus', lower],
    'jsonPayload.metroIataCode': ['edgePop', text],
    'jsonPayload.clientRegionCode': ['country', text],
    'jsonPayload.clientAsn': ['asn', number],
  },
  addressField: 'httpRequest.remoteIp',
  notKept: [
    'timestamp',
    'receiveTimestamp',
    'insertId',
    'logName',
    'resource',
    'httpRequest.serverIp',
    'httpRequest.userAgent',
    'httpRequest.referer',
    'jsonPayload.remoteIp',
    'jsonPayload.clientCity',
    'jsonPayload.@type',
  ],
};
