import { describe, expect, it } from 'vitest';
import { projectCatalog } from '../conformance/kql-files.ts';
import { analyze } from '../parser/analyze.ts';
import { exampleCall } from './preparation.ts';

const call = (parameters: string): string | null => exampleCall({ name: 'F', parameters, body: '{ 1 }' });

describe('calls that bind stored functions ahead of their use', () => {
  it('give what has no default, and leave functions of any table alone', () => {
    expect(call('()')).toBe("['F']()");
    expect(call('(a:long, b:string="x,y", c:real=1.0)')).toBe("['F'](1)");
    expect(call('(T:(x:long, y:string), at:datetime)')).toBe(
      "['F']((datatable(x:long, y:string)[]), datetime(2026-01-01))",
    );
    expect(call('(T:(*))')).toBeNull();
  });

  it('are understood for every function of this project', { timeout: 60_000 }, () => {
    const { catalog } = projectCatalog(new URL('../../../kql', import.meta.url).pathname);
    const calls = catalog.functions.map(exampleCall);
    expect(calls).not.toContain(null);
    // Binding all of them takes many seconds; the default run takes a share.
    const step = process.env['FRAMEWATCH_HEAVY'] === '1' ? 1 : 8;
    for (const text of calls.filter((_call, i) => i % step === 0))
      expect(() => analyze(text ?? '', catalog), text ?? '').not.toThrow();
  });
});
