import { isRecord } from '../../batch.ts';
import { lifted, type CdnFormat } from './cdn-log.ts';
import { logTimeMs } from './log-time.ts';
import { lower, number, secondsToMs, text, upper } from './reads.ts';

const CATEGORY = 'frontdooraccesslog';

/** Access log of Azure Front Door Standard and Premium, as a diagnostic setting writes it: a JSON object a line. */
export const frontDoor: CdnFormat = {
  id: 'front-door',
  cdn: 'azure-front-door',
  documentation: 'https://learn.microsoft.com/azure/frontdoor/monitor-front-door-reference',
  matches: ({ category, properties }) =>
    isRecord(properties) && typeof category === 'string' && category.toLowerCase() === CATEGORY,
  flatten: (record) => lifted(record, ['properties']),
  timeField: 'time',
  timeMs: ({ time }) => logTimeMs(time),
  idField: 'properties.trackingReference',
  columns: {
    'properties.httpMethod': ['method', upper],
    'properties.requestUri': ['url', text],
    'properties.hostName': ['host', text],
    'properties.httpStatusCode': ['status', number],
    'properties.cacheStatus': ['cacheStatus', lower],
    'properties.pop': ['edgePop', text],
    'properties.timeToFirstByte': ['ttfbMs', secondsToMs],
    'properties.timeTaken': ['durationMs', secondsToMs],
    'properties.responseBytes': ['responseBytes', number],
    'properties.clientCountry': ['country', text],
  },
  addressField: 'properties.clientIp',
  notKept: [
    'time',
    'category',
    'operationName',
    'resourceId',
    'properties.trackingReference',
    'properties.clientPort',
    'properties.socketIp',
    'properties.userAgent',
    'properties.clientJA4FingerPrint',
  ],
};
