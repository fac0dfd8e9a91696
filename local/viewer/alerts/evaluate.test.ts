import { describe, expect, test } from 'vitest';
import type { Frame } from '../query/frames.ts';
import { toResultFormat } from '../query/result-format.ts';
import type { EvaluationResult } from './evaluate.ts';
import { evaluateRule, goNumber } from './evaluate.ts';
import { fingerprint } from './fingerprint.ts';
import type { AlertRule, RuleQuery } from './rules.ts';
import { parseRuleFile } from './rules.ts';
import { expandTemplate } from './template.ts';

const table = (columns: readonly string[], rows: readonly (readonly unknown[])[]) => ({
  TableName: 'Table_0',
  Columns: columns.map((one) => ({ ColumnName: one.split(':')[0] as string, ColumnType: one.split(':')[1] as string })),
  Rows: rows,
});
const kql = (refId: string, resultFormat = 'table'): RuleQuery => ({
  refId,
  datasourceUid: 'adx',
  relativeTimeRange: { from: 900, to: 0 },
  model: { query: `F_${refId}($__timeFrom, $__timeTo)`, resultFormat },
});
const expression = (refId: string, model: Record<string, unknown>): RuleQuery => ({
  refId,
  datasourceUid: '__expr__',
  relativeTimeRange: { from: 0, to: 0 },
  model,
});
const above = (refId: string, of: string, limit: number): RuleQuery =>
  expression(refId, {
    type: 'threshold',
    expression: of,
    conditions: [{ evaluator: { type: 'gt', params: [limit] } }],
  });

const rule = (data: readonly RuleQuery[], condition: string): AlertRule => ({
  uid: 'r',
  title: 'Rule',
  group: 'g',
  folder: 'f',
  intervalMs: 60_000,
  condition,
  data,
  noDataState: 'NoData',
  execErrState: 'Error',
  forMs: 0,
  keepFiringForMs: 0,
  missingSeriesEvalsToResolve: 2,
  labels: {},
  annotations: {},
  isPaused: false,
});

async function evaluate(
  data: readonly RuleQuery[],
  condition: string,
  tables: Readonly<Record<string, ReturnType<typeof table>>>,
  seen: string[] = [],
): Promise<EvaluationResult[]> {
  const run = async ({
    csl,
    refId,
    resultFormat,
  }: {
    csl: string;
    refId: string;
    resultFormat: string;
  }): Promise<readonly Frame[]> => {
    seen.push(csl);
    const given = tables[refId];
    if (given === undefined) throw new Error('boom');
    return toResultFormat(given, resultFormat, refId, csl);
  };
  return evaluateRule(rule(data, condition), Date.parse('2026-01-01T01:00:00Z'), run);
}

describe('a table rule', () => {
  test('each row is an instance: strings are labels, the one number is the value', async () => {
    const seen: string[] = [];
    const results = await evaluate(
      [kql('A'), above('C', 'A', 2)],
      'C',
      {
        A: table(
          ['cdn:string', 'value:real'],
          [
            ['a', 1],
            ['b', 5],
          ],
        ),
      },
      seen,
    );
    expect(seen).toEqual(['F_A(datetime(2026-01-01T00:45:00Z), datetime(2026-01-01T01:00:00Z))']);
    expect(results.map(({ state, labels, values, valueString }) => [state, labels, values, valueString])).toEqual([
      [
        'Normal',
        { cdn: 'a' },
        { A: 1, C: 0 },
        "[ var='A' labels={cdn=a} value=1 ], [ var='C' labels={cdn=a} value=0 ]",
      ],
      [
        'Alerting',
        { cdn: 'b' },
        { A: 5, C: 1 },
        "[ var='A' labels={cdn=b} value=5 ], [ var='C' labels={cdn=b} value=1 ]",
      ],
    ]);
  });
  test('zero rows are no data, with the query that had none', async () => {
    const [result] = await evaluate([kql('A'), above('C', 'A', 2)], 'C', {
      A: table(['cdn:string', 'value:real'], []),
    });
    expect(result).toMatchObject({ state: 'NoData', labels: { ref_id: 'A', datasource_uid: 'adx' } });
  });
  test('a null value is NaN for a threshold, which no comparison meets', async () => {
    const [result] = await evaluate([kql('A'), above('C', 'A', 2)], 'C', {
      A: table(['cdn:string', 'value:real'], [['a', null]]),
    });
    expect(result?.state).toBe('Normal');
  });
  test.each([
    ['two numbers', ['a:string', 'x:real', 'y:real'], [['a', 1, 2]], 'exactly one numeric column'],
    ['a bool', ['a:bool', 'x:real'], [[true, 1]], 'exactly one numeric column'],
    ['long time series', ['t:datetime', 'a:string', 'x:real'], [['2026-01-01T00:00:00Z', 'a', 1]], 'got type long'],
    [
      'duplicate labels',
      ['a:string', 'x:real'],
      [
        ['a', 1],
        ['a', 2],
      ],
      'cannot uniquely be identified',
    ],
  ])('%s is an error of the rule', async (_, columns, rows, message) => {
    const [result] = await evaluate([kql('A'), above('C', 'A', 2)], 'C', { A: table(columns, rows) });
    expect(result?.state).toBe('Error');
    expect(result?.error).toContain(message);
  });
  test('a query that fails is an error that names it', async () => {
    expect(await evaluate([kql('A'), above('C', 'A', 2)], 'C', {})).toMatchObject([
      { state: 'Error', refId: 'A', error: '[sse.dataQueryError] failed to execute query [A]: boom' },
    ]);
  });
  test('a series without reduce cannot be alerted on', async () => {
    const [result] = await evaluate([kql('A', 'time_series'), above('C', 'A', 2)], 'C', {
      A: table(['t:datetime', 'x:real'], [['2026-01-01T00:00:00Z', 1]]),
    });
    expect(result?.error).toContain('only reduced data');
  });
});

