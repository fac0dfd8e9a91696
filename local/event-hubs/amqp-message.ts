import rhea, { type Typed } from 'rhea';

// AMQP messages as bytes. The service changes nothing of a message but its annotations, so neither does this: sections are
// found by their boundaries and copied as they are.

const DELIVERY_ANNOTATIONS = 0x71;
const MESSAGE_ANNOTATIONS = 0x72;
const HEADER = 0x70;
/** Missing in rhea's own types. */
interface Codec {
  readonly Reader: new (bytes: Buffer) => {
    readonly position: number;
    remaining(): number;
    read(): Typed & { readonly descriptor?: { readonly value: unknown } };
  };
  readonly Writer: new () => { write(value: Typed): void; toBuffer(): Buffer };
}
const codec = rhea.types as unknown as Codec;

/** Message format of a batch: a message whose data sections are messages. */
export const BATCH_FORMAT = 0x80013700;

interface Section {
  readonly code: number;
  readonly bytes: Buffer;
  /** Of annotations: their values. */
  readonly values: Readonly<Record<string, unknown>>;
}

function sectionsOf(message: Buffer): Section[] {
  const reader = new codec.Reader(message);
  const sections: Section[] = [];
  while (reader.remaining() > 0) {
    const start = reader.position;
    const section = reader.read();
    const code = Number(section.descriptor?.value);
    if (!Number.isInteger(code)) throw new Error('a section of the message has no descriptor');
    const values = code === MESSAGE_ANNOTATIONS ? rhea.types.unwrap_map_simple(section) : {};
    sections.push({ code, bytes: message.subarray(start, reader.position), values });
  }
  return sections;
}

function annotationSection(code: number, values: object): Buffer {
  const { types } = rhea;
  const writer = new codec.Writer();
  writer.write(types.described_nc(types.wrap_ulong(code), types.wrap_symbolic_map(values)));
  return writer.toBuffer();
}

/** What the service adds to an event. */
export interface Stamp {
  readonly sequenceNumber: number;
  readonly offset: number;
  /** Epoch ms. */
  readonly enqueuedMs: number;
  readonly partitionKey: string | undefined;
}

/** A message taken apart at its annotations. */
export interface EventMessage {
  readonly header: Buffer;
  readonly annotations: Readonly<Record<string, unknown>>;
  /** Properties, application properties and body. */
  readonly rest: Buffer;
}

/** @throws when the bytes are no AMQP message */
function messageOf(bytes: Buffer): EventMessage {
  const sections = sectionsOf(bytes);
  const after = sections.filter(({ code }) => code > MESSAGE_ANNOTATIONS);
  if (after.length === 0) throw new Error('the message has no body');
  return {
    header: sections.find(({ code }) => code === HEADER)?.bytes ?? Buffer.alloc(0),
    annotations: sections.find(({ code }) => code === MESSAGE_ANNOTATIONS)?.values ?? {},
    rest: Buffer.concat(after.map((section) => section.bytes)),
  };
}

/** The message with the annotations of the service; those of the sender stay. */
export function stampMessage({ header, annotations, rest }: EventMessage, stamp: Stamp): Buffer {
  const { types } = rhea;
  const section = annotationSection(MESSAGE_ANNOTATIONS, {
    ...annotations,
    'x-opt-sequence-number': types.wrap_long(stamp.sequenceNumber),
    'x-opt-offset': String(stamp.offset),
    'x-opt-enqueued-time': types.wrap_timestamp(stamp.enqueuedMs),
    ...(stamp.partitionKey === undefined ? {} : { 'x-opt-partition-key': stamp.partitionKey }),
  });
  return Buffer.concat([header, section, rest]);
}

/** Delivery annotations that tell a receiver, on its wish, where the end of the partition is. */
export function withRuntimeInfo(
  message: Buffer,
  last: { sequenceNumber: number; offset: string; enqueuedMs: number },
): Buffer {
  const { types } = rhea;
  const info = annotationSection(DELIVERY_ANNOTATIONS, {
    last_enqueued_sequence_number: types.wrap_long(last.sequenceNumber),
    last_enqueued_offset: last.offset,
    last_enqueued_time_utc: types.wrap_timestamp(last.enqueuedMs),
    runtime_info_retrieval_time_utc: types.wrap_timestamp(Date.now()),
  });
  const at = sectionsOf(message)
    .filter(({ code }) => code === HEADER)
    .reduce((sum, { bytes }) => sum + bytes.length, 0);
  return Buffer.concat([message.subarray(0, at), info, message.subarray(at)]);
}

export interface Received {
  readonly messages: readonly EventMessage[];
  readonly partitionKey: string | undefined;
}

/**
 * The events of a transfer: one, or those of a batch.
 * @throws when the bytes are not what the format says
 */
export function eventsOf(transfer: Buffer, format: number): Received {
  const outer = messageOf(transfer);
  const key = outer.annotations['x-opt-partition-key'];
  const partitionKey = typeof key === 'string' ? key : undefined;
  if (format !== BATCH_FORMAT) return { messages: [outer], partitionKey };
  const body: unknown = rhea.message.decode(transfer)['body'];
  const content = (body as { content?: unknown } | undefined)?.content;
  const messages: readonly unknown[] = Array.isArray(content) ? content : [content];
  return {
    partitionKey,
    messages: messages.map((message) => {
      if (!Buffer.isBuffer(message)) throw new Error('a batch must hold data sections');
      return messageOf(message);
    }),
  };
}
