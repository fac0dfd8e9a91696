import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { EvaluationResult, ResultState } from './evaluate.ts';
import type { AlertRule } from './rules.ts';
import type { Instances, Transition } from './state-machine.ts';
import { isChange, step } from './state-machine.ts';
import { webhookPayload } from './webhook.ts';

const MINUTE = 60_000;
const base: AlertRule = {
  uid: 'r',
  title: 'Rule',
  group: 'g',
  folder: 'f',
  intervalMs: MINUTE,
  condition: 'C',
  data: [],
  noDataState: 'NoData',
  execErrState: 'Error',
  forMs: 0,
  keepFiringForMs: 0,
  missingSeriesEvalsToResolve: 2,
  labels: { severity: 'page' },
  annotations: { summary: '{{ $labels.cdn }} is {{ $values.A }}' },
  isPaused: false,
};
const result = (state: ResultState, cdn = 'a'): EvaluationResult =>
  state === 'Error'
    ? { state, labels: {}, values: {}, valueString: '', error: 'boom' }
    : { state, labels: state === 'NoData' ? { ref_id: 'A' } : { cdn }, values: { A: 7 }, valueString: 'v' };

/** Runs evaluations a minute apart: N normal, A alerting, D no data, E error, . no series of this name. Gives the states after each. */
function run(rule: Partial<AlertRule>, script: string): string[] {
  const full = { ...base, ...rule };
  let instances: Instances = new Map();
  const kinds: Readonly<Record<string, readonly EvaluationResult[]>> = {
    N: [result('Normal')],
    A: [result('Alerting')],
    D: [result('NoData')],
    E: [result('Error')],
    '.': [result('Normal', 'other')],
  };
  return script.split('').map((kind, index) => {
    instances = step(full, instances, kinds[kind] ?? [], index * MINUTE).instances;
    return [...instances.values()]
      .filter((one) => one.labels['cdn'] !== 'other')
      .map((one) => (one.reason === '' ? one.state : `${one.state} (${one.reason})`))
      .join('+');
  });
}

describe('one series, minute by minute', () => {
  test.each<[string, Partial<AlertRule>, string, string[]]>([
    ['without a wait it fires at once', {}, 'NAN', ['Normal', 'Alerting', 'Normal']],
    ['for 2m waits two minutes', { forMs: 2 * MINUTE }, 'AAAN', ['Pending', 'Pending', 'Alerting', 'Normal']],
    [
      'a dip during the wait starts it anew',
      { forMs: 2 * MINUTE },
      'AANAAA',
      ['Pending', 'Pending', 'Normal', 'Pending', 'Pending', 'Alerting'],
    ],
    [
      'keep firing for 2m recovers first',
      { keepFiringForMs: 2 * MINUTE },
      'ANNNN',
      ['Alerting', 'Recovering', 'Recovering', 'Normal', 'Normal'],
    ],
    [
      'from recovering it fires again without a wait',
      { forMs: MINUTE, keepFiringForMs: 2 * MINUTE },
      'AANA',
      ['Pending', 'Alerting', 'Recovering', 'Alerting'],
    ],
    [
      'a pending alert that clears does not recover',
      { forMs: 5 * MINUTE, keepFiringForMs: MINUTE },
      'AN',
      ['Pending', 'Normal'],
    ],
    ['noDataState OK resolves, with the reason', { noDataState: 'OK' }, 'AD', ['Alerting', 'Normal (NoData)']],
    ['noDataState Alerting fires', { noDataState: 'Alerting' }, 'ND', ['Normal', 'Alerting (NoData)']],
    [
      'noDataState KeepLast keeps',
      { noDataState: 'KeepLast' },
      'ADN',
      ['Alerting', 'Alerting (NoData, KeepLast)', 'Normal'],
    ],
    [
      'execErrState KeepLast keeps',
      { execErrState: 'KeepLast' },
      'AEN',
      ['Alerting', 'Alerting (Error, KeepLast)', 'Normal'],
    ],
    ['execErrState OK resolves', { execErrState: 'OK' }, 'AE', ['Alerting', 'Normal (Error)']],
    [
      'execErrState Alerting waits like an alert',
      { execErrState: 'Alerting', forMs: MINUTE },
      'NEE',
      ['Normal', 'Pending (Error)', 'Alerting (Error)'],
    ],
    ['a missing series resolves after two evaluations', {}, 'A...', ['Alerting', 'Alerting', '', '']],
    [
      'or after as many as the rule says',
      { missingSeriesEvalsToResolve: 3 },
      'A...',
      ['Alerting', 'Alerting', 'Alerting', ''],
    ],
  ])('%s', (_, rule, script, expected) => expect(run(rule, script)).toEqual(expected));

  test('no data in its own state is an instance of its own and goes after one evaluation', () => {
    expect(run({}, 'NDN')).toEqual(['Normal', 'Normal+NoData', 'Normal']);
  });
  test('an error in its own state is an instance of its own and goes after one evaluation', () => {
    expect(run({}, 'AEA')).toEqual(['Alerting', 'Alerting+Error', 'Alerting']);
  });
});

