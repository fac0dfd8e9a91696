import { contextFields, identityFields } from '../../../schema/common-fields.ts';
import { checker } from '../../../schema/validate.ts';
import type { Batch, Claims } from '../batch.ts';
import { sharedColumns, type IngestPorts } from '../group-rows.ts';
import { protect } from '../privacy.ts';
import { ByteCache } from './byte-cache.ts';
import type { JsonCursor } from './json-cursor.ts';
import type { ClaimName } from './record-spec.ts';
import type { RowBuffer } from './row-buffer.ts';

// What a row holds besides its record's own columns, as text. Where the viewer is, with what they watch, who they are and what the
// content is called do not depend on each other: each goes through the ordinary steps once and is remembered.

const { eventId: _id, sessionId: _session, sequence: _sequence, eventTime: _time, ...ofBatch } = identityFields;
const checkShared = checker({ name: 'shared', doc: '', fields: { ...ofBatch, ...contextFields } });

/** So many places and titles are remembered, and so many devices and viewers: the events of a viewer come in a row. */
const MANY = 2048;
const FEW = 256;
/** With these no header of the sender is asked. */
const NO_CLAIMS: Claims = { geo: {}, device: {} };
/** Not from the pool of buffers: what is remembered would keep all of its slab alive. */
const encoder = new TextEncoder();
const NOTHING = encoder.encode('');

/** As the encoder does it. Small arrays that JavaScript makes are collected with other objects; those of the encoder cost more. */
function shortBytes(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code >= 0x80) return encoder.encode(text);
    bytes[at] = code;
  }
  return bytes;
}

/** Names of the values that {@link RecordShared.set} takes, by number. */
export const SHARED_VALUES: readonly (ClaimName | 'contentId')[] = [
  'country',
  'region',
  'city',
  'address',
  'type',
  'os',
  'browser',
  'viewerId',
  'contentId',
];

type Saying = Readonly<Partial<Record<(typeof SHARED_VALUES)[number], string>>>;

/** What is looked up together. */
interface Piece {
  readonly values: readonly number[];
  /** What is said, for enrichment. */
  readonly claims: ((said: Saying) => Claims) | undefined;
  readonly cache: ByteCache<Uint8Array | false>;
}

const pieceOf = (
  size: number,
  names: readonly (typeof SHARED_VALUES)[number][],
  claims?: (said: Saying) => Claims,
): Piece => ({
  values: names.map((name) => SHARED_VALUES.indexOf(name)),
  claims,
  cache: new ByteCache(size),
});

type Columns = Readonly<Record<string, unknown>>;

