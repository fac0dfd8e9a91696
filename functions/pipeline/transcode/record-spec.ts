// What the fast path has to know of a format whose records are flat JSON objects, one event each. A dialect gives it as data,
// made of the tables that its own reading goes by.

/** How a value becomes that of its column: as it is, or seconds as milliseconds. */
export type Reading = 'text' | 'number' | 'seconds';

/** Field → column. */
export type RecordColumns = Readonly<Record<string, readonly [column: string, reading: Reading]>>;

/** What a field says of the viewer; consumed by enrichment and privacy. */
export type ClaimName = 'viewerId' | 'address' | 'country' | 'region' | 'city' | 'type' | 'os' | 'browser';

export interface RecordKind {
  /** Columns with the same value in every row of the kind. */
  readonly fixed: Readonly<Record<string, string | boolean>>;
  /** Fields that are columns in rows of this kind only; elsewhere they are kept in `props`. */
  readonly columns: RecordColumns;
  /** A column that is one without another, at least 0. */
  readonly net?: { readonly column: string; readonly of: string; readonly less: string } | undefined;
}

/** A record of that form becomes a row of PlaybackEvents. Fields that are not named here are kept in `props`. */
export interface RecordSpec {
  readonly source: string;
  /** Fields that hold the session's id, the event's id within the session, the time as RFC 3339 and the kind. */
  readonly session: string;
  readonly id: string;
  readonly time: string;
  readonly kind: string;
  readonly kinds: Readonly<Record<string, RecordKind>>;
  readonly columns: RecordColumns;
  /** A field kept in `props` whose value, in upper case, stands for a number as well. */
  readonly label: { readonly field: string; readonly column: string; readonly of: Readonly<Record<string, number>> };
  readonly claims: Readonly<Record<string, ClaimName>>;
  /** Fields that are neither stored nor asked. */
  readonly ignored: readonly string[];
  /** Fields that only the long way knows how to read. */
  readonly unusual: readonly string[];
}
