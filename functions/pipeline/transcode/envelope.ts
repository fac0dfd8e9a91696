import { isUtf8 } from 'node:buffer';
import type { Batch, Draft, DraftFault, Outcome, Place } from '../batch.ts';
import { Books, type Reject } from '../books.ts';
import { boundsFault } from '../bounds.ts';
import type { Limits } from '../decode.ts';
import { GroupRows, sharedColumns, type IngestPorts } from '../group-rows.ts';
import { HARD_DEPTH, HARD_KEYS, HARD_VALUES, scanJson, type JsonShape } from '../json-scan.ts';
import type { SeenEvents } from '../seen-events.ts';
import { droppedBy, openSession, probe, readSessionEvent, type Session } from '../normalize/probe.ts';
import { EventTranscoder } from './event.ts';
import { JsonCursor } from './json-cursor.ts';
import { compilePlans } from './plan.ts';
import { bytesOf, RowBuffer } from './row-buffer.ts';
import { Sequences } from './sequences.ts';
import { sessionText, type SessionText } from './session-text.ts';

// The fast path of the probe's envelopes: from the bytes of a body to the text of its rows, without an object for either.
// It takes what is plainly as the probe sends it; an event that is anything else goes the long way by itself, and a body that
// is anything else as a whole (undefined). `envelope.test.ts` holds the two ways against each other.

const [OPEN, CLOSE, OPEN_LIST, CLOSE_LIST, COMMA] = [0x7b, 0x7d, 0x5b, 0x5d, 0x2c] as const;
const [VERSION, HEADER, EVENTS] = [bytesOf('"v":'), bytesOf('"h":'), bytesOf('"e":')];
/** Least limits under which an event of known names and bounded strings cannot exceed them. */
const ROOMY = { maxDepth: 8, maxKeys: 64, maxEventBytes: 16 * 1024 };
/** By so much JSON can grow when it is parsed and written anew: 1e20. */
const LONGER = 6;
/** By so much the text of an event's numbers can grow when they are written anew. */
const GROWTH = 8 * 1024;

const cursor = new JsonCursor();
const events = new RowBuffer();
const beats = new RowBuffer();
const transcoders: { plain?: EventTranscoder; lean?: EventTranscoder } = {};

/** Compiled by the first body of a version: a start does not pay for it, and senders of one version never do for the other. */
const transcoderOf = (isLean: boolean): EventTranscoder =>
  (transcoders[isLean ? 'lean' : 'plain'] ??= new EventTranscoder(compilePlans(isLean), cursor, events, beats));

const isRoomy = ({ maxDepth, maxKeys, maxEventBytes }: Limits): boolean =>
  maxDepth >= ROOMY.maxDepth && maxKeys >= ROOMY.maxKeys && maxEventBytes >= ROOMY.maxEventBytes;

const isTooMuch = ({ depth, keys, values }: JsonShape): boolean =>
  depth > HARD_DEPTH || keys > HARD_KEYS || values > HARD_VALUES;

/** Whether something in it may exceed the limits of one event. */
const isSuspect = ({ depth, keys }: JsonShape, bytes: number, limits: Limits): boolean =>
  depth > limits.maxDepth || keys > limits.maxKeys || bytes > limits.maxEventBytes;

/** The value of a range of the body; undefined when it is no JSON. */
function parsed(from: number, to: number): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(cursor.textFrom(from, to)) as unknown };
  } catch {
    return undefined;
  }
}

/** One body under way. */
class Run {
  readonly #batch: Batch;
  readonly #ports: IngestPorts;
  readonly #books: Books;
  readonly #sequences = new Sequences();
  readonly #seen: SeenEvents | undefined;
  #sessionId = '';
  readonly #faults: DraftFault[] = [];
  readonly #rejects: Reject[] = [];
  #shape: JsonShape | undefined;
  #position = 0;
  #dropped = 0;

  constructor(batch: Batch, ports: IngestPorts, seen: SeenEvents | undefined) {
    this.#batch = batch;
    this.#ports = ports;
    this.#seen = seen;
    this.#books = new Books(batch, ports.digests);
  }

