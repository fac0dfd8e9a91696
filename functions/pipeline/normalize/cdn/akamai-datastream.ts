import type { CdnFormat } from './cdn-log.ts';
import { logTimeMs } from './log-time.ts';
import { number, type Read, text, unescaped, upper } from './reads.ts';

/** 1: served from the edge's cache. */
const cacheWord: Read = (value) => (number(value) === 1 ? 'hit' : number(value) === 0 ? 'miss' : text(value));

/** Delivery logs of Akamai DataStream 2 in JSON. Its structured form has no field names and is not taken. */
export const akamaiDatastream: CdnFormat = {
  id: 'akamai',
  cdn: 'akamai',
  documentation: 'https://techdocs.akamai.com/datastream2/docs/data-set-parameters',
  matches: (record) =>
    Object.hasOwn(record, 'reqTimeSec') && (Object.hasOwn(record, 'cp') || Object.hasOwn(record, 'streamId')),
  timeField: 'reqTimeSec',
  timeMs: ({ reqTimeSec }) => logTimeMs(reqTimeSec),
  columns: {
    reqHost: ['host', text],
    reqPath: ['path', unescaped],
    reqMethod: ['method', upper],
    queryStr: ['query', text],
    statusCode: ['status', number],
    cacheStatus: ['cacheStatus', cacheWord],
    timeToFirstByte: ['ttfbMs', number],
    transferTimeMSec: ['durationMs', number],
    totalBytes: ['responseBytes', number],
    country: ['country', text],
    asn: ['asn', number],
    cmcd: ['cmcd', text],
  },
  addressField: 'cliIP',
  notKept: ['reqTimeSec', 'UA', 'cookie', 'xForwardedFor', 'referer', 'accLang', 'city', 'state', 'edgeIP'],
};
