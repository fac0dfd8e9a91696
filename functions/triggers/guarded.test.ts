import { InvocationContext } from '@azure/functions';
import { expect, it } from 'vitest';
import { guarded } from './guarded.ts';

function contextWith(lines: string[]): InvocationContext {
  return new InvocationContext({
    functionName: 'blobCreated',
    logHandler: (_level, ...args: unknown[]) => lines.push(args.map(String).join(' ')),
  });
}

it('what a function throws leaves without its text; the log says it in one line, without identity and secrets', async () => {
  const lines: string[] = [];
  const thrown = await guarded(() => {
    throw new TypeError('no blob ?sig=CANARY of alice@example.com\nforged: line');
  })(undefined, contextWith(lines)).then(
    () => undefined,
    (error: unknown) => error as Error,
  );
  expect(`${thrown?.message}${thrown?.stack}${String(thrown?.cause)}`).not.toMatch(/CANARY|alice|forged/);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/^blobCreated: failed: TypeError: no blob \?sig=… .* at /);
  expect(lines[0]).not.toMatch(/CANARY|alice|\n/);
});

it('what a function returns leaves as it is, at once or later', async () => {
  const context = contextWith([]);
  expect(await guarded((input) => ({ got: input as unknown }))(1, context)).toEqual({ got: 1 });
  expect(await guarded(() => Promise.resolve(2))(1, context)).toBe(2);
});
