import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expandFrontendMacros } from './frontend-macros.ts';
import { chooseInterval, formatInterval, parseDurationMs, roundInterval } from './interval.ts';
import { expandBackendMacros, rfc3339 } from './macros.ts';
import { finalQuery } from './target-query.ts';
import { parseTime, parseTimeRange } from './time-range.ts';
import type { VariableState } from './variables.ts';
import { interpolate, kustoFormat } from './variables.ts';

const FROM = Date.parse('2018-06-05T18:09:58.907Z');
const TO = Date.parse('2018-06-05T20:09:58.907Z');
const context = { fromMs: FROM, toMs: TO, intervalMs: 60_000 };
const variable = (given: Partial<VariableState> & Pick<VariableState, 'name' | 'value'>): VariableState => ({
  isMulti: true,
  includeAll: false,
  options: [],
  ...given,
});

describe('backend macros', () => {
  test.each([
    [
      '$__timeFilter(EventTime)',
      'EventTime >= datetime(2018-06-05T18:09:58.907Z) and EventTime <= datetime(2018-06-05T20:09:58.907Z)',
    ],
    [
      '$__timeFilter()',
      'TimeGenerated >= datetime(2018-06-05T18:09:58.907Z) and TimeGenerated <= datetime(2018-06-05T20:09:58.907Z)',
    ],
    [
      '$__timeFilter',
      'TimeGenerated >= datetime(2018-06-05T18:09:58.907Z) and TimeGenerated <= datetime(2018-06-05T20:09:58.907Z)',
    ],
    [
      '$__timeFilter(event time)',
      "['event time'] >= datetime(2018-06-05T18:09:58.907Z) and ['event time'] <= datetime(2018-06-05T20:09:58.907Z)",
    ],
    ['$__timeFrom', 'datetime(2018-06-05T18:09:58.907Z)'],
    [
      'F($__timeFrom, $__timeTo(), $__timeInterval)',
      'F(datetime(2018-06-05T18:09:58.907Z), datetime(2018-06-05T20:09:58.907Z), 60000ms)',
    ],
    ['$__nothing($__from)', '$__nothing($__from)'],
  ])('%s', (query, expected) => {
    expect(expandBackendMacros(query, context)).toBe(expected);
  });
  test('an unknown interval is one second, as in the plugin', () => {
    expect(expandBackendMacros('$__timeInterval', { ...context, intervalMs: 0 })).toBe('1000ms');
  });
  test('times lose trailing zeros but never digits that count', () => {
    expect([rfc3339(0), rfc3339(100), rfc3339(120), rfc3339(123)]).toEqual([
      '1970-01-01T00:00:00Z',
      '1970-01-01T00:00:00.1Z',
      '1970-01-01T00:00:00.12Z',
      '1970-01-01T00:00:00.123Z',
    ]);
    fc.assert(fc.property(fc.integer({ min: 0, max: 4e12 }), (ms) => Date.parse(rfc3339(ms)) === ms));
  });
});

describe('browser macros', () => {
  const withVariables =
    (...variables: VariableState[]) =>
    (text: string): string =>
      interpolate(text, { variables, builtIns: {} }, kustoFormat);
  test.each([
    [['val1'], "col in ('val1')"],
    [['val1', 'val2'], "col in ('val1','val2')"],
    [["'val1'"], String.raw`col in ('\'val1\'')`],
    [['test (with parentheses)', 'test without'], "col in ('test (with parentheses)','test without')"],
    [['closes ) early', 'it'], "col in ('closes ) early','it')"],
  ])('$__contains with %j', (value, expected) => {
    expect(
      expandFrontendMacros('T | where $__contains(col, $v) | take 1', withVariables(variable({ name: 'v', value }))),
    ).toBe(`T | where ${expected} | take 1`);
  });
  test('$__contains becomes a tautology for the custom All value', () => {
    const all = variable({ name: 'v', value: '$__all', includeAll: true, allValue: 'all' });
    expect(expandFrontendMacros('$__contains(col, $v)', withVariables(all))).toBe('1 == 1');
  });
  test('two $__contains do not swallow each other', () => {
    const expand = withVariables(variable({ name: 'a', value: ['x (1)'] }), variable({ name: 'b', value: ['y'] }));
    expect(expandFrontendMacros('$__contains(c1, $a) and $__contains(c2, $b)', expand)).toBe(
      "c1 in ('x (1)') and c2 in ('y')",
    );
  });
  test('$__escapeMulti writes verbatim strings', () => {
    const expand = withVariables(
      variable({ name: 'v', value: [String.raw`\\grafana-vm\Network(eth0)\Total`, String.raw`\\hello!`] }),
    );
    expect(expandFrontendMacros('P in ($__escapeMulti($v))', expand)).toBe(
      String.raw`P in (@'\\grafana-vm\Network(eth0)\Total', @'\\hello!')`,
    );
  });
});

