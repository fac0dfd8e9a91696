import { describe, expect, it } from 'vitest';
import { planView } from './view-plan.ts';

describe('how a view is kept up to date', () => {
  it.each([
    ['T | summarize take_any(*) by Id', 'insert-new'],
    ['T | summarize arg_max(At, *) by Id', 'latest'],
    ['T | where x | summarize N = count(), S = sum(a), max(b) by bin(At, 1m)', 'merge'],
    ['T | summarize N = count(), dcount(Id) by bin(At, 1m)', 'recompute'],
    ['T | summarize arg_max(At, *), count() by Id', 'recompute'],
    ['T | summarize avg(x)', 'recompute'],
  ])('%s', (query, mode) => {
    expect(planView(query).mode).toBe(mode);
  });

  it('finds keys and time key through comments, strings and nested calls', () => {
    const plan = planView(`T // | summarize no()
      | where Name != " by | "
      | summarize S = sumif(a, b == ' by ') // by nothing
        by Bin = bin(At, 5m), Cdn, K = tolong(round(1.0 * x))`);
    expect(plan.keys).toEqual(['Bin = bin(At, 5m)', 'Cdn', 'K = tolong(round(1.0 * x))']);
    expect(plan.timeKey).toEqual({ index: 0, column: 'At', stepTicks: 3_000_000_000n });
    expect(plan.aggregates).toEqual([{ function: 'sumif', arguments: ['a', "b == ' by '"] }]);
  });

  it('a time that a step made is no range of the source', () => {
    expect(planView('T | extend At = At + 1h | summarize count() by bin(At, 1m)').timeKey).toBeNull();
    expect(planView('T | where At == datetime(2026-01-01) | summarize count() by bin(At, 1m)').timeKey).not.toBeNull();
  });

  it('refuses what no incremental view can hold', () => {
    expect(() => planView('T | where x')).toThrow(/last operator/);
    expect(() => planView('T | summarize count() by a | summarize sum(count_)')).toThrow(/one summarize/);
    expect(() => planView('T | summarize sum(a) / count() by b')).toThrow(/single aggregate/);
  });
});
