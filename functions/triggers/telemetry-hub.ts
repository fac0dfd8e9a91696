import type { EventHubHandler } from '@azure/functions';
import { isRecord, type Batch } from '../pipeline/batch.ts';
import { decodeBody, type Decoded, type DecodeFault, type Limits } from '../pipeline/decode.ts';
import { ingest, type Entry, type IngestPorts } from '../pipeline/ingest.ts';
import { readReports } from '../pipeline/log-lines.ts';
import { SinkUnavailable, type Inflater } from '../pipeline/ports.ts';
import { storeOrSpill, type SpillPorts } from '../pipeline/spill.ts';
import { messagePlaces, type MessagePlace } from './hub-metadata.ts';

export interface HubDoorOptions extends SpillPorts, IngestPorts {
  readonly inflater: Inflater;
  readonly limits: Limits;
  /** Name of the event hub. */
  readonly hub: string;
  /** Owner of what comes through it. */
  readonly tenant: string;
}

/** Messages in the works at once: enough to fill the calls of group commit, few enough to bound the memory. */
const ABREAST = 8;
const RETRY_MS = 5000;
/** Records in one message: a megabyte of gzip can hold more than anyone means to send, and all of them would be in memory. */
const MAX_RECORDS = 20_000;
const QUOTED_BYTES = 8192;
const BRACE = 0x7b;
const BRACKET = 0x5b;

const encoder = new TextEncoder();
const latin = new TextDecoder('latin1');

const fault = (reason: DecodeFault['reason'], detail: string, bytes?: Uint8Array): DecodeFault => ({
  ok: false,
  reason,
  detail,
  text: bytes ? latin.decode(bytes.subarray(0, QUOTED_BYTES)) : '',
});

/** The binding asks for bytes; a host that parses all the same must not lose the message. */
function bytesOf(message: unknown): Uint8Array {
  if (message instanceof Uint8Array) return message;
  return encoder.encode(typeof message === 'string' ? message : (JSON.stringify(message) ?? ''));
}

/** Lists of records stand for their records: diagnostic settings of Azure send `{"records": […]}`. */
function unpack(decoded: Decoded): Decoded[] {
  if (!decoded.ok) return [decoded];
  const { value } = decoded;
  const list = isRecord(value) && Object.keys(value).length === 1 ? value['records'] : value;
  return Array.isArray(list) ? list.map((record: unknown) => ({ ...decoded, value: record })) : [decoded];
}

/** Events in a record: an envelope of ours holds many. */
function eventsIn(decoded: Decoded): number {
  const list = decoded.ok && isRecord(decoded.value) ? decoded.value['e'] : undefined;
  return Array.isArray(list) ? list.length : 1;
}

/** Records of one message: JSON in one piece or by line, or the lines of a log. Never none, so that the books know of it. */
function recordsOf(message: Uint8Array, options: HubDoorOptions): Decoded[] {
  // The limit of events cuts the reading off for the HTTP door, which then refuses the body. Nobody can be refused here.
  const limits = { ...options.limits, maxEvents: MAX_RECORDS };
  const inflated = options.inflater.inflate(message, limits.maxBodyBytes);
  if (!inflated.ok) {
    const detail = inflated.reason === 'not-gzip' ? 'broken gzip data' : `more than ${limits.maxBodyBytes} bytes`;
    return [fault(inflated.reason, detail)];
  }
  const { bytes } = inflated;
  const first = bytes.find((byte) => byte > 0x20);
  if (first === undefined) return [fault('not-json', 'the message is empty')];
  const decoded = first === BRACE || first === BRACKET ? decodeBody(bytes, limits) : readReports(bytes, limits);
  const records = decoded.flatMap(unpack);
  if (records.length === 0) return [fault('not-json', 'no record in the message', bytes)];
  const events = records.reduce((sum, record) => sum + eventsIn(record), 0);
  return events > MAX_RECORDS ? [fault('too-large', `more than ${MAX_RECORDS} events in one message`, bytes)] : records;
}

/**
 * The same message has the same id however often it is delivered: its place in the hub, or its content when the host does not tell the place.
 * Rows and accounts of a repeated delivery are removed by deduplication.
 */
function batchOf(message: Uint8Array, place: MessagePlace | undefined, options: HubDoorOptions): Batch {
  const { hub, tenant, digests, clock } = options;
  const origin = place
    ? `${hub}/${place.partition}#${place.sequence}@${place.enqueuedMs}`
    : `${hub}#${digests.sha256(latin.decode(message))}`;
  return {
    batchId: `hub-${digests.sha256(origin).slice(0, 32)}`,
    door: 'hub',
    tenant,
    receivedMs: place?.enqueuedMs ?? clock.now(),
    origin,
    bytes: message.length,
    // Whoever may send to the hub is a server of ours.
    isTrusted: true,
    isOptedOut: false,
    edge: {},
  };
}

async function accept(message: Uint8Array, place: MessagePlace | undefined, options: HubDoorOptions): Promise<void> {
  const batch = batchOf(message, place, options);
  await options.digests.prepare?.(batch.receivedMs);
  const entries: Entry[] = recordsOf(message, options).map((decoded) => ({ decoded }));
  try {
    await storeOrSpill(ingest(batch, entries, options), options);
  } catch (error) {
    if (error instanceof SinkUnavailable) throw error;
    // A fault of ours, not of the store: the message goes to quarantine as a whole, or it would stop its partition for ever.
    const decoded = fault('sink-refused', 'the message could not be processed', message);
    await storeOrSpill(ingest(batch, [{ decoded }], options), options);
  }
}

/**
 * Telemetry from an event hub. The host advances its checkpoint when this returns, whatever became of the events, so every event is
 * stored, spilled or in quarantine by then. It throws only when none of these takes anything: by its retry policy the host then calls
 * again with the same messages and reads no further meanwhile.
 */
export function telemetryHub(options: HubDoorOptions): EventHubHandler {
  return async (input, context) => {
    const messages: readonly unknown[] = Array.isArray(input) ? input : [input];
    const places = messagePlaces(context.triggerMetadata, messages.length);
    const failures: unknown[] = [];
    let next = 0;
    const worker = async (): Promise<void> => {
      while (next < messages.length) {
        const index = next++;
        await accept(bytesOf(messages[index]), places?.[index], options).catch((error: unknown) =>
          failures.push(error),
        );
      }
    };
    await Promise.all(Array.from({ length: ABREAST }, worker));
    options.counters.add('hub_messages_total', messages.length - failures.length, 'done');
    if (failures.length === 0) return;
    options.counters.add('hub_messages_total', failures.length, 'failed');
    const [first] = failures;
    const why = first instanceof Error ? first.message : 'unknown error';
    throw new SinkUnavailable(
      `${failures.length} of ${messages.length} messages could not be stored: ${why}`,
      RETRY_MS,
    );
  };
}
