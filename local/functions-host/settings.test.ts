import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { hostLog } from './log.ts';
import { parseJsonc } from './settings.ts';

// Many cases on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });

describe('parseJsonc', () => {
  it('drops comments and trailing commas, and nothing inside strings', () => {
    const text = '{ // line\n "a": "http://x/*no*/,}", /* block\n */ "b": [1, 2,], "c": "\\"//",\n}';
    expect(parseJsonc(text)).toEqual({ a: 'http://x/*no*/,}', b: [1, 2], c: '"//' });
  });

  it('reads all plain JSON as it is', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.stringify(parseJsonc(JSON.stringify(value, null, 2)))).toBe(JSON.stringify(value));
      }),
    );
  });
});

describe('hostLog', () => {
  it('shows what the longest matching category allows, and no control characters', () => {
    const lines: string[] = [];
    const log = hostLog({ default: 'Warning', Function: 'Information', 'Function.quiet': 'Error' }, (line) =>
      lines.push(line.slice(line.indexOf(']') + 2)),
    );
    log.write('information', 'Function.loud', 'one');
    log.write('warning', 'Function.quiet', 'two');
    log.write('error', 'Function.quiet.User', 'three\u001b[31m\rfour\nfive');
    log.write('information', 'Functionary', 'six');
    log.write('warning', 'Host', 'seven');
    expect(lines).toEqual(['one', 'three·[31m·four\nfive', 'seven']);
  });
});
