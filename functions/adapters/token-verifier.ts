import type { Tokens } from '../pipeline/ports.ts';

// Tokens are JWTs (RFC 7519) signed with HMAC-SHA-256, so that any library of any language can issue them.
// The library compares signatures in constant time; it is loaded when the first token comes.

/** Longest life of a token; one that is stolen is of no use for longer. */
const LONGEST_SECONDS = 15 * 60;
/** Clocks of those who issue and those who check differ by so much. */
const CLOCK_TOLERANCE_SECONDS = 60;
const LONGEST_TOKEN = 2048;

/** Checks tokens against the live secrets, by key id. Two live at once make a change of secrets without a gap. */
export function tokenVerifier(secrets: Readonly<Record<string, string>>): Tokens {
  const keys = new Map(Object.entries(secrets).map(([kid, secret]) => [kid, new TextEncoder().encode(secret)]));
  return {
    async verify(token, { tenant, origin, nowMs }) {
      if (token.length > LONGEST_TOKEN) return undefined;
      const { jwtVerify } = await import('jose');
      try {
        const { payload } = await jwtVerify(token, ({ kid }) => keyOf(keys, kid), {
          algorithms: ['HS256'],
          requiredClaims: ['exp', 'iat', 'tid'],
          maxTokenAge: LONGEST_SECONDS,
          clockTolerance: CLOCK_TOLERANCE_SECONDS,
          currentDate: new Date(nowMs),
          ...(origin !== undefined && { audience: origin }),
        });
        const { exp = Infinity, iat = 0, tid, sid } = payload;
        if (tid !== tenant || exp - iat > LONGEST_SECONDS) return undefined;
        if (sid === undefined) return {};
        return typeof sid === 'string' ? { sessionId: sid } : undefined;
      } catch {
        return undefined;
      }
    },
  };
}

function keyOf(keys: ReadonlyMap<string, Uint8Array>, kid: string | undefined): Uint8Array {
  const key = keys.get(kid ?? '');
  if (!key) throw new Error('no such key id');
  return key;
}
