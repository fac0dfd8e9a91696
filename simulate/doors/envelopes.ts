import { type WireEvent, WIRE_VERSION } from '../../schema/probe-wire.ts';
import { headerOf, type Session } from '../session/session.ts';

/** One envelope as text, cut where `sent` goes: the moment of sending is set anew for each try. */
export interface EnvelopeText {
  head: string;
  tail: string;
  /** Events in it. */
  count: number;
}

/** Limits of the front door (DESIGN §4.1), with room to spare for the inflated size. */
const MAX_EVENTS = 1000;
const MAX_INFLATED_BYTES = 3_500_000;

const envelopeOf = (header: string, events: readonly WireEvent[]): EnvelopeText => ({
  head: `{"v":${WIRE_VERSION},"h":${header.slice(0, -1)},"sent":`,
  tail: `},"e":${JSON.stringify(events)}}`,
  count: events.length,
});

/** The envelopes that carry these events of a session; more than one when they exceed the limit of a batch. */
export const envelopesOf = (session: Session, events: readonly WireEvent[]): EnvelopeText[] => {
  const header = JSON.stringify(headerOf(session));
  const envelopes: EnvelopeText[] = [];
  for (let from = 0; from < events.length; from += MAX_EVENTS) {
    envelopes.push(envelopeOf(header, events.slice(from, from + MAX_EVENTS)));
  }
  return envelopes;
};

/** A request body: several envelopes, one a line. `sent` is epoch ms. */
export const bodyOf = (envelopes: readonly EnvelopeText[], sent: number): string =>
  envelopes.map(({ head, tail }) => `${head}${sent}${tail}`).join('\n');

/** Gathers envelopes until a batch is full. */
export class Packer {
  #envelopes: EnvelopeText[] = [];
  #count = 0;
  #bytes = 0;

  /** Takes an envelope; hands out the batch before it when both do not fit together. */
  add(envelope: EnvelopeText): EnvelopeText[] | undefined {
    // Titles and cities hold letters of two bytes; counting each as one is covered by the room left under the limit.
    const bytes = envelope.head.length + envelope.tail.length + 14;
    const isFull =
      this.#count > 0 && (this.#count + envelope.count > MAX_EVENTS || this.#bytes + bytes > MAX_INFLATED_BYTES);
    const full = isFull ? this.take() : undefined;
    this.#envelopes.push(envelope);
    this.#count += envelope.count;
    this.#bytes += bytes;
    return full;
  }

  /** What is gathered, if anything. */
  take(): EnvelopeText[] | undefined {
    if (this.#count === 0) return undefined;
    const batch = this.#envelopes;
    this.#envelopes = [];
    this.#count = 0;
    this.#bytes = 0;
    return batch;
  }
}
