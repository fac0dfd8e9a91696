import { expect, test } from 'vitest';
import { timeOf, withMarkers } from './analysis-cache.ts';

test('datetime literals become markers and come back by number', () => {
  const marked = withMarkers('T | where Ts between (datetime(2024-01-01) .. datetime(2024-01-02T03:04:05.6789Z))');
  expect(marked.times).toEqual(['2024-01-01', '2024-01-02T03:04:05.6789Z']);
  const inner = [...marked.text.matchAll(/datetime\(([^)]*)\)/g)].map((match) => match[1] as string);
  expect(inner.map((text) => timeOf(text, marked.times))).toEqual(marked.times);
});

test.each([
  'print "datetime(2024-01-01)"',
  "print 'it\\'s datetime(2024-01-01)'",
  'T // datetime(2024-01-01)\n| take 1',
  'print @"\\" , datetime(2024-01-01)',
  'print datetime(null), datetime(nonsense), todatetime("2024-01-01")',
])('%j is left alone', (text) => {
  expect(withMarkers(text)).toEqual({ text, times: [] });
});
