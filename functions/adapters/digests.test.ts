import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { dayKey, pseudonymOf } from './digests.ts';

it('a pseudonym is the HMAC of tenant and viewer under the key of the day, whatever they are', () => {
  const text = fc.oneof(fc.string(), fc.string({ unit: 'binary', maxLength: 300 }), fc.constant('\ud800'.repeat(600)));
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.string(), fc.uint8Array({ maxLength: 40 }), text, text)), (all) => {
      for (const [secret, salt, tenant, viewer] of all) {
        const key = createHmac('sha256', secret).update(salt).digest();
        const expected = createHmac('sha256', key).update(`${tenant}\0${viewer}`).digest('hex').slice(0, 32);
        const own = dayKey(secret, Buffer.from(salt));
        expect(pseudonymOf(own, tenant, viewer)).toBe(expected);
        expect(pseudonymOf(own, tenant, viewer), 'and again').toBe(expected);
      }
    }),
  );
});
