import { expect, it } from 'vitest';
import { NOW, sampleBatch, sampleDigests } from '../../../test/support/sample-batch.ts';
import { tableRows } from '../batch.ts';
import { DEFAULT_LIMITS } from '../decode.ts';
import { objectsOf } from '../row-text.ts';
import { ingestEnvelope } from './envelope.ts';

const ports = { digests: sampleDigests, userAgents: { read: () => ({}) }, limits: DEFAULT_LIMITS };
/** Each with three rows: so much text fills a block of memory more than twice. */
const BODIES = 1500;

/** The numbers of the rows of bodies whose events are those of a pause and what `own` adds; each order that occurs. */
function ordersOf(own: readonly object[]): string[] {
  const orders = Array.from({ length: BODIES }, (_none, index) => {
    const h = { sid: 's'.repeat(1 + (index % 37)), t0: NOW, sent: NOW };
    const body = JSON.stringify({ v: 1, h, e: own.map((more, n) => ({ k: 'pause', n, t: n, ...more })) });
    const outcome = ingestEnvelope(sampleBatch, Buffer.from(body), ports);
    const rows = outcome && objectsOf(tableRows(outcome, 'PlaybackEvents'));
    return rows?.map(({ sequence }) => sequence).join() ?? 'none';
  });
  return [...new Set(orders)];
}

it('rows go on in new memory where the old is full', () => {
  expect(ordersOf([{}, {}, {}])).toEqual(['0,1,2']);
});

it('an event that takes the long way where memory is full spoils no rows behind it', () => {
  const odd = { odd: { a: 1 } };
  expect(ordersOf([{}, odd, {}, odd, {}]), 'those of the long way come last').toEqual(['0,2,4,1,3']);
});
