// Whom an erasure is about: raw viewer ids and session ids, what the tables call them, and how to find them in text.
import { dayKey, derivedSalt, pseudonymOf } from '../../functions/adapters/digests.ts';
import { isRecord } from '../../functions/pipeline/batch.ts';
import { isIdentityKey } from '../../functions/pipeline/identity.ts';

const DAY_MS = 86_400_000;
/** A shorter id may be any other value; it is recognised only where a viewer or a session is named. */
const TELLING_LENGTH = 12;
const SESSION_KEYS = new Set(['sid', 'sessionid', 'contentsessionid']);

export interface Subject {
  /** Raw ids, as the sender knows its viewers. */
  readonly viewers: readonly string[];
  readonly sessions: readonly string[];
  /** What stands in `ViewerId` for these viewers, of every day for which it can be known. */
  readonly pseudonyms: readonly string[];
}

export interface PseudonymSources {
  readonly secret: string;
  readonly tenants: readonly string[];
  /** Stored salts by day since the epoch. */
  readonly salts: ReadonlyMap<number, Buffer>;
  readonly nowMs: number;
  /** How far back rows are kept. */
  readonly days: number;
}

/** Every pseudonym of a viewer: of days with a stored salt, and of all days by the salt that follows from the secret. */
export function pseudonymsOf(viewers: readonly string[], sources: PseudonymSources): string[] {
  const { secret, tenants, salts, nowMs, days } = sources;
  const today = Math.floor(nowMs / DAY_MS);
  const derived = Array.from({ length: days + 2 }, (_none, back) => derivedSalt(today + 1 - back));
  const keys = [...salts.values(), ...derived].map((salt) => dayKey(secret, salt));
  return viewers.flatMap((viewer) =>
    tenants.flatMap((tenant) => keys.map((key) => pseudonymOf(key, tenant, viewer.toWellFormed()))),
  );
}

export interface Matcher {
  /** Whether a parsed value speaks of the subject. */
  inValue(value: unknown): boolean;
  /** Whether text that is no JSON does. */
  inText(text: string): boolean;
  /** False when `inValue` and `inText` cannot be true of this text: the cheap question first. */
  mayHold(text: string): boolean;
}

const normal = (key: string): string => key.replace(/[^a-z\d]/gi, '').toLowerCase();

/** Recognises the subject in data of any shape. */
export function matcherOf({ viewers, sessions, pseudonyms }: Subject): Matcher {
  const viewer = new Set([...viewers, ...pseudonyms]);
  const session = new Set(sessions);
  const telling = [...viewer, ...session].filter((id) => id.length >= TELLING_LENGTH);
  const words = [...viewer, ...session];
  const escaped = words.map((id) => JSON.stringify(id).slice(1, -1));
  const isScalar = (value: unknown): value is string | number => typeof value === 'string' || typeof value === 'number';
  const inValue = (value: unknown, key = ''): boolean => {
    if (isScalar(value)) {
      const text = String(value);
      if (viewer.has(text) && isIdentityKey(key)) return true;
      if (session.has(text) && SESSION_KEYS.has(normal(key))) return true;
      return telling.some((id) => text.includes(id));
    }
    if (Array.isArray(value)) return value.some((item) => inValue(item, key));
    return isRecord(value) && Object.entries(value).some(([name, item]) => inValue(item, name));
  };
  return {
    inValue: (value) => inValue(value),
    inText: (text) => telling.some((id) => text.includes(id)) || words.some((id) => text.includes(`"${id}"`)),
    mayHold: (text) => words.some((id) => text.includes(id)) || escaped.some((id) => text.includes(id)),
  };
}

/** Session ids that a record names, at any depth. */
export function namedSessions(value: unknown, key = ''): string[] {
  if (typeof value === 'string') return value !== '' && SESSION_KEYS.has(normal(key)) ? [value] : [];
  if (Array.isArray(value)) return value.flatMap((item) => namedSessions(item, key));
  return isRecord(value) ? Object.entries(value).flatMap(([name, item]) => namedSessions(item, name)) : [];
}