test('labels: the rule wins over the query; annotations see both and the values', () => {
  const { transitions } = step(
    base,
    new Map(),
    [{ ...result('Alerting'), labels: { cdn: 'a', severity: 'from-query' } }],
    0,
  );
  expect(transitions[0]?.instance.labels).toEqual({
    cdn: 'a',
    severity: 'page',
    alertname: 'Rule',
    grafana_folder: 'f',
  });
  expect(transitions[0]?.instance.annotations).toEqual({ summary: 'a is 7' });
});

test('a stale firing series is told as resolved', () => {
  const first = step(base, new Map(), [result('Alerting')], 0).instances;
  const second = step(base, first, [result('Normal', 'other')], 2 * MINUTE);
  const gone = second.transitions.find((one) => one.isStale) as Transition;
  expect(gone.instance).toMatchObject({ state: 'Normal', reason: 'MissingSeries', resolvedAtMs: 2 * MINUTE });
  expect(webhookPayload(base, [gone.instance], 'http://v')).toMatchObject({
    status: 'resolved',
    state: 'ok',
    version: '1',
    alerts: [{ status: 'resolved', endsAt: '1970-01-01T00:02:00.000Z', fingerprint: gone.instance.fingerprint }],
  });
});

test('a firing payload carries what receivers of Grafana read', () => {
  const { transitions } = step(base, new Map(), [result('Alerting'), result('Alerting', 'b')], 0);
  const payload = webhookPayload(
    { ...base, dashboardUid: 'noc', panelId: 4 },
    transitions.map((one) => one.instance),
    'http://v',
  );
  expect(payload).toMatchObject({
    status: 'firing',
    groupLabels: { alertname: 'Rule', grafana_folder: 'f' },
    commonLabels: { severity: 'page' },
    title: '[FIRING:2] Rule f',
    alerts: [
      { status: 'firing', endsAt: '0001-01-01T00:00:00Z', values: { A: 7 }, panelURL: 'http://v/d/noc?viewPanel=4' },
      { labels: { cdn: 'b' } },
    ],
  });
});

describe('whatever happens', () => {
  const kinds = fc.constantFrom<ResultState>('Normal', 'Alerting', 'NoData', 'Error');
  const rules = fc.record({
    forMs: fc.integer({ min: 0, max: 4 }).map((n) => n * MINUTE),
    keepFiringForMs: fc.integer({ min: 0, max: 4 }).map((n) => n * MINUTE),
    noDataState: fc.constantFrom('NoData' as const, 'Alerting' as const, 'OK' as const, 'KeepLast' as const),
    execErrState: fc.constantFrom('Error' as const, 'Alerting' as const, 'OK' as const, 'KeepLast' as const),
  });
  const each = (
    given: Partial<AlertRule>,
    script: readonly ResultState[],
    look: (one: Transition, rule: AlertRule, now: number) => void,
  ): void => {
    const rule = { ...base, ...given };
    let instances: Instances = new Map();
    script.forEach((state, index) => {
      const after = step(rule, instances, [result(state)], index * MINUTE);
      for (const one of after.transitions) look(one, rule, index * MINUTE);
      instances = after.instances;
    });
  };
  test('nothing fires before it was pending for as long as the rule says', () => {
    fc.assert(
      fc.property(rules, fc.array(kinds, { maxLength: 25 }), (given, script) => {
        const pendingSince = new Map<string, number>();
        each(given, script, ({ instance, previousState }, rule, now) => {
          if (instance.state === 'Pending' && previousState !== 'Pending') pendingSince.set(instance.fingerprint, now);
          if (
            instance.state !== 'Alerting' ||
            previousState === 'Alerting' ||
            previousState === 'Recovering' ||
            rule.forMs === 0
          )
            return;
          expect(now - (pendingSince.get(instance.fingerprint) ?? Number.NaN)).toBeGreaterThanOrEqual(rule.forMs);
        });
      }),
    );
  });
  test('nothing leaves Recovering for Normal before its time', () => {
    fc.assert(
      fc.property(rules, fc.array(kinds, { maxLength: 25 }), (given, script) => {
        const since = new Map<string, number>();
        each(given, script, ({ instance, previousState, isStale }, rule, now) => {
          if (instance.state === 'Recovering' && previousState !== 'Recovering') since.set(instance.fingerprint, now);
          const isDone =
            previousState === 'Recovering' &&
            instance.state === 'Normal' &&
            !isStale &&
            instance.reason !== 'NoData, KeepLast' &&
            instance.reason !== 'Error, KeepLast';
          if (isDone)
            expect(now - (since.get(instance.fingerprint) ?? Number.NaN)).toBeGreaterThanOrEqual(rule.keepFiringForMs);
        });
      }),
    );
  });
  test('states chain: each transition starts where the last one ended, and time never runs back', () => {
    fc.assert(
      fc.property(rules, fc.array(kinds, { maxLength: 25 }), (given, script) => {
        const last = new Map<string, string>();
        each(given, script, (one) => {
          const known = last.get(one.instance.fingerprint);
          if (known !== undefined) expect(one.previousState).toBe(known);
          if (one.isStale) last.delete(one.instance.fingerprint);
          else last.set(one.instance.fingerprint, one.instance.state);
          expect(one.instance.endsAtMs).toBeGreaterThanOrEqual(one.instance.startsAtMs);
          if (!isChange(one)) expect(one.instance.state).toBe(one.previousState);
        });
      }),
    );
  });
});