describe('expressions', () => {
  const series = table(
    ['t:datetime', 'cdn:string', 'x:real'],
    [
      ['2026-01-01T00:00:00Z', 'a', 4],
      ['2026-01-01T00:00:00Z', 'b', 1],
      ['2026-01-01T00:01:00Z', 'a', 8],
      ['2026-01-01T00:01:00Z', 'b', null],
    ],
  );
  test.each([
    ['last', '', 8, Number.NaN],
    ['mean', 'dropNN', 6, 1],
    ['sum', 'replaceNN', 12, 1],
    ['max', 'dropNN', 8, 1],
    ['count', '', 2, 2],
    ['min', '', 4, Number.NaN],
    ['median', 'dropNN', 6, 1],
  ])('reduce %s, mode "%s"', async (reducer, mode, a, b) => {
    const results = await evaluate(
      [
        kql('A', 'time_series'),
        expression('B', { type: 'reduce', expression: 'A', reducer, settings: { mode, replaceWithValue: 0 } }),
        above('C', 'B', 5),
      ],
      'C',
      { A: series },
    );
    expect(results.map((one) => one.values['B'])).toEqual([a, b]);
  });
  test.each([
    ['$A > 3 && $A < 9', 1],
    ['abs(-$A) * 2 + 1', 9],
    ['$A ** 2 % 5', 1],
    ['!($A > 3)', 0],
    ['is_number($A)', 1],
    ['round(${A} / 3)', 1],
    ['nan() > 1', Number.NaN],
    ['1 - 2 - 3', -4],
    ['2 * (3 + 4)', 14],
  ])('math %s', async (text, expected) => {
    const [result] = await evaluate([kql('A'), expression('B', { type: 'math', expression: text })], 'B', {
      A: table(['x:real'], [[4]]),
    });
    expect(result?.values['B']).toBe(expected);
    expect(result?.state).toBe(expected === 0 ? 'Normal' : 'Alerting');
  });
  test('math joins by labels, also when one side has fewer', async () => {
    const results = await evaluate(
      [kql('A'), kql('B'), expression('C', { type: 'math', expression: '$A / $B' })],
      'C',
      {
        A: table(
          ['cdn:string', 'x:real'],
          [
            ['a', 6],
            ['b', 8],
          ],
        ),
        B: table(['n:real'], [[2]]),
      },
    );
    expect(results.map((one) => [one.labels, one.values['C']])).toEqual([
      [{ cdn: 'a' }, 3],
      [{ cdn: 'b' }, 4],
    ]);
  });
  test.each([
    [{ type: 'classic_conditions' }, 'classic_conditions'],
    [{ type: 'reduce', reducer: 'p99', expression: 'A' }, 'p99'],
    [{ type: 'math', expression: '$A +' }, 'unexpected end'],
    [{ type: 'math', expression: '$Z' }, "'Z'"],
    [
      { type: 'threshold', expression: 'A', conditions: [{ evaluator: { type: 'within_range', params: [1] } }] },
      'need 2',
    ],
  ])('what is not known fails by name: %j', async (model, message) => {
    const [result] = await evaluate([kql('A'), expression('B', model)], 'B', { A: table(['x:real'], [[4]]) });
    expect(result?.error).toContain(message);
  });
});