  /** The outcome; undefined when the body has to go the long way as a whole. */
  outcome(): Outcome | undefined {
    const session = this.#open();
    if (!session || !cursor.take(COMMA) || !cursor.takeName(EVENTS)) return undefined;
    this.#sessionId = session.header.sid;
    const group = { source: probe.id, shared: session.columns, claims: session.claims, sentMs: session.sentMs };
    const shared = sharedColumns(group, false, this.#batch, this.#ports);
    const text = sessionText(session, shared, this.#batch, this.#ports.catalogs);
    const transcoder = transcoderOf(session.isLean);
    const rows = new GroupRows({ ...group, quote: session.quote }, shared, this.#batch, this.#ports);
    if (!this.#events(session, text, transcoder, rows)) return undefined;
    if (!cursor.take(CLOSE) || cursor.at !== cursor.bytes.length) return undefined;
    return this.#close(session);
  }

  #open(): Session | undefined {
    if (!cursor.take(OPEN) || !cursor.takeName(VERSION) || !cursor.number()) return undefined;
    const version = cursor.value;
    if (!cursor.take(COMMA) || !cursor.takeName(HEADER)) return undefined;
    const start = cursor.at;
    if (!cursor.skip()) return undefined;
    if (!this.#isWithinLimits(1)) return undefined;
    const header = parsed(start, cursor.at);
    const session = header && openSession(version, header.value, (cursor.at - start) * LONGER);
    return !session || 'reason' in session || session.fault ? undefined : session;
  }

  /** Whether what was skipped is surely no more than a parser should be given, so deep in the body. */
  #isWithinLimits(depth: number): boolean {
    const { maxDepth, maxKeys } = this.#ports.limits;
    return cursor.deepest + depth <= Math.min(maxDepth, HARD_DEPTH) && cursor.names <= Math.min(maxKeys, HARD_KEYS);
  }

  /** False when the list is not one, or too long. */
  #events(session: Session, text: SessionText | undefined, transcoder: EventTranscoder, rows: GroupRows): boolean {
    if (!cursor.take(OPEN_LIST)) return false;
    if (cursor.bytes[cursor.at] === CLOSE_LIST) return cursor.take(CLOSE_LIST);
    const longest = this.#ports.limits.maxEventBytes - GROWTH;
    do {
      if (this.#position >= this.#ports.limits.maxEvents) return false;
      const start = cursor.at;
      const out = text && transcoder.write(text);
      if (out && cursor.at - start <= longest) this.#keep(transcoder, out);
      else {
        out?.dropRow();
        cursor.at = start;
        if (!this.#longWay(session, rows)) return false;
      }
    } while (cursor.take(COMMA));
    return cursor.take(CLOSE_LIST);
  }

  /** The event that was written last is one of the batch, unless the batch holds it already. */
  #keep({ sequence, eventMs, dropped }: EventTranscoder, out: RowBuffer): void {
    this.#position++;
    if (dropped > this.#dropped) this.#dropped = dropped;
    if (this.#isNew(sequence)) {
      out.endRow();
      this.#books.count(eventMs);
      return;
    }
    out.dropRow();
    this.#books.drop();
  }

  /** One event as an object; false when the body is no JSON or nothing that a parser should be given. */
  #longWay(session: Session, rows: GroupRows): boolean {
    const start = cursor.at;
    if (!cursor.skip()) return false;
    const suspect = this.#isSuspect(start, cursor.at);
    const event = suspect === undefined ? undefined : parsed(start, cursor.at);
    if (!event) return false;
    const { limits } = this.#ports;
    const read = readSessionEvent(session, event.value, {
      next: (): Place => ({ position: this.#position++, part: 0 }),
      boundsFault: (value) => (suspect === true ? boundsFault(value, limits) : undefined),
    });
    if ('reason' in read) this.#faults.push(read);
    else {
      this.#dropped = Math.max(this.#dropped, droppedBy(read));
      const reject = rows.add(read, this.#books, (draft) => this.#isDuplicate(draft));
      if (reject) this.#rejects.push(reject);
    }
    return true;
  }

  /** Whether the bounds of an event have to be looked at; undefined when no parser should be given the body. */
  #isSuspect(start: number, end: number): boolean | undefined {
    const { limits } = this.#ports;
    const { length } = cursor.bytes;
    const isShort = length <= limits.maxEventBytes && (end - start) * LONGER <= limits.maxEventBytes;
    // Then it is within its bounds whatever else is in the body.
    if (isShort && this.#isWithinLimits(2)) return false;
    this.#shape ??= scanJson(cursor.bytes);
    return isTooMuch(this.#shape) ? undefined : isSuspect(this.#shape, length, limits);
  }

  #isNew(sequence: number): boolean {
    return this.#sequences.add(sequence) && this.#seen?.has(this.#sessionId, sequence) !== true;
  }

  #isDuplicate({ sequence }: Draft): boolean {
    if (this.#isNew(Number(sequence))) return false;
    this.#books.drop();
    return true;
  }

  /** Books in the order of the long way: what was not understood, then what the schema refused. */
  #close({ quote }: Session): Outcome {
    const books = this.#books;
    books.source = probe.id;
    books.clientDropped = this.#dropped;
    for (const { raw, id, ...fault } of this.#faults)
      books.reject({ options: { ...fault, source: probe.id, stage: 'normalize', raw: quote(raw) }, id });
    for (const reject of this.#rejects) books.reject(reject);
    if (this.#faults.length + this.#rejects.length === 0) this.#seen?.addAll(this.#sessionId, this.#sequences);
    return books.close({ PlaybackEvents: events.release(), PlaybackBeats: beats.release() });
  }
}

/**
 * The whole story of a body that holds one envelope of the probe and nothing else. Undefined when the body is anything else,
 * or has more events than the limit: `decodeBody` and `ingest` say then what is wrong with it.
 * `seen`: what other bodies of the batch hold; it learns what this one holds, unless there are rejects.
 */
export function ingestEnvelope(
  batch: Batch,
  bytes: Uint8Array,
  ports: IngestPorts,
  seen?: SeenEvents,
): Outcome | undefined {
  const { limits } = ports;
  const isOurs = batch.dialect === undefined || batch.dialect === probe.id;
  if (!isOurs || bytes.length > limits.maxBodyBytes || !isRoomy(limits) || !isUtf8(bytes)) return undefined;
  // A body has fewer values than bytes.
  if (bytes.length > HARD_VALUES && isTooMuch(scanJson(bytes))) return undefined;
  cursor.open(bytes);
  try {
    return new Run(batch, ports, seen).outcome();
  } finally {
    cursor.close();
    events.clear();
    beats.clear();
  }
}

/** The rows of the last outcome have been copied: those of the next are written over them. Call it before anything else is read. */
export function reuseRows(): void {
  events.reuse();
  beats.reuse();
}
