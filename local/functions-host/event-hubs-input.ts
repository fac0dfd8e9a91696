import type { ReceivedEventData } from '@azure/event-hubs';
import { bodyBytes } from '../event-hubs/hub-reader.ts';
import type { TypedData } from './core-api.ts';
import type { InvocationInput } from './invoke.ts';

// Events as they cross the worker's RPC: the messages by the binding's dataType, and the arrays of metadata beside them,
// with what the real host and worker do to those.

interface Origin {
  readonly hub: string;
  readonly consumerGroup: string;
  readonly partition: string;
}

/** Workers from 3.16 on hand 64-bit numbers over in halves: https://github.com/Azure/azure-functions-nodejs-worker/issues/844 */
const halves = (value: number): object => ({ low: value | 0, high: Math.floor(value / 2 ** 32), unsigned: false });

const list = (values: readonly string[]): TypedData => ({ collectionString: { string: values } });
const json = (value: unknown): TypedData => ({ json: JSON.stringify(value) });
const timeOf = ({ enqueuedTimeUtc }: ReceivedEventData): string => new Date(enqueuedTimeUtc).toISOString();

function metadataOfMany(events: readonly ReceivedEventData[]): Record<string, TypedData> {
  return {
    // Entries without text are dropped on the way: the array is shorter than the messages.
    PartitionKeyArray: list(events.flatMap(({ partitionKey }) => partitionKey || [])),
    OffsetArray: list(events.map(({ offset }) => offset)),
    SequenceNumberArray: json(events.map(({ sequenceNumber }) => halves(sequenceNumber))),
    EnqueuedTimeUtcArray: json(events.map(timeOf)),
    PropertiesArray: json(events.map(({ properties }) => properties ?? {})),
    SystemPropertiesArray: json(events.map(({ systemProperties }) => systemProperties ?? {})),
  };
}

function metadataOfOne(event: ReceivedEventData): Record<string, TypedData> {
  return {
    PartitionKey: { string: event.partitionKey ?? '' },
    Offset: { string: event.offset },
    SequenceNumber: json(event.sequenceNumber),
    EnqueuedTimeUtc: json(timeOf(event)),
    Properties: json(event.properties ?? {}),
    SystemProperties: json(event.systemProperties ?? {}),
  };
}

/** One call of the function: all events for cardinality many, the first for cardinality one. */
export function inputOf(
  binding: Readonly<Record<string, unknown>>,
  events: readonly ReceivedEventData[],
  origin: Origin,
): InvocationInput {
  const isMany = binding['cardinality'] === 'many';
  const isBinary = binding['dataType'] === 'binary';
  const bodies = events.map(bodyBytes);
  const texts = (): string[] => bodies.map((body) => Buffer.from(body).toString('utf8'));
  const one = (): TypedData => (isBinary ? { bytes: bodies[0] ?? Buffer.alloc(0) } : { string: texts()[0] ?? '' });
  const many = (): TypedData => (isBinary ? { collectionBytes: { bytes: bodies } } : list(texts()));
  const [first] = events;
  const offsets = events.map(({ offset }) => offset);
  return {
    reason: `(null) Partition: ${origin.partition}, Events: ${events.length}, Offset: ${offsets[0]}-${offsets.at(-1)}`,
    data: isMany ? many() : one(),
    triggerMetadata: {
      PartitionContext: json({
        ConsumerGroup: origin.consumerGroup,
        EventHubName: origin.hub,
        PartitionId: origin.partition,
      }),
      ...(isMany ? metadataOfMany(events) : first ? metadataOfOne(first) : {}),
    },
  };
}