export class RecordShared {
  readonly #source: string;
  readonly #ports: IngestPorts;
  readonly #starts = new Int32Array(SHARED_VALUES.length);
  readonly #ends = new Int32Array(SHARED_VALUES.length);
  readonly #place: Piece;
  readonly #device = pieceOf(FEW, ['type', 'os', 'browser'], ({ type, os, browser }) => ({
    device: { type, os, browser },
  }));
  readonly #viewer = pieceOf(FEW, ['viewerId']);
  readonly #content = pieceOf(MANY, ['contentId'], ({ contentId }) => ({ contentId }));
  /** Of the record under way, in the order they are written, and all of them where records in a row have the same. */
  readonly #texts: Uint8Array[] = [NOTHING, NOTHING, NOTHING, NOTHING];
  #joined: Uint8Array | undefined;
  #isSame = false;
  #batch: Batch | undefined;
  #base: Columns = {};
  /** From the brace of a row to before its own columns; undefined when the schema refuses it. */
  head: Uint8Array | undefined;
  /** Whether the catalogs know the content of the record written last. */
  isNamed = false;

  constructor(source: string, ports: IngestPorts) {
    this.#source = source;
    this.#ports = ports;
    // Without a database nobody looks at the address, which is another one in every record.
    this.#place = pieceOf(
      MANY,
      ports.geo ? ['country', 'region', 'city', 'address'] : ['country', 'region', 'city'],
      ({ country, region, city, address }) => ({ geo: { country, region, city }, address }),
    );
  }

  /** What follows is of this batch; batches of one blob differ in their id only. */
  open(batch: Batch): void {
    this.#batch = batch;
    this.#base = this.#columns(NO_CLAIMS, batch);
    this.head = checkShared(this.#base).ok ? encoder.encode(JSON.stringify(this.#base).slice(0, -1)) : undefined;
  }

  /** A new record. */
  begin(): void {
    this.#ends.fill(0);
    this.#starts.fill(0);
  }

  /** Where a value of the record stands, without its quotes. Nothing and an empty value are the same. */
  set(value: number, start: number, end: number): void {
    this.#starts[value] = start;
    this.#ends[value] = end;
  }

  /** Finds the texts of the record; false when the schema refuses what they would say. */
  find(cursor: JsonCursor): boolean {
    const place = this.#text(this.#place, cursor);
    const device = this.#text(this.#device, cursor);
    const viewer = this.#text(this.#viewer, cursor);
    const content = this.#ports.catalogs ? this.#text(this.#content, cursor) : NOTHING;
    if (!place || !device || !viewer || !content) return false;
    this.isNamed = content.length > 0;
    const texts = this.#texts;
    this.#isSame = texts[0] === place && texts[1] === device && texts[2] === viewer && texts[3] === content;
    if (this.#isSame) return true;
    texts[0] = place;
    texts[1] = device;
    texts[2] = viewer;
    texts[3] = content;
    this.#joined = undefined;
    return true;
  }

  /** Writes the texts that were found. */
  put(out: RowBuffer): void {
    if (this.#isSame) out.putLong((this.#joined ??= Buffer.concat(this.#texts)));
    else for (const text of this.#texts) if (text.length > 0) out.putLong(text);
  }

  #text({ values, cache, claims }: Piece, cursor: JsonCursor): Uint8Array | false {
    let same = 0;
    for (let n = 0; n < values.length && same >= 0; n++) {
      const value = values[n]!;
      same = cache.samePart(cursor.bytes, this.#starts[value]!, this.#ends[value]!, same);
    }
    const last = same > 0 ? cache.lastIf(same) : undefined;
    if (last !== undefined) return last;
    cache.begin();
    for (const value of values) if (!cache.part(cursor.bytes, this.#starts[value]!, this.#ends[value]!)) return false;
    const known = cache.get();
    if (known !== undefined) return known;
    const said = this.#said(values, cursor);
    return cache.set(claims ? this.#made(claims(said)) : this.#viewerText(said));
  }

  #said(values: readonly number[], cursor: JsonCursor): Saying {
    const said: Partial<Record<(typeof SHARED_VALUES)[number], string>> = {};
    for (const value of values) {
      const [start, end] = [this.#starts[value]!, this.#ends[value]!];
      if (end > start) said[SHARED_VALUES[value]!] = cursor.textFrom(start, end);
    }
    return said;
  }

  /** The viewer's pseudonym. A file has many viewers: of the ordinary steps they take the one that looks at them. */
  #viewerText({ viewerId }: Saying): Uint8Array {
    const columns: { viewerId?: unknown } = {};
    protect(columns, { viewerId }, this.#batch!, this.#ports.digests);
    return columns.viewerId === undefined ? NOTHING : shortBytes(`,"viewerId":${JSON.stringify(columns.viewerId)}`);
  }

  /** What these claims add to the columns of the batch. */
  #made(claims: Claims): Uint8Array | false {
    const columns = this.#columns({ ...NO_CLAIMS, ...claims }, this.#batch!);
    if (!checkShared(columns).ok) return false;
    const more = Object.entries(columns).filter(
      ([name, value]) => value !== undefined && this.#base[name] === undefined,
    );
    return more.length === 0 ? NOTHING : encoder.encode(`,${JSON.stringify(Object.fromEntries(more)).slice(1, -1)}`);
  }

  #columns(claims: Claims, batch: Batch): Columns {
    return sharedColumns({ source: this.#source, shared: {}, claims }, false, batch, this.#ports);
  }
}
