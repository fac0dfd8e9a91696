import { freeText, isIdentityKey, versionText } from './identity.ts';

// Values of unknown shape on their way into a `dynamic` column or a string column.

export interface CleanFault {
  readonly field: string;
  readonly detail: string;
}

/** Well-formed text: a lone surrogate would poison the whole file it is written to. Free when the text is well formed. */
export const cleanText = (text: string): string => (text.isWellFormed() ? text : text.toWellFormed());

/** Names of values that are versions. */
const VERSION = /ver(?:sion)?$/i;

/** Keys by which code that merges objects reaches what all objects share. */
const PROTOTYPE_KEYS = new Set(['__proto__', 'constructor', 'prototype']);

/** Cuts free text to `max` UTF-16 units without splitting a pair. */
export const cutText = (text: string, max: number): string =>
  text.length <= max ? text : text.slice(0, max).toWellFormed();

/**
 * Copies a JSON value for a `dynamic` column: text made well formed, URLs cut to their host, addresses and secrets out, identity removed by key.
 * Numbers past the range of a double and keys of prototypes are faults, because JSON cannot carry the first and
 * merging code downstream may run on the second.
 */
export class DynamicCleaner {
  /** The first fault met, if any. */
  fault: CleanFault | undefined;
  /** Keys left out because they name a person. */
  readonly redacted: string[] = [];

  clean(value: unknown, path: string): unknown {
    if (typeof value === 'string')
      return VERSION.test(path) ? versionText(cleanText(value)) : freeText(cleanText(value));
    if (typeof value === 'number' && !Number.isFinite(value)) {
      this.fault ??= { field: path, detail: 'number beyond the range of a double' };
      return undefined;
    }
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map((item, index) => this.clean(item, `${path}[${index}]`));
    const copy: Record<string, unknown> = {};
    for (const [key, item] of Object.entries(value)) this.put(copy, key, item, path);
    return copy;
  }

  /** Puts what has no column under `props`, with the names of what was left out; nothing when there is neither. */
  keep(fields: Record<string, unknown>, props: Record<string, unknown>): void {
    if (this.redacted.length > 0) props['redacted'] = this.redacted;
    if (Object.keys(props).length > 0) fields['props'] = props;
  }

  /** Cleans `value` into `target[key]`. */
  put(target: Record<string, unknown>, key: string, value: unknown, path = ''): void {
    const name = path === '' ? key : `${path}.${key}`;
    if (PROTOTYPE_KEYS.has(key)) this.fault ??= { field: name.slice(0, 128), detail: 'forbidden key' };
    else if (isIdentityKey(key)) this.redacted.push(cleanText(key.slice(0, 64)));
    else target[cleanText(key)] = this.clean(value, name);
  }
}
