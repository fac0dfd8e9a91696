// What an operator mistypes is told with what stands there, what is expected, and the option's name.
import { expect, it, vi } from 'vitest';
import { runCommand } from '../command-line.ts';
import { openPlaces, type PlaceValues } from './places.ts';

const values: PlaceValues = {
  cluster: 'http://127.0.0.1:8080',
  database: 'framewatch',
  storage: 'http://127.0.0.1:10000/account',
  drops: 'telemetry=default',
  data: '/nowhere',
};

it.each([
  [{ cluster: 'nonsense' }, /^--cluster: expected .*, got 'nonsense'$/],
  [{ cluster: 'ftp://cluster' }, /^--cluster: /],
  [{ storage: 'bogus' }, /^--storage: expected .*, got 'bogus'$/],
  [{ drops: 'telemetry' }, /^--drops: expected pairs container=tenant, got 'telemetry'$/],
])('%o is refused by name', (wrong, message) => {
  expect(() => openPlaces({ ...values, ...wrong })).toThrow(message);
});

it('an address where nothing answers is told with what to do, and ends with code 1', async () => {
  const said = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  const before = process.exitCode;
  await runCommand(() => Promise.reject(new Error('connect ECONNREFUSED 127.0.0.1:8080')));
  expect(process.exitCode).toBe(1);
  process.exitCode = before;
  expect(said.mock.calls.join()).toMatch(/127\.0\.0\.1:8080\nNothing answers there.*npm start.*--help/);
  said.mockRestore();
});
