import { describe, expect, it } from 'vitest';
import type { PlaybackEvent } from '../../schema/tables.ts';
import { SinkUnavailable } from '../pipeline/ports.ts';
import type { HubMessage } from './event-hubs-client.ts';
import { classifyHubError, eventHubsSink, messageOf } from './event-hubs-sink.ts';

const noCounters = { add: () => undefined, set: () => undefined };
const event = (eventId: string, sessionId = 's1', more = ''): PlaybackEvent =>
  ({ eventId, sessionId, props: { more } }) as unknown as PlaybackEvent;
const failure = (code: string): Error => Object.assign(new Error(code), { code });

function sinkTo(send: (message: HubMessage, call: number) => Promise<void>, deadlineMs = 500) {
  const sent: HubMessage[] = [];
  let calls = 0;
  const sink = eventHubsSink({
    hub: {
      async send(message) {
        await send(message, calls++);
        sent.push(message);
      },
    },
    clock: { now: () => Date.now() },
    counters: noCounters,
    lingerMs: 2,
    maxCalls: 2,
    deadlineMs,
  });
  return { sink, sent };
}
const accept = (): Promise<void> => Promise.resolve();
const linesOf = ({ body }: HubMessage): string[] => Buffer.from(body).toString('utf8').split('\n');

describe('eventHubsSink', () => {
  it('rows that come together share a message for each table, with the properties that Kusto routes by', async () => {
    const { sink, sent } = sinkTo(accept);
    const refusals = await Promise.all([
      sink.write({ PlaybackEvents: [event('a', 'session-1'), event('b', 'session-1')] }),
      sink.write({ PlaybackEvents: [event('c', 'session-2')], RejectedEvents: [] }),
    ]);
    expect(refusals).toEqual([[], []]);
    expect(sent).toHaveLength(1);
    expect(sent[0]).toMatchObject({
      properties: { Table: 'PlaybackEvents', Format: 'multijson', IngestionMappingReference: 'PlaybackEvents_v1' },
      partitionKey: 'session-1',
    });
    expect(sent[0] && linesOf(sent[0]).map((line) => (JSON.parse(line) as PlaybackEvent).eventId)).toEqual([
      'a',
      'b',
      'c',
    ]);
  });

  it('no message comes near 1 MiB, and no row is lost where they are cut', async () => {
    const { sink, sent } = sinkTo(accept);
    const rows = Array.from({ length: 300 }, (_none, index) => event(`e${index}`, 's1', 'ü'.repeat(5000)));
    await sink.write({ PlaybackEvents: rows });
    expect(Math.max(...sent.map(({ body }) => body.length))).toBeLessThanOrEqual(1_000_000);
    expect(sent.flatMap(linesOf)).toHaveLength(300);
  });

  it('tries again when the hub is busy or silent, and says so when its time is over', async () => {
    const { sink, sent } = sinkTo((_message, call) =>
      call === 0 ? Promise.reject(failure('OperationTimeoutError')) : accept(),
    );
    await sink.write({ PlaybackEvents: [event('a')] });
    expect(sent).toHaveLength(1);
    const busy = sinkTo(() => Promise.reject(failure('ServerBusyError')), 200);
    await expect(busy.sink.write({ PlaybackEvents: [event('a')] })).rejects.toMatchObject({
      name: 'SinkUnavailable',
      message: expect.stringMatching(/^Event Hubs: ServerBusyError/) as string,
      retryAfterMs: 4000,
    });
    // The breaker is open: nobody waits for the next.
    await expect(busy.sink.write({ PlaybackEvents: [event('b')] })).rejects.toBeInstanceOf(SinkUnavailable);
  });

  it('a row that is too large for any message is refused alone', async () => {
    const { sink, sent } = sinkTo((message) =>
      message.body.length > 600_000 ? Promise.reject(failure('MessageTooLargeError')) : accept(),
    );
    const rows = [event('a'), event('huge', 's', 'x'.repeat(700_000)), event('b')];
    expect(await sink.write({ PlaybackEvents: rows })).toEqual([
      { table: 'PlaybackEvents', index: 1, detail: expect.stringContaining('MessageTooLargeError') as string },
    ]);
    expect(sent.flatMap(linesOf)).toHaveLength(2);
  });
});

it('errors of the client are told apart by what has to be done', () => {
  const kindOf = (code: string): string => classifyHubError(failure(code)).kind;
  expect(['ServerBusyError', 'QuotaExceededError'].map(kindOf)).toEqual(['throttled', 'throttled']);
  expect(['UnauthorizedError', 'MessagingEntityNotFoundError'].map(kindOf)).toEqual(['configuration', 'configuration']);
  expect(['ServiceCommunicationError', 'OperationTimeoutError', ''].map(kindOf)).toEqual(Array(3).fill('transient'));
  expect(classifyHubError(Object.assign(new Error('no identity'), { name: 'CredentialUnavailableError' })).kind).toBe(
    'configuration',
  );
  expect(classifyHubError('text').kind).toBe('transient');
});

it('a message without a plain session id has no key', () => {
  const rows = Buffer.from('{"batchId":"b"}');
  expect(messageOf('IngestLedger', rows).partitionKey).toBeUndefined();
  expect(messageOf('PlaybackEvents', Buffer.from('{"sessionId":"a\\"b"}')).partitionKey).toBeUndefined();
});
