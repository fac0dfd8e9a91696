import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { Line, LineSplitter, MAX_LINE_BYTES, WINDOW_BYTES } from './line-splitter.ts';

// Many cases on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Their memory is used again. */
const kept = (lines: readonly Line[]): Line[] =>
  lines.map(({ number, bytes }) => new Line(number, bytes && Uint8Array.from(bytes)));

function split(bytes: Uint8Array, cuts: readonly number[]): Line[] {
  const splitter = new LineSplitter();
  const lines: Line[] = [];
  let from = 0;
  for (const cut of [...cuts, bytes.length]) {
    const to = Math.max(from, Math.min(cut, bytes.length));
    lines.push(...kept(splitter.push(bytes.slice(from, to))));
    from = to;
  }
  return [...lines, ...splitter.end()];
}

const shown = (lines: readonly Line[]): string[] =>
  lines.map(({ number, bytes }) => `${number}:${bytes === undefined ? 'too long' : new TextDecoder().decode(bytes)}`);

describe('LineSplitter', () => {
  it('gives the lines of the text, wherever the stream was cut', () => {
    const line = fc.string({ unit: fc.constantFrom('a', '{', '}', '"', '\r', 'é', ' '), maxLength: 40 });
    fc.assert(
      fc.property(
        fc.array(line, { maxLength: 20 }),
        fc.array(fc.nat(300), { maxLength: 6 }),
        fc.boolean(),
        (texts, cuts, isTerminated) => {
          const text = texts.join('\n') + (isTerminated && texts.length > 0 ? '\n' : '');
          const expected = text === '' ? [] : text.replace(/\n$/, '').split('\n');
          expect(
            shown(
              split(
                bytesOf(text),
                cuts.sort((a, b) => a - b),
              ),
            ),
          ).toEqual(
            // A text that ends with a newline has no line after it; one that is a lone newline has one empty line.
            expected.map((item, index) => `${index}:${item}`),
          );
        },
      ),
    );
  });

  it('cuts a file without newlines between objects, at the same places for every cut of the stream', () => {
    const objects = Array.from(
      { length: 4000 },
      (_none, index) => `{"n":${index},"text":"${'x'.repeat(index % 90)}}{"}`,
    );
    const bytes = bytesOf(objects.join(''));
    const whole = split(bytes, []);
    expect(whole.map((line) => new TextDecoder().decode(line.bytes)).join('')).toBe(objects.join(''));
    expect(Math.max(...whole.map((line) => line.bytes?.length ?? 0))).toBeLessThanOrEqual(WINDOW_BYTES);
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length), { maxLength: 12 }), (cuts) => {
        expect(
          shown(
            split(
              bytes,
              cuts.sort((a, b) => a - b),
            ),
          ),
        ).toEqual(shown(whole));
      }),
      { numRuns: 20 },
    );
  });

  it('gives up a line without end and finds the next one', () => {
    const bytes = bytesOf(`{"a":1}\n${'x'.repeat(3 * MAX_LINE_BYTES)}\n{"a":2}\n`);
    const cuts = Array.from({ length: 200 }, (_none, index) => index * 20_000);
    for (const where of [[], cuts])
      expect(shown(split(bytes, where))).toEqual(['0:{"a":1}', '1:too long', '2:{"a":2}']);
  });

  it('keeps a line longer than the window when it is one object', () => {
    const long = `{"a":"${'x'.repeat(WINDOW_BYTES * 2)}"}`;
    expect(shown(split(bytesOf(`${long}\n1\n`), [WINDOW_BYTES + 5]))).toEqual([`0:${long}`, '1:1']);
  });
});
