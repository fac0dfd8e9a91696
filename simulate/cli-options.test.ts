import { expect, test } from 'vitest';
import { type Command, readCommand, UsageError } from './cli-options.ts';

const NOW = Date.parse('2026-11-22T12:00:00Z');
const MINUTE = 60_000;
const DAY = 1440 * MINUTE;
const options = (line: string) => (readCommand(line.split(' ').filter(Boolean), 'local', NOW) as Command).options;

test('an outage without times began 25 minutes ago, goes on for 20 more, and is laid over what is running', () => {
  expect(options('--scenario cdn-outage')).toMatchObject({
    incident: { start: NOW - 25 * MINUTE, minutes: 45 },
    live: true,
    until: NOW + 20 * MINUTE,
    onlyTouched: true,
    concurrent: 104,
    blob: 'local',
    key: 'simulator',
  });
});

test('a backfill ends now or at --until, and goes live only when asked', () => {
  expect(options('--backfill 14d')).toMatchObject({ from: NOW - 14 * DAY, to: NOW, live: false });
  expect(options('--backfill 36h --until 2026-11-20T00:00:00Z')).toMatchObject({
    from: Date.parse('2026-11-18T12:00:00Z'),
    to: Date.parse('2026-11-20T00:00:00Z'),
  });
  expect(options('--backfill 1d --live')).toMatchObject({ to: NOW, live: true });
  expect(options('--backfill 2h --speed 60')).toMatchObject({ speed: 60 });
  expect(options('--scenario cdn-outage --backfill 1d').onlyTouched).toBeUndefined();
  expect(options('')).toMatchObject({ scenario: 'steady', live: true });
});

test('incidents can be moved, sized and timed', () => {
  const line =
    '--scenario cdn-outage --cdn edge-a --country FR --magnitude 0.3 --incident-start 2h --incident-minutes 30 --blob none';
  expect(options(line)).toMatchObject({
    incident: { scope: { cdn: 'edge-a', country: 'FR' }, magnitude: 0.3, start: NOW - 120 * MINUTE, minutes: 30 },
    blob: undefined,
  });
});

test.each([
  ['--scenario nonsense', /no scenario is called nonsense; there are steady, cdn-outage/],
  ['--backfill two-weeks', /--backfill two-weeks: expected a length of time/],
  ['--until tomorrow', /--until tomorrow: expected a time/],
  ['--magnitude 7', /--magnitude 7: expected a number from 0 to 1/],
  ['--cdn edge-z', /--cdn edge-z: there are edge-a, edge-b, edge-c/],
  ['--country XX', /--country XX: there are DE/],
  ['--speed 10', /--backfill/],
  ['--sessions 5 --concurrent 5', /give one/],
  ['--sesions 5', /sesions/],
  ['--endpoint nowhere', /expected a URL/],
])('%s is refused by name', (line, message) => {
  expect(() => options(line)).toThrow(UsageError);
  expect(() => options(line)).toThrow(message);
});

test('help and the list are asked for by name', () => {
  expect(readCommand(['--help'], 'local')).toBe('help');
  expect(readCommand(['--list'], 'local')).toBe('list');
});
