import { contextFields, identityFields } from '../../../schema/common-fields.ts';
import { checker } from '../../../schema/validate.ts';
import type { Batch } from '../batch.ts';
import type { Session } from '../normalize/probe.ts';
import type { Catalogs } from '../ports.ts';
import type { Text } from './row-buffer.ts';

/** What rows of both tables share; each event's own columns are checked as they are written. */
const { eventId: _id, sequence: _sequence, eventTime: _time, ...ofBatch } = identityFields;
const checkShared = checker({ name: 'both', doc: '', fields: { ...ofBatch, ...contextFields } });

/** Bytes that hold nearly every session's text. */
const USUAL_BYTES = 8 * 1024;
/** Most bytes of a UTF-16 unit in UTF-8. */
const WIDEST = 3;

/** What the rows of one session share, as text: four pieces one behind the other, in memory that the next session takes. */
export interface SessionText extends Text {
  /** From the brace of a row to before its own columns: `bytes` up to `headEnd`. */
  readonly head: Uint8Array;
  readonly headEnd: number;
  /** `,"eventId":"sid:` */
  readonly idEnd: number;
  /** The session's CDN, for events that say none; empty when the session says none either. */
  readonly cdnEnd: number;
  /** Fields of the header that have no column: every row holds them. Empty when there are none. */
  readonly propsEnd: number;
  readonly hasProps: boolean;
  /** Names of CDNs by host; absent: hosts stand for themselves. */
  readonly catalogs: Pick<Catalogs, 'cdnOf'> | undefined;
  /** Epoch ms of t = 0 on the client's clock. */
  readonly t0: number;
  readonly receivedMs: number;
  readonly skewMs: number;
}

interface Memory extends Text {
  readonly bytes: Buffer;
}
let memory: Memory | undefined;

function memoryFor(units: number): Memory {
  if (memory && memory.bytes.length >= units * WIDEST) return memory;
  // Zeros, not what was there before: eight bytes are read at a time, and what stands behind a text must be UTF-8 as well.
  const bytes = Buffer.alloc(Math.max(USUAL_BYTES, units * WIDEST));
  memory = { bytes, view: new DataView(bytes.buffer) };
  return memory;
}

/** Writes a text at `at`; returns where it ends. */
const write = (into: Buffer, text: string, at: number): number => (text === '' ? at : at + into.write(text, at));

/** What the rows of a session share, as text; undefined when the schema does not take it: every event is a reject then. */
export function sessionText(
  session: Session,
  shared: Record<string, unknown>,
  batch: Batch,
  catalogs: SessionText['catalogs'],
): SessionText | undefined {
  const { header, sentMs } = session;
  const { props } = header.shared;
  if (!checkShared(shared).ok) return undefined;
  const { cdn } = shared;
  // Left out of the text, and no copy made for it.
  shared['cdn'] = undefined;
  const head = JSON.stringify(shared).slice(0, -1);
  shared['cdn'] = cdn;
  const id = `,"eventId":${JSON.stringify(header.sid).slice(0, -1)}:`;
  const ofCdn = cdn === undefined ? '' : `,"cdn":${JSON.stringify(cdn)}`;
  const ofProps = props === undefined ? '' : `,"props":${JSON.stringify(props)}`;
  const { bytes, view } = memoryFor(head.length + id.length + ofCdn.length + ofProps.length);
  const headEnd = write(bytes, head, 0);
  const idEnd = write(bytes, id, headEnd);
  const cdnEnd = write(bytes, ofCdn, idEnd);
  return {
    bytes,
    view,
    head: bytes.subarray(0, headEnd),
    headEnd,
    idEnd,
    cdnEnd,
    propsEnd: write(bytes, ofProps, cdnEnd),
    hasProps: props !== undefined,
    catalogs,
    t0: header.t0,
    receivedMs: batch.receivedMs,
    skewMs: batch.receivedMs - sentMs,
  };
}
