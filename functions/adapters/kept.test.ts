import { expect, it } from 'vitest';
import { kept } from './kept.ts';

it('is made once for all who ask, again after a failure, and never for its end', async () => {
  let tries = 0;
  const thing = kept(() => {
    tries++;
    return tries === 1 ? Promise.reject(new Error('away')) : Promise.resolve(`made at try ${tries}`);
  });
  const ended: string[] = [];
  thing.close((made) => ended.push(made));
  expect(tries).toBe(0);
  expect(await Promise.allSettled([thing.get(), thing.get()])).toMatchObject([
    { status: 'rejected' },
    { status: 'rejected' },
  ]);
  expect(tries).toBe(1);
  expect(await Promise.all([thing.get(), thing.get()])).toEqual(['made at try 2', 'made at try 2']);
  thing.close((made) => ended.push(made));
  await thing.get();
  expect([tries, ended]).toEqual([2, ['made at try 2']]);
});
