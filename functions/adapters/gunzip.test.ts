import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { gunzipped, streamed } from './gunzip.ts';

/** Content in pieces. */
async function* cut(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** What comes out, and how it ends. */
async function read(pieces: AsyncIterable<Uint8Array>): Promise<{ content: string; end: unknown }> {
  let content = '';
  try {
    for await (const piece of pieces) content += Buffer.from(piece).toString('latin1');
  } catch (error) {
    return { content, end: (error as { code?: unknown }).code };
  }
  return { content, end: 'done' };
}

const isIn = (whole: string, part: string): boolean => whole.startsWith(part);

it('content comes out as the stream of Node gives it, however it was cut, joined, broken or cut short', async () => {
  const member = fc
    .tuple(fc.string({ maxLength: 60 }), fc.integer({ min: 0, max: 9000 }))
    .map(([text, times]) => Buffer.from(`${text}\n`.repeat(times)));
  const harm = fc.oneof(
    { weight: 3, arbitrary: fc.constant('none' as const) },
    fc.constantFrom('short', 'flipped', 'zeros', 'garbage'),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(member, { minLength: 1, maxLength: 3 }),
      fc.integer({ min: 1, max: 70_000 }),
      harm,
      fc.nat(),
      async (members, size, kind, at) => {
        const whole = Buffer.concat(members.map((content) => gzipSync(content)));
        const place = at % whole.length;
        if (kind === 'flipped') whole[place]! ^= 0x55;
        const tail = { none: '', flipped: '', short: '', zeros: '\0\0\0\0', garbage: 'garbage' }[kind];
        const bytes = Buffer.concat([kind === 'short' ? whole.subarray(0, place) : whole, Buffer.from(tail)]);
        const own = await read(gunzipped(cut(bytes, size)));
        const reference = await read(streamed(cut(bytes, size)));
        expect(own.end).toBe(reference.end);
        // What stood before a fault both give as far as they came.
        if (own.end === 'done') expect(own.content).toBe(reference.content);
        else expect(isIn(own.content, reference.content) || isIn(reference.content, own.content)).toBe(true);
      },
    ),
    { numRuns: 60 },
  );
});

it('a piece stands while the next one is looked at, and no longer takes memory of its own', async () => {
  const text = Array.from({ length: 60_000 }, (_none, n) => `line ${n} of a long file\n`).join('');
  const memories = new Set<ArrayBufferLike>();
  let before: { piece: Uint8Array; copy: Buffer } | undefined;
  let content = '';
  for await (const piece of gunzipped(cut(gzipSync(text), 10_000))) {
    if (before) expect(Buffer.compare(before.piece, before.copy)).toBe(0);
    memories.add(piece.buffer);
    before = { piece, copy: Buffer.from(piece) };
    content += before.copy.toString('latin1');
  }
  expect(content).toBe(text);
  expect(memories.size).toBe(2);
});
