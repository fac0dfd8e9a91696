import type { CdnFormat } from './cdn-log.ts';
import { logTimeMs } from './log-time.ts';
import { lower, microsToMs, number, secondsToMs, text, upper } from './reads.ts';

/**
 * Fastly real-time logs. The operator writes their format; taken are the names of Fastly's own JSON example,
 * and times by names that say their unit.
 */
export const fastly: CdnFormat = {
  id: 'fastly',
  cdn: 'fastly',
  documentation: 'https://docs.fastly.com/en/guides/useful-log-formats',
  matches: (record) =>
    Object.hasOwn(record, 'timestamp') &&
    (Object.hasOwn(record, 'fastly_server') || Object.hasOwn(record, 'fastly_is_edge')),
  timeField: 'timestamp',
  timeMs: ({ timestamp }) => logTimeMs(timestamp),
  columns: {
    host: ['host', text],
    url: ['url', text],
    request_method: ['method', upper],
    response_status: ['status', number],
    response_state: ['cacheStatus', lower],
    response_body_size: ['responseBytes', number],
    time_to_first_byte_sec: ['ttfbMs', secondsToMs],
    time_elapsed_usec: ['durationMs', microsToMs],
    fastly_server: ['edgePop', text],
    geo_country_code: ['country', text],
    client_asn: ['asn', number],
    cmcd: ['cmcd', text],
  },
  addressField: 'client_ip',
  notKept: ['timestamp', 'geo_country', 'geo_city', 'request_referer', 'request_user_agent'],
};
