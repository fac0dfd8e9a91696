import { createHash, createHmac } from 'node:crypto';
import type { Digests } from '../pipeline/ports.ts';

const DAY_MS = 86_400_000;

/**
 * Digests with a daily salt derived from a secret: HMAC(secret, day) keys the pseudonyms of that day,
 * so the same viewer has unrelated pseudonyms on two days for anyone without the secret.
 */
export function digestsOf(secret: string): Digests {
  let day = -1;
  let salt: Buffer = Buffer.alloc(0);
  const saltOf = (atMs: number): Buffer => {
    const wanted = Math.floor(atMs / DAY_MS);
    if (wanted !== day) {
      salt = createHmac('sha256', secret).update(`framewatch-salt-${wanted}`).digest();
      day = wanted;
    }
    return salt;
  };
  return {
    sha256: (text) => createHash('sha256').update(text).digest('hex'),
    pseudonym: (tenant, viewerId, atMs) =>
      createHmac('sha256', saltOf(atMs)).update(`${tenant}\0${viewerId}`).digest('hex').slice(0, 32),
  };
}
