import type { WriteKey } from '../config.ts';

// Who may send and from where. A browser's key is public: it names a tenant with a quota, it is not a secret.

export type Admission = { ok: true; key: WriteKey } | { ok: false; status: 401 | 403; code: string; message: string };

export interface KeyRing {
  admit(key: string | null, origin: string | null): Admission;
  /** Whether any key allows this origin: all that can be known at a preflight, which carries no key. */
  allowsOrigin(origin: string): boolean;
}

export function keyRing(keys: readonly WriteKey[]): KeyRing {
  const byKey = new Map(keys.map((key) => [key.key, key]));
  const origins = new Set(keys.flatMap((key) => key.origins));
  return {
    admit(text, origin) {
      if (text === null || text === '')
        return {
          ok: false,
          status: 401,
          code: 'no-key',
          message: 'A write key is required: header x-framewatch-key, or ?k=.',
        };
      const key = byKey.get(text);
      if (!key) return { ok: false, status: 403, code: 'unknown-key', message: 'This write key is not known.' };
      const isAllowed = key.isTrusted
        ? origin === null || key.origins.includes(origin)
        : origin !== null && key.origins.includes(origin);
      if (!isAllowed)
        return {
          ok: false,
          status: 403,
          code: 'origin-not-allowed',
          message: 'This write key may not be used from this origin.',
        };
      return { ok: true, key };
    },
    allowsOrigin: (origin) => origins.has(origin),
  };
}