describe('variables', () => {
  const multi = variable({ name: 'cdn', value: ['a', "b'c", ''] });
  const single = variable({ name: 'one', value: "x'y", isMulti: false });
  const all = variable({
    name: 'all',
    value: ['$__all'],
    includeAll: true,
    options: [
      { text: 'A', value: 'a' },
      { text: 'B', value: 'b' },
    ],
  });
  test.each([
    ['$cdn', String.raw`'a','b\'c'`],
    ['${cdn}', String.raw`'a','b\'c'`],
    ['[[cdn]]', String.raw`'a','b\'c'`],
    ['$one', "x'y"],
    ['$all', "'a','b'"],
    ['${all:csv}', 'a,b'],
    ['${all:pipe}', 'a|b'],
    ['${all:regex}', '(a|b)'],
    ['${all:json}', '["a","b"]'],
    ['${all:doublequote}', '"a","b"'],
    ['${all:text}', 'All'],
    ['${one:sqlstring}', "'x''y'"],
    ['${one:regex}', "x'y"],
    ['$unknown and $__timeFilter(T)', '$unknown and $__timeFilter(T)'],
  ])('%s', (text, expected) => {
    expect(interpolate(text, { variables: [multi, single, all], builtIns: {} }, kustoFormat)).toBe(expected);
  });
  test('an unknown format fails instead of guessing', () => {
    expect(() => interpolate('${one:frob}', { variables: [single], builtIns: {} })).toThrow("'frob'");
  });
  test('a quote in a value can never end its string', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.string({ minLength: 1 }).filter((text) => !text.includes('\\')),
          { minLength: 1 },
        ),
        (values) => {
          const text = kustoFormat(values, variable({ name: 'v', value: values }));
          return text.replace(/'(?:[^'\\]|\\.)*'/gs, 'S') === values.map(() => 'S').join(',');
        },
      ),
    );
  });
  test('a panel query gets browser macros, variables, then backend macros', () => {
    const query =
      'T | where $__timeFilter(At) and $__contains(Cdn, $all) | summarize count() by bin(At, $__interval), X = "${__from:date:iso}"';
    expect(finalQuery(query, [all], context)).toBe(
      `T | where At >= datetime(2018-06-05T18:09:58.907Z) and At <= datetime(2018-06-05T20:09:58.907Z) and Cdn in ('a','b') | summarize count() by bin(At, 1m), X = "2018-06-05T18:09:58.907Z"`,
    );
  });
});

describe('intervals and times', () => {
  test.each([
    ['90s', 90_000],
    ['1m30s', 90_000],
    ['0s', 0],
    ['7d', 604_800_000],
    ['60', 60_000],
    ['5 m', undefined],
    ['x', undefined],
  ])('duration %s', (text, ms) => expect(parseDurationMs(text)).toBe(ms));
  test('the step follows Grafana: 6 h over 800 px is 30 s, never below the minimum', () => {
    expect(chooseInterval(6 * 3_600_000, 800)).toBe(30_000);
    expect(chooseInterval(6 * 3_600_000, 800, '>5m')).toBe(300_000);
    expect(formatInterval(chooseInterval(14 * 86_400_000, 1000))).toBe('20m');
  });
  test('rounding is monotone', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1e11 }),
        fc.integer({ min: 0, max: 1e9 }),
        (a, b) => roundInterval(a) <= roundInterval(a + b),
      ),
    );
  });
  test.each([
    ['now', '2026-03-04T05:06:07.000Z'],
    ['now-6h', '2026-03-03T23:06:07.000Z'],
    ['now/d', '2026-03-04T00:00:00.000Z'],
    ['now-1d/d', '2026-03-03T00:00:00.000Z'],
    ['now/w', '2026-03-02T00:00:00.000Z'],
    ['2026-01-01T00:00:00Z', '2026-01-01T00:00:00.000Z'],
  ])('time %s', (text, expected) =>
    expect(new Date(parseTime(text, Date.parse('2026-03-04T05:06:07Z'))).toISOString()).toBe(expected),
  );
  test('an empty range and nonsense are refused by name', () => {
    expect(() => parseTimeRange('now', 'now-1h', 0)).toThrow('empty');
    expect(() => parseTimeRange('yesterdayish', 'now', 0)).toThrow('yesterdayish');
  });
});
