import { describe, expect, test } from 'vitest';
import type { Frame } from '../query/frames.ts';
import type { Panel } from './dashboard.ts';
import { linkAddress } from './data-links.ts';
import { activeStep, mapValue, showValue } from './display.ts';
import { resolveFields } from './field-config.ts';
import { unsupportedIn } from './panel-support.ts';
import { reduceValues } from './reduce.ts';
import { transformFrames } from './transformations.ts';
import { formatValue } from './value-format.ts';

const RANGE = { min: 0, max: 100 };

describe('value formats', () => {
  test.each<[number, string, number | undefined, string]>([
    [0.0523, 'percentunit', 1, '5.2%'],
    [5.234, 'percent', undefined, '5.23%'],
    [1536, 'short', undefined, '1.54 K'],
    [999, 'short', 0, '999'],
    [1500, 'ms', undefined, '1.5 s'],
    [850, 'ms', undefined, '850 ms'],
    [90, 's', undefined, '1.5 mins'],
    [75, 'm', 1, '1.3 hours'],
    [60, 'm', 0, '1 hour'],
    [4800, 'Kbits', 1, '4.8 Mb/s'],
    [2048, 'bytes', undefined, '2 KiB'],
    [2000, 'decbytes', undefined, '2 KB'],
    [12.5, 'suffix: pts', undefined, '12.5 pts'],
    [3, 'none', undefined, '3'],
    [Number.NaN, 'short', undefined, 'NaN'],
    [0, 'ms', undefined, '0 ms'],
    [3725, 'dtdurations', undefined, '1h 2m'],
  ])('%d %s', (value, unit, decimals, expected) => expect(formatValue(value, unit, decimals)).toBe(expected));
});

describe('thresholds and mappings', () => {
  const steps = [
    { value: null, color: 'green' },
    { value: 10, color: 'yellow' },
    { value: 20, color: 'red' },
  ];
  test.each([
    [9.99, 'green'],
    [10, 'yellow'],
    [20, 'red'],
    [-5, 'green'],
  ])('%d is %s', (value, color) => {
    expect(activeStep(value, { thresholds: { mode: 'absolute', steps } }, RANGE).color).toBe(color);
  });
  test('percentages are of the range', () =>
    expect(activeStep(30, { thresholds: { mode: 'percentage', steps } }, { min: 0, max: 200 }).color).toBe('yellow'));
  test.each([
    [{ type: 'value', options: { 1: { text: 'bad' } } }, 1, 'bad'],
    [{ type: 'range', options: { from: 5, to: 10, result: { text: 'mid' } } }, 10, 'mid'],
    [{ type: 'regex', options: { pattern: '/cdn-(.*)/', result: { text: 'CDN $1' } } }, 'cdn-a', 'CDN a'],
    [{ type: 'special', options: { match: 'null', result: { text: 'none' } } }, null, 'none'],
    [{ type: 'special', options: { match: 'empty', result: { text: 'empty' } } }, '', 'empty'],
  ])('%j', (mapping, value, text) => expect(mapValue([mapping], value)?.text).toBe(text));
  test('a time ignores a number unit', () =>
    expect(showValue(0, 'time', { unit: 'percent' }, RANGE).text).toMatch(/^(1970-01-01|1969-12-31) /));
});

test.each([
  ['lastNotNull', 3],
  ['last', null],
  ['firstNotNull', 1],
  ['mean', 2],
  ['sum', 4],
  ['max', 3],
  ['min', 1],
  ['count', 4],
  ['diff', 2],
  ['range', 2],
])('reducer %s', (reducer, expected) => expect(reduceValues([null, 1, 3, null], reducer)).toBe(expected));

const frame = (fields: Frame['fields']): Frame => ({ refId: 'A', fields, notices: [], executedQuery: '' });
const sample = frame([
  { name: 'Cdn', type: 'string', values: ['b', 'a'] },
  { name: 'N', type: 'number', values: [1, 2] },
]);

