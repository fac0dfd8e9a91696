import rhea, { type Message, type Sender } from 'rhea';
import type { Hub } from './hub.ts';

// Requests with an answer: `$cbs` takes tokens, `$management` tells properties of a hub and its partitions.

interface Answer {
  readonly status: number;
  readonly description: string;
  /** AMQP error condition, when it failed. */
  readonly condition?: string;
  readonly body?: Readonly<Record<string, unknown>>;
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

const notFound = (description: string): Answer => ({ status: 404, description, condition: 'amqp:not-found' });

function hubProperties(hub: Hub): Answer {
  const { types } = rhea;
  const ids = Array.from({ length: hub.spec.partitionCount }, (_, index) => String(index));
  return {
    status: 200,
    description: 'OK',
    body: {
      name: hub.spec.name,
      type: 'com.microsoft:eventhub',
      created_at: types.wrap_timestamp(hub.createdMs),
      partition_count: types.wrap_int(ids.length),
      partition_ids: ids,
      georeplication_factor: types.wrap_int(1),
    },
  };
}

function partitionProperties(hub: Hub, partition: string): Answer {
  const { types } = rhea;
  const number = /^\d{1,4}$/.test(partition) ? Number(partition) : Number.NaN;
  if (!(number < hub.spec.partitionCount)) return notFound(`hub ${hub.spec.name} has no partition ${partition}`);
  const facts = hub.facts(number);
  return {
    status: 200,
    description: 'OK',
    body: {
      name: hub.spec.name,
      type: 'com.microsoft:partition',
      partition,
      begin_sequence_number: types.wrap_long(facts.beginSequenceNumber),
      last_enqueued_sequence_number: types.wrap_long(facts.lastSequenceNumber),
      last_enqueued_offset: facts.lastOffset,
      last_enqueued_time_utc: types.wrap_timestamp(facts.lastEnqueuedMs),
      is_partition_empty: facts.isEmpty,
    },
  };
}

/** Answer to a request of `$management`. */
function manage(properties: Readonly<Record<string, unknown>>, hubOf: (name: string) => Hub | undefined): Answer {
  const name = textOf(properties['name']);
  const hub = hubOf(name);
  if (textOf(properties['operation']).toUpperCase() !== 'READ')
    return { status: 501, description: 'only READ is implemented', condition: 'amqp:not-implemented' };
  if (!hub) return notFound(`there is no hub ${name}`);
  const type = textOf(properties['type']);
  if (type === 'com.microsoft:eventhub') return hubProperties(hub);
  if (type === 'com.microsoft:partition') return partitionProperties(hub, textOf(properties['partition']));
  // The clients read hubs and partitions and nothing else; another type is answered as the protocol has it.
  return { status: 501, description: `type ${type} is not implemented`, condition: 'amqp:not-implemented' };
}

/** Answers a request on the link that its client has opened for answers. Any token is taken: nobody is asked who they are here. */
export function answerRequest(
  node: '$cbs' | '$management',
  request: Message,
  reply: Sender,
  hubOf: (name: string) => Hub | undefined,
): void {
  const properties = (request['application_properties'] ?? {}) as Record<string, unknown>;
  const { status, description, condition, body } =
    node === '$cbs' ? ({ status: 202, description: 'Accepted' } as Answer) : manage(properties, hubOf);
  reply.send({
    correlation_id: request['message_id'] as unknown,
    application_properties: {
      'status-code': rhea.types.wrap_int(status),
      'status-description': description,
      ...(condition === undefined ? {} : { 'error-condition': condition }),
    },
    body: body ?? null,
  } as unknown as Message);
}
