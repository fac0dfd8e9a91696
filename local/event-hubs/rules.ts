import type { ConsumerLink, ConsumerOptions } from './consumer-link.ts';

/** An AMQP error as Event Hubs words it. */
export interface AmqpFault {
  readonly condition: string;
  readonly description: string;
}

/** Receivers without owner level that may read a partition for one consumer group. */
const MOST_WITHOUT_EPOCH = 5;

interface Verdict {
  readonly refusal: AmqpFault | undefined;
  /** Receivers that have to go, and what they are told. */
  readonly displaced: readonly { readonly consumer: ConsumerLink; readonly fault: AmqpFault }[];
}

/**
 * Who may read a partition for a consumer group: the highest owner level (epoch), alone; the newer of two equal ones;
 * receivers without a level only while there is none with one, and five at most.
 * {@link https://learn.microsoft.com/azure/event-hubs/event-hubs-event-processor-host#epoch}
 */
export function refusalOfConsumer(
  wanted: Pick<ConsumerOptions, 'hub' | 'consumerGroup' | 'partition' | 'epoch'>,
  consumers: readonly ConsumerLink[],
): Verdict {
  const { epoch } = wanted;
  const rivals = consumers.filter(
    ({ options }) =>
      options.hub === wanted.hub &&
      options.consumerGroup === wanted.consumerGroup &&
      options.partition === wanted.partition,
  );
  const highest = Math.max(...rivals.map(({ options }) => options.epoch ?? -Infinity));
  const stolen = (description: string): AmqpFault => ({ condition: 'amqp:link:stolen', description });
  if (highest > (epoch ?? -Infinity)) {
    const description = `A receiver with a higher epoch of '${highest}' already exists.`;
    return { refusal: stolen(description), displaced: [] };
  }
  if (epoch === undefined) {
    const description = `Exceeded the maximum number of allowed receivers per partition in a consumer group, which is ${MOST_WITHOUT_EPOCH}.`;
    const isFull = rivals.length >= MOST_WITHOUT_EPOCH;
    return { refusal: isFull ? { condition: 'amqp:resource-limit-exceeded', description } : undefined, displaced: [] };
  }
  const fault = stolen(`New receiver with a higher or equal epoch of '${epoch}' is created.`);
  return { refusal: undefined, displaced: rivals.map((consumer) => ({ consumer, fault })) };
}