describe('transformations', () => {
  test('organize drops, orders and renames', () => {
    const [out] = transformFrames(
      [sample],
      [{ id: 'organize', options: { excludeByName: {}, indexByName: { N: 0, Cdn: 1 }, renameByName: { N: 'Count' } } }],
    );
    expect(out?.fields.map((field) => field.name)).toEqual(['Count', 'Cdn']);
  });
  test('sortBy, limit and filter', () => {
    const [out] = transformFrames(
      [sample],
      [
        { id: 'sortBy', options: { sort: [{ field: 'N', desc: true }] } },
        { id: 'limit', options: { limitField: 1 } },
        { id: 'filterFieldsByName', options: { include: { names: ['Cdn'] } } },
      ],
    );
    expect(out?.fields.map((field) => field.values)).toEqual([['a']]);
  });
  test('joinByField puts rows of one time together', () => {
    const left = frame([
      { name: 't', type: 'time', values: [1, 2] },
      { name: 'a', type: 'number', values: [10, 20] },
    ]);
    const right = frame([
      { name: 't', type: 'time', values: [2, 3] },
      { name: 'b', type: 'number', values: [200, 300] },
    ]);
    expect(
      transformFrames([left, right], [{ id: 'joinByField', options: {} }])[0]?.fields.map((field) => field.values),
    ).toEqual([
      [1, 2, 3],
      [10, 20, null],
      [null, 200, 300],
    ]);
  });
  test('an unknown one fails by name, a disabled one does nothing', () => {
    expect(() => transformFrames([sample], [{ id: 'mystery' }])).toThrow("'mystery'");
    expect(transformFrames([sample], [{ id: 'mystery', disabled: true }])).toEqual([sample]);
  });
});

describe('names and overrides', () => {
  const wide = frame([
    { name: 't', type: 'time', values: [1] },
    { name: 'v', type: 'number', values: [1], labels: { Cdn: 'a' } },
    { name: 'v', type: 'number', values: [2], labels: { Cdn: 'b' } },
  ]);
  const names = (panel: Partial<Panel>): string[] =>
    (resolveFields({ type: 'timeseries', ...panel }, [wide])[0]?.fields ?? []).map((field) => field.displayName);
  test('one label shows its value only', () => expect(names({})).toEqual(['t', 'v a', 'v b']));
  test('a name template reads labels', () =>
    expect(names({ fieldConfig: { defaults: { displayName: '${__field.labels.Cdn}' } } }).slice(1)).toEqual([
      'a',
      'b',
    ]));
  test('overrides reach single fields, nested custom options too', () => {
    const [out] = resolveFields(
      {
        type: 'timeseries',
        fieldConfig: {
          defaults: { unit: 's' },
          overrides: [
            {
              matcher: { id: 'byName', options: 'v b' },
              properties: [
                { id: 'unit', value: 'ms' },
                { id: 'custom.lineStyle.fill', value: 'dash' },
              ],
            },
          ],
        },
      },
      [wide],
    );
    expect(out?.fields.map((field) => [field.config.unit, field.config.custom])).toEqual([
      ['s', undefined],
      ['s', undefined],
      ['ms', { lineStyle: { fill: 'dash' } }],
    ]);
  });
});

describe('links', () => {
  const context = {
    variables: [{ name: 'cdn', isMulti: true, includeAll: true, options: [], value: ['a b'] }],
    from: 'now-6h',
    to: 'now',
    valueRaw: 'x&y=1',
    row: { 'Root scope': 'cdn=b' },
  };
  test.each([
    ['/d/noc?${__url_time_range}&${cdn:queryparam}', '/d/noc?from=now-6h&to=now&var-cdn=a%20b'],
    ['/d/noc?v=${__value.raw}', '/d/noc?v=x%26y%3D1'],
    ['/d/noc?s=${__data.fields["Root scope"]}', '/d/noc?s=cdn%3Db'],
    ['javascript:alert(1)', undefined],
    ['//evil.example/x', undefined],
  ])('%s', (url, expected) => expect(linkAddress(url, context)).toBe(expected));
});

test('options and units nobody draws are listed by name', () => {
  expect(unsupportedIn({ type: 'geomap' })).toEqual(["panel type 'geomap'"]);
  expect(
    unsupportedIn({
      type: 'stat',
      options: { colorMode: 'value', glow: 1 },
      repeat: 'cdn',
      fieldConfig: {
        defaults: { unit: 'furlong', custom: { wobble: true } },
        overrides: [{ matcher: { id: 'byMagic' }, properties: [{ id: 'custom.spin' }] }],
      },
    }),
  ).toEqual([
    "option 'glow'",
    "field option 'custom.wobble'",
    "override matcher 'byMagic'",
    "override 'custom.spin'",
    "unit 'furlong'",
    "repeat by 'cdn'",
  ]);
});
