import type { CdnFormat } from './cdn-log.ts';
import { logTimeMs } from './log-time.ts';
import { lower, number, type Read, secondsToMs, text, unescaped, upper, whole } from './reads.ts';

/** `true` of a CMCD key that carries no value of its own. */
const flag: Read = (value) => value === true || value === 'true' || value === '1' || value === 1;

/** Fields of a real-time log that chose all of them, in the order of the documentation: such a log brings no header line. */
export const REALTIME_FIELDS: readonly string[] = (
  'timestamp c-ip s-ip time-to-first-byte sc-status sc-bytes cs-method cs-protocol cs-host cs-uri-stem cs-bytes ' +
  'x-edge-location x-edge-request-id x-host-header time-taken cs-protocol-version c-ip-version cs-user-agent cs-referer ' +
  'cs-cookie cs-uri-query x-edge-response-result-type x-forwarded-for ssl-protocol ssl-cipher x-edge-result-type ' +
  'fle-encrypted-fields fle-status sc-content-type sc-content-len sc-range-start sc-range-end c-port ' +
  'x-edge-detailed-result-type c-country cs-accept-encoding cs-accept cache-behavior-path-pattern cs-headers ' +
  'cs-header-names cs-headers-count'
).split(' ');

/** Time of day, in the standard log in two fields, in the real-time log in one of seconds, in JSON in one of ms. */
function timeMs(flat: Readonly<Record<string, unknown>>): number | undefined {
  const { date, time, timestamp } = flat;
  if (typeof date === 'string' && typeof time === 'string') return logTimeMs(`${date}T${time}Z`);
  return logTimeMs(timestamp ?? flat['timestamp(ms)']);
}

/** Access logs of Amazon CloudFront: standard (tab-separated under `#Fields`, or JSON) and real-time, CMCD fields among them. */
export const cloudfront: CdnFormat = {
  id: 'cloudfront',
  cdn: 'cloudfront',
  documentation: 'https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logs-reference.html',
  matches: (record) => Object.hasOwn(record, 'x-edge-location') || Object.hasOwn(record, 'x-edge-request-id'),
  timeField: 'timestamp',
  timeMs,
  idField: 'x-edge-request-id',
  columns: {
    'x-edge-location': ['edgePop', text],
    'sc-bytes': ['responseBytes', number],
    'cs-method': ['method', upper],
    'x-host-header': ['host', text],
    'cs-uri-stem': ['path', unescaped],
    'cs-uri-query': ['query', text],
    'cs-headers': ['headers', whole],
    'sc-status': ['status', number],
    'x-edge-result-type': ['cacheStatus', lower],
    'time-taken': ['durationMs', secondsToMs],
    'time-to-first-byte': ['ttfbMs', secondsToMs],
    'c-country': ['country', text],
    asn: ['asn', number],
    'cmcd-encoded-bitrate': ['cmcd.br', number],
    'cmcd-buffer-length': ['cmcd.bl', number],
    'cmcd-buffer-starvation': ['cmcd.bs', flag],
    'cmcd-content-id': ['cmcd.cid', unescaped],
    'cmcd-object-duration': ['cmcd.d', number],
    'cmcd-deadline': ['cmcd.dl', number],
    'cmcd-measured-throughput': ['cmcd.mtp', number],
    'cmcd-object-type': ['cmcd.ot', text],
    'cmcd-playback-rate': ['cmcd.pr', number],
    'cmcd-requested-maximum-throughput': ['cmcd.rtp', number],
    'cmcd-streaming-format': ['cmcd.sf', text],
    'cmcd-session-id': ['cmcd.sid', unescaped],
    'cmcd-stream-type': ['cmcd.st', text],
    'cmcd-startup': ['cmcd.su', flag],
    'cmcd-top-bitrate': ['cmcd.tb', number],
    'cmcd-version': ['cmcd.v', number],
  },
  addressField: 'c-ip',
  notKept: [
    'date',
    'time',
    'timestamp',
    'timestamp(ms)',
    'x-edge-request-id',
    'c-port',
    's-ip',
    'cs(Host)',
    'cs-host',
    'cs(User-Agent)',
    'cs-user-agent',
    'cs(Referer)',
    'cs-referer',
    'cs(Cookie)',
    'cs-cookie',
    'cs-header-names',
    'x-forwarded-for',
    'cmcd-next-object-request',
    'cmcd-next-range-request',
  ],
};
