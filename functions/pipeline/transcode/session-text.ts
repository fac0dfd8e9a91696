import { contextFields, identityFields } from '../../../schema/common-fields.ts';
import { checker } from '../../../schema/validate.ts';
import type { Batch } from '../batch.ts';
import type { Session } from '../normalize/probe.ts';
import { bytesOf } from './row-buffer.ts';

/** What rows of both tables share; each event's own columns are checked as they are written. */
const { eventId: _id, sequence: _sequence, eventTime: _time, ...ofBatch } = identityFields;
const checkShared = checker({ name: 'both', doc: '', fields: { ...ofBatch, ...contextFields } });

const NOTHING = bytesOf('');

/** What the rows of one session share, as text. */
export interface SessionText {
  /** `,"eventId":"sid:` */
  readonly id: Uint8Array;
  /** From the brace of a row to before its own columns. */
  readonly head: Uint8Array;
  /** The session's CDN, for events that say none; empty when the session says none either. */
  readonly cdn: Uint8Array;
  /** Fields of the header that have no column: every row holds them. */
  readonly props: Uint8Array | undefined;
  /** Epoch ms of t = 0 on the client's clock. */
  readonly t0: number;
  readonly receivedMs: number;
  readonly skewMs: number;
}

/** What the rows of a session share, as text; undefined when the schema does not take it: every event is a reject then. */
export function sessionText(session: Session, shared: Record<string, unknown>, batch: Batch): SessionText | undefined {
  const { header, sentMs } = session;
  const { props } = header.shared;
  if (!checkShared(shared).ok) return undefined;
  const { cdn } = shared;
  // Left out of the text, and no copy made for it.
  shared['cdn'] = undefined;
  const head = bytesOf(JSON.stringify(shared).slice(0, -1));
  shared['cdn'] = cdn;
  return {
    head,
    cdn: cdn === undefined ? NOTHING : bytesOf(`,"cdn":${JSON.stringify(cdn)}`),
    id: bytesOf(`,"eventId":${JSON.stringify(header.sid).slice(0, -1)}:`),
    props: props === undefined ? undefined : bytesOf(`,"props":${JSON.stringify(props)}`),
    t0: header.t0,
    receivedMs: batch.receivedMs,
    skewMs: batch.receivedMs - sentMs,
  };
}
