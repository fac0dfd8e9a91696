import type { InvocationContext } from '@azure/functions';

// Where a message stood, as far as the host's metadata can be believed. The worker hands over arrays beside the messages;
// some drop empty entries and so are shorter than the messages, and sequence numbers are numbers or {low, high} pairs by version:
// https://github.com/Azure/azure-functions-nodejs-worker/issues/844. An array that does not fit says nothing at all.

export interface MessagePlace {
  readonly partition: string;
  readonly sequence: number;
  /** When the hub took the message, epoch ms. */
  readonly enqueuedMs: number;
}

type Bag = Readonly<Record<string, unknown>>;
const bagOf = (value: unknown): Bag => (typeof value === 'object' && value !== null ? (value as Bag) : {});

const TWO_TO_32 = 2 ** 32;

/** A whole number, or a 64-bit one in two halves. */
function numberOf(value: unknown): number | undefined {
  const { low, high } = bagOf(value);
  const number = typeof low === 'number' && typeof high === 'number' ? high * TWO_TO_32 + (low >>> 0) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0 ? number : undefined;
}

function listOf(value: unknown, length: number): readonly unknown[] | undefined {
  return Array.isArray(value) && value.length === length ? value : undefined;
}

/** Places of all messages, or undefined when the metadata do not tell them beyond doubt. */
export function messagePlaces(
  metadata: InvocationContext['triggerMetadata'],
  count: number,
): readonly MessagePlace[] | undefined {
  const partition = bagOf(metadata?.['partitionContext'])['partitionId'];
  const sequences = listOf(metadata?.['sequenceNumberArray'], count)?.map(numberOf);
  const times = listOf(metadata?.['enqueuedTimeUtcArray'], count)?.map((time) => Date.parse(String(time)));
  if ((typeof partition !== 'string' && typeof partition !== 'number') || !sequences || !times) return undefined;
  const places = sequences.map((sequence, index) => ({
    partition: String(partition),
    sequence: sequence ?? Number.NaN,
    enqueuedMs: times[index] ?? Number.NaN,
  }));
  // Within a partition numbers rise: anything else is not what it seems.
  const rises = places.every(({ sequence }, index) => index === 0 || sequence > (places[index - 1]?.sequence ?? -1));
  const areWhole = places.every(({ sequence, enqueuedMs }) => Number.isFinite(sequence) && Number.isFinite(enqueuedMs));
  return rises && areWhole && /^[\w-]{1,32}$/.test(String(partition)) ? places : undefined;
}
