import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { causeOf, safeLine } from './log-safety.ts';

const unit = fc.constantFrom(
  'a',
  '=',
  ' ',
  '"',
  'key',
  'sig=',
  'Bearer ',
  '\n',
  '\r',
  '\u001b',
  '\u2028',
  '\u202e',
  '\ud800',
  '😀',
  '…',
);

describe('a line of the log', () => {
  it.each([
    ['forged line', 'ok\r\n[2026-06-01T00:00:00.000Z] forged'],
    ['terminal escape', '\u001b[2J\u001b]0;owned\u0007'],
    ['C1 control', 'a\u009b31mred'],
    ['separators of Unicode', 'a\u2028b\u2029c\u0085d'],
    ['turned direction', '\u202egnp.exe'],
    ['NUL', 'a\u0000b'],
    ['lone surrogate', 'a\ud800b'],
  ])('holds no %s', (_name, text) => {
    const line = safeLine(text);
    expect(line).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e]/u);
    expect(line.isWellFormed()).toBe(true);
  });

  it.each([
    ['a SAS signature', 'https://a.blob.core.windows.net/c/b?sv=2024&sig=CANARY%2Fx%3D&se=2026'],
    ['an account key', 'AccountName=a;AccountKey=CANARYxx==;EndpointSuffix=core.windows.net'],
    ['a shared access key', 'Endpoint=sb://x/;SharedAccessKeyName=n;SharedAccessKey=CANARY='],
    ['a bearer token', 'Authorization: Bearer CANARY.abc'],
    ['a function key', 'POST /runtime/webhooks/eventgrid?functionName=f&code=CANARY=='],
    ['a JSON web token', 'token eyJhbGciOiJIUzI1NiJ9.CANARY.CANARY'],
    ['a client secret', '{"client_secret":"CANARY"}'],
    ['a key in JSON', '{"accountKey": "CANARY"}'],
    ['a write key', '/api/v1/events?k=CANARY'],
  ])('holds not %s', (_name, text) => expect(safeLine(text)).not.toContain('CANARY'));

  it('is bounded, whatever comes, and safe to be made safe twice', () => {
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 50 }), fc.integer({ min: 1, max: 500 }), (text, times) => {
        const line = safeLine(text.repeat(times));
        expect(line.length).toBeLessThanOrEqual(4000);
        expect(line).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
        // At the very end a word may have lost what told it apart.
        if (line.length < 3900) expect(safeLine(line)).toBe(line);
      }),
      { numRuns: 300 },
    );
  });
});

describe('the cause of a failure', () => {
  it('names the error without what it stumbled over', () => {
    const text = causeOf(
      new SyntaxError('Unexpected token in {"vid":"CANARY","ip":"203.0.113.77"} of alice@example.com'),
    );
    expect(text).toMatch(/^SyntaxError: Unexpected token/);
    expect(text).not.toMatch(/CANARY|203\.0\.113|alice/);
  });

  it.each([[undefined], [null], [{ toString: (): string => 'CANARY' }], ['x'.repeat(9999)]])(
    'is short for %j',
    (value) => {
      const text = causeOf(value);
      expect(text.length).toBeLessThanOrEqual(400);
      expect(text).not.toContain('CANARY');
    },
  );
});
