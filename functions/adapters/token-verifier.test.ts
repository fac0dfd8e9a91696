import { createHmac, generateKeyPairSync } from 'node:crypto';
import { SignJWT, UnsecuredJWT, type JWTPayload } from 'jose';
import { describe, expect, it } from 'vitest';
import { tokenVerifier } from './token-verifier.ts';

const NOW = Date.UTC(2026, 5, 1, 12);
const SECONDS = NOW / 1000;
const SECRETS = { old: 'the secret that goes, of enough length', new: 'the secret that comes, of enough length' };
const verifier = tokenVerifier(SECRETS);
const ORIGIN = 'https://www.example.com';
const expected = { tenant: 't1', origin: ORIGIN, nowMs: NOW };
const good = { tid: 't1', aud: ORIGIN, iat: SECONDS - 60, exp: SECONDS + 600 };

const sign = (claims: JWTPayload, header: object = {}, secret: string = SECRETS.new): Promise<string> =>
  new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256', kid: 'new', ...header })
    .sign(new TextEncoder().encode(secret));
const isValid = async (token: string, change: Partial<typeof expected> = {}): Promise<boolean> =>
  (await verifier.verify(token, { ...expected, ...change })) !== undefined;

describe('a token', () => {
  it('is valid under either live secret, and says which session it is for', async () => {
    expect(await verifier.verify(await sign(good), expected)).toEqual({});
    expect(await isValid(await sign(good, { kid: 'old' }, SECRETS.old))).toBe(true);
    expect(await verifier.verify(await sign({ ...good, sid: 's1' }), expected)).toEqual({ sessionId: 's1' });
  });

  it.each<[string, JWTPayload]>([
    ['expired', { ...good, iat: SECONDS - 900, exp: SECONDS - 120 }],
    ['of another origin', { ...good, aud: 'https://www.example.com.evil.example' }],
    ['of no origin', { tid: 't1', iat: good.iat, exp: good.exp }],
    ['of another tenant', { ...good, tid: 't2' }],
    ['of no tenant', { aud: ORIGIN, iat: good.iat, exp: good.exp }],
    ['that never ends', { tid: 't1', aud: ORIGIN, iat: good.iat }],
    ['that lives too long', { ...good, exp: good.iat + 901 }],
    ['without the time of its issue', { tid: 't1', aud: ORIGIN, exp: good.exp }],
    ['of the future', { ...good, iat: SECONDS + 600, exp: SECONDS + 1200 }],
    ['not yet valid', { ...good, nbf: SECONDS + 600 }],
    ['with a session that is no text', { ...good, sid: { $ne: 1 } }],
  ])('%s is refused', async (_name, claims) => expect(await isValid(await sign(claims))).toBe(false));

  it.each([
    ['a foreign secret', { kid: 'new' }, 'some other secret of the same length'],
    ['the other secret', { kid: 'old' }, SECRETS.new],
    ['an unknown key id', { kid: 'x' }, SECRETS.new],
    ['a key id of the prototype', { kid: 'constructor' }, SECRETS.new],
    ['HS512 in place of HS256', { alg: 'HS512' }, SECRETS.new.repeat(2)],
    ['a critical extension', { crit: ['x'], x: 1 }, SECRETS.new],
  ])('signed with %s is refused', async (_name, header, secret) => {
    const parts = { alg: 'HS256', kid: 'new', ...header };
    const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const body = `${encode(parts)}.${encode(good)}`;
    const digest = parts.alg === 'HS512' ? 'sha512' : 'sha256';
    const token = `${body}.${createHmac(digest, secret).update(body).digest('base64url')}`;
    expect(await isValid(token)).toBe(false);
  });

  it('without a signature, or under a public key, is refused', async () => {
    const unsigned = new UnsecuredJWT(good).encode();
    expect(await isValid(unsigned)).toBe(false);
    expect(await isValid(unsigned.replace(/\.$/, ''))).toBe(false);
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    expect(
      await isValid(await new SignJWT(good).setProtectedHeader({ alg: 'ES256', kid: 'new' }).sign(privateKey)),
    ).toBe(false);
  });

  it('cut short at any place, or with any character changed, is refused', async () => {
    const token = await sign(good);
    for (let at = 0; at < token.length; at += 3) expect(await isValid(token.slice(0, at))).toBe(false);
    for (let at = 0; at < token.length - 1; at += 5) {
      const other = token[at] === 'A' ? 'B' : 'A';
      expect(await isValid(token.slice(0, at) + other + token.slice(at + 1))).toBe(false);
    }
  });

  it('of any size is refused without work', async () => expect(await isValid('x'.repeat(1_000_000))).toBe(false));

  it('holds the sender to its origin only when there is one', async () => {
    expect(await isValid(await sign({ tid: 't1', iat: good.iat, exp: good.exp }), { origin: undefined } as never)).toBe(
      true,
    );
  });
});
