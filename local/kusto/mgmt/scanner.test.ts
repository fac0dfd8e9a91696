import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Scanner } from './scanner.ts';
import { splitScript } from './script.ts';
import { parseKqlTimespan } from './timespan.ts';

describe('reading commands', () => {
  it('takes names and strings in every spelling', () => {
    const scanner = new Scanner(
      `Plain ['odd name'] ["x y"] 'single' "a\\tb\\u00e4" @'c:\\d''e' h'secret' \`\`\`raw "'\`\`\` 'a' 'b'`,
    );
    expect([scanner.name(), scanner.name(), scanner.name(), scanner.name()]).toEqual([
      'Plain',
      'odd name',
      'x y',
      'single',
    ]);
    expect(scanner.string()).toBe(`a\tbäc:\\d'esecretraw "'ab`);
    expect(scanner.isDone).toBe(true);
  });

  it('reads properties, columns and bodies with brackets inside strings and comments', () => {
    const scanner = new Scanner(
      `with (folder='f)', x = dynamic({"a":1}), y=true) (A:string, ['B c']:long) { // }\n "}" }`,
    );
    expect([...scanner.properties()]).toEqual([
      ['folder', 'f)'],
      ['x', '{"a":1}'],
      ['y', 'true'],
    ]);
    expect(scanner.columns()).toEqual([
      { name: 'A', type: 'string' },
      { name: 'B c', type: 'long' },
    ]);
    expect(scanner.balanced('{')).toBe('{ // }\n "}" }');
  });

  it('says line and column of what it does not understand', () => {
    const scanner = new Scanner('\n  (A string)');
    expect(() => scanner.columns()).toThrow(expect.objectContaining({ code: 'SYN', line: 2, column: 6 }) as Error);
  });

  it('never hangs and never fails with anything but a refusal', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...Array.from(`(){}[]'"\`~@h,:=.|/ \nab1`)) }), (text) => {
        for (const read of [
          (s: Scanner) => s.columns(),
          (s: Scanner) => s.properties(),
          (s: Scanner) => s.name(),
          (s: Scanner) => s.string(),
        ]) {
          try {
            read(new Scanner(text));
          } catch (error) {
            expect(error).toMatchObject({ name: 'KustoError' });
          }
        }
        splitScript(text);
      }),
    );
  });

  it('cuts a script at dots that begin a line, not at those in bodies, strings and comments', () => {
    expect(splitScript(`// .not one\n.a b\n\n.c {\n  .d\n}\n.e '\n.f'\n  .g`)).toEqual([
      '.a b',
      '.c {\n  .d\n}',
      ".e '\n.f'",
      '.g',
    ]);
  });

  it('reads timespans as policies write them', () => {
    expect(parseKqlTimespan('7d')).toBe(7n * 864_000_000_000n);
    expect(parseKqlTimespan('time(1.02:03:04)')).toBe(937_840_000_000n);
    expect(parseKqlTimespan('1.5h')).toBe(54_000_000_000n);
    expect(parseKqlTimespan('soon')).toBeNull();
  });
});
