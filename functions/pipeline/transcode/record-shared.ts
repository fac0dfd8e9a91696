import { contextFields, identityFields } from '../../../schema/common-fields.ts';
import { checker } from '../../../schema/validate.ts';
import type { Batch, Claims } from '../batch.ts';
import { sharedColumns, type IngestPorts } from '../group-rows.ts';
import { ByteCache } from './byte-cache.ts';
import type { JsonCursor } from './json-cursor.ts';
import type { ClaimName } from './record-spec.ts';
import { bytesOf } from './row-buffer.ts';

// What a row holds besides its record's own columns, as text. Where the viewer is, with what they watch, who they are and what the
// content is called do not depend on each other: each goes through the ordinary steps once and is remembered.

const { eventId: _id, sessionId: _session, sequence: _sequence, eventTime: _time, ...ofBatch } = identityFields;
const checkShared = checker({ name: 'shared', doc: '', fields: { ...ofBatch, ...contextFields } });

/** What is remembered of each; a few dozen bytes an entry. */
const CACHED = 4096;
/** With these no header of the sender is asked. */
const NO_CLAIMS: Claims = { geo: {}, device: {} };
const NOTHING = bytesOf('');

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
const [COUNTRY, REGION, CITY, ADDRESS, TYPE, SYSTEM, BROWSER, VIEWER, CONTENT] = SHARED_VALUES.map((_name, n) => n) as [
  number, number, number, number, number, number, number, number, number,
]; // prettier-ignore

type Columns = Readonly<Record<string, unknown>>;

export class RecordShared {
  readonly #source: string;
  readonly #ports: IngestPorts;
  readonly #starts = new Int32Array(SHARED_VALUES.length);
  readonly #ends = new Int32Array(SHARED_VALUES.length);
  readonly #caches = Array.from({ length: 4 }, () => new ByteCache<Uint8Array | undefined>(CACHED));
  #batch: Batch | undefined;
  #base: Columns = {};
  /** From the brace of a row to before its own columns; undefined when the schema refuses it. */
  head: Uint8Array | undefined;
  /** Whether the catalogs know the content of the record written last. */
  isNamed = false;

  constructor(source: string, ports: IngestPorts) {
    this.#source = source;
    this.#ports = ports;
  }

  /** What follows is of this batch; batches of one blob differ in their id only. */
  open(batch: Batch): void {
    this.#batch = batch;
    this.#base = this.#columns(NO_CLAIMS, batch);
    this.head = checkShared(this.#base).ok ? bytesOf(JSON.stringify(this.#base).slice(0, -1)) : undefined;
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

  /** The texts that end a row, one after the other; undefined when the schema refuses what they would say. */
  texts(cursor: JsonCursor): readonly Uint8Array[] | undefined {
    const { geo } = this.#ports;
    const place = this.#text(0, cursor, geo ? [COUNTRY, REGION, CITY, ADDRESS] : [COUNTRY, REGION, CITY], (of) => ({
      geo: { country: of(COUNTRY), region: of(REGION), city: of(CITY) },
      address: of(ADDRESS),
    }));
    const device = this.#text(1, cursor, [TYPE, SYSTEM, BROWSER], (of) => ({
      device: { type: of(TYPE), os: of(SYSTEM), browser: of(BROWSER) },
    }));
    const viewer = this.#text(2, cursor, [VIEWER], (of) => ({ viewerId: of(VIEWER) }));
    const content = this.#ports.catalogs
      ? this.#text(3, cursor, [CONTENT], (of) => ({ contentId: of(CONTENT) }))
      : NOTHING;
    if (!place || !device || !viewer || !content) return undefined;
    this.isNamed = content.length > 0;
    return [place, device, viewer, content];
  }

  #text(
    cache: number,
    cursor: JsonCursor,
    values: readonly number[],
    claims: (of: (value: number) => string | undefined) => Claims,
  ): Uint8Array | undefined {
    const own = this.#caches[cache]!;
    own.begin();
    for (const value of values)
      if (!own.part(cursor.bytes, this.#starts[value]!, this.#ends[value]!)) return undefined;
    return own.get(() =>
      this.#made(
        claims((value) => {
          const [start, end] = [this.#starts[value]!, this.#ends[value]!];
          return end > start ? cursor.textFrom(start, end) : undefined;
        }),
      ),
    );
  }

  /** What these claims add to the columns of the batch. */
  #made(claims: Claims): Uint8Array | undefined {
    const columns = this.#columns({ ...NO_CLAIMS, ...claims }, this.#batch!);
    if (!checkShared(columns).ok) return undefined;
    const more = Object.entries(columns).filter(([name, value]) => value !== undefined && this.#base[name] === undefined);
    return more.length === 0 ? NOTHING : bytesOf(`,${JSON.stringify(Object.fromEntries(more)).slice(1, -1)}`);
  }

  #columns(claims: Claims, batch: Batch): Columns {
    return sharedColumns({ source: this.#source, shared: {}, claims }, false, batch, this.#ports);
  }
}
