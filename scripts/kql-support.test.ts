import { beforeAll, describe, expect, it } from 'vitest';
import { supportCounts } from './kql-support.ts';
import { probeAll, type Support } from './kql-support/probe-all.ts';

let support: Support;

beforeAll(async () => {
  support = await probeAll();
}, 180_000);

/** What was answered once stays answered; raise a number when the engine learns something. */
const AT_LEAST: Readonly<Record<string, number>> = {
  'scalar functions': 326,
  aggregates: 56,
  plugins: 4,
  'operators and their forms': 66,
  'join kinds': 12,
  'statements and expressions': 23,
  'management commands': 118,
};

describe('what the engine answers', () => {
  it.each(Object.entries(AT_LEAST))('%s: not fewer than %i', (what, least) => {
    expect(supportCounts(support)[what]?.[0]).toBeGreaterThanOrEqual(least);
  });

  it('every kind has its number, and not everything passes (a probe that cannot fail proves nothing)', () => {
    const counts = supportCounts(support);
    expect(Object.keys(counts)).toEqual(Object.keys(AT_LEAST));
    expect(support.scalars.filter((one) => one.status === 'refused').length).toBeGreaterThan(50);
  });

  it('what a project of this kind lives on is answered in full', () => {
    const full = new Set(
      [...support.scalars, ...support.aggregates].filter((one) => one.status === 'supported').map((one) => one.name),
    );
    const needed = 'bin strcat tostring parse_json iff case coalesce array_length set_union percentile arg_max make_list dcount sumif countif avg series_decompose series_periods_detect startofday format_datetime datetime_diff'; // prettier-ignore
    expect(needed.split(' ').filter((name) => !full.has(name))).toEqual([]);
  });
});