describe('templates', () => {
  const data = {
    labels: { cdn: 'cdn-b', severity: 'critical' },
    values: { A: 0.0523, B: 1536 },
    valueString: "[ var='A' labels={} value=1 ]",
  };
  test.each([
    ['on {{ $labels.cdn }}: {{ $values.A }}', 'on cdn-b: 0.0523'],
    ['{{ .Labels.cdn }} {{ .Values.B.Value }} {{ $value }}', "cdn-b 1536 [ var='A' labels={} value=1 ]"],
    ['{{ humanizePercentage $values.A.Value }} {{ humanize $values.B.Value }}', '5.23% 1.536k'],
    ['{{ printf "%.1f" $values.A.Value }} {{ $labels.cdn | toUpper }}', '0.1 CDN-B'],
    ['{{ if eq $labels.severity "critical" }}bad{{ else }}fine{{ end }}', 'bad'],
    ['{{ if gt $values.A.Value 1.0 }}bad{{ else }}fine{{ end }}', 'fine'],
    ['{{ $labels.none }}', '[no value]'],
    ['{{ index $labels "cdn" -}}  x', 'cdn-bx'],
    ['no braces', 'no braces'],
  ])('%s', (template, expected) => expect(expandTemplate(template, data)).toEqual({ text: expected }));
  test.each(['{{ frobnicate 1 }}', '{{ range $labels }}x{{ end }}', '{{ if true }}x', '{{ $nope }}'])(
    '%s stays as written and tells why',
    (template) => {
      expect(expandTemplate(template, data)).toMatchObject({ text: template, problem: expect.any(String) as string });
    },
  );
  test('numbers print as in Go', () =>
    expect([1e21, 1e-7, 0.5, -3, Number.NaN, Infinity].map(goNumber)).toEqual([
      '1e+21',
      '1e-07',
      '0.5',
      '-3',
      'NaN',
      '+Inf',
    ]));
});

test('fingerprints are those of Prometheus: FNV-1a over sorted labels', () => {
  // Of an empty set it is the offset basis; the order of the labels does not matter.
  expect(fingerprint({})).toBe('cbf29ce484222325');
  expect(fingerprint({ a: '1', b: '2' })).toBe(fingerprint({ b: '2', a: '1' }));
  expect(fingerprint({ ab: 'c' })).not.toBe(fingerprint({ a: 'bc' }));
});

describe('the rule file', () => {
  const file = (change: Record<string, unknown>, group: Record<string, unknown> = {}): string =>
    JSON.stringify({
      apiVersion: 1,
      groups: [
        {
          name: 'g',
          folder: 'f',
          interval: '1m',
          ...group,
          rules: [
            {
              uid: 'u',
              title: 't',
              condition: 'A',
              data: [{ refId: 'A', datasourceUid: 'x', relativeTimeRange: { from: 900, to: 0 }, model: {} }],
              for: '5m',
              keepFiringFor: '10m',
              labels: { team: '$${x}' },
              ...change,
            },
          ],
        },
      ],
    });
  test('durations, defaults and doubled dollars', () => {
    expect(parseRuleFile(file({}))[0]).toMatchObject({
      intervalMs: 60_000,
      forMs: 300_000,
      keepFiringForMs: 600_000,
      missingSeriesEvalsToResolve: 2,
      noDataState: 'NoData',
      execErrState: 'Error',
      labels: { team: '${x}' },
    });
  });
  test.each([
    [{ for: '5 minutes' }, {}, "'5 minutes' is not a duration"],
    [{ noDataState: 'Nope' }, {}, "'Nope' is none of"],
    [{ condition: 'Z' }, {}, "condition 'Z'"],
    [{ data: [{ refId: 'A', datasourceUid: 'x', relativeTimeRange: { from: 0, to: 0 } }] }, {}, 'relativeTimeRange'],
    [{}, { interval: '0s' }, 'interval'],
  ])('%j %j is refused', (change, group, message) => expect(() => parseRuleFile(file(change, group))).toThrow(message));
});
