import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eventsPerInstance, loads, profiles, vcpusOf, type ProfileName } from './load.ts';
import { costOf, priceList } from './model.ts';
import { LIMITS, needsOf, STEPS } from './scaling.ts';

const names = Object.keys(loads) as ProfileName[];
const totalOf = (name: ProfileName, load = loads[name]): number =>
  costOf(profiles[name], load).reduce((sum, { usd }) => sum + usd, 0);

describe('the cost of a profile', () => {
  it.each([
    ['Standard_E8ads_v5', 8],
    ['Standard_E16ads_v5', 16],
    ['Dev(No SLA)_Standard_E2a_v4', 2],
  ])('reads the cores of %s', (sku, cores) => expect(vcpusOf(sku)).toBe(cores));

  it('is what its formula says, by hand', () => {
    const engine = costOf(profiles.standard, loads.standard).find(({ service }) => service.endsWith('engine'));
    expect(engine?.usd).toBeCloseTo(2 * 8 * (52.56 + 80.3), 6);
    const hubs = costOf(profiles.scale, loads.scale).find(({ service }) => service.startsWith('Event Hubs'));
    expect(hubs?.usd).toBeCloseTo(2 * 4 * 749.71, 6);
  });

  it('never falls when there is more to do', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...names),
        fc.integer({ min: 1, max: 50_000 }),
        fc.integer({ min: 0, max: 50_000 }),
        (name, events, more) => {
          const load = loads[name];
          expect(totalOf(name, { ...load, eventsPerSecond: events + more })).toBeGreaterThanOrEqual(
            totalOf(name, { ...load, eventsPerSecond: events }),
          );
        },
      ),
    );
  });

  it('has a date, a source and a unit for each price', () => {
    expect(priceList.date).toMatch(/^\d{4}-\d\d-\d\d$/);
    for (const [name, price] of Object.entries(priceList.prices))
      expect([name, price.usd > 0, price.source.length > 5, price.unit.length > 1]).toEqual([name, true, true, true]);
  });
});

describe('the scaling model', () => {
  it('takes more of everything for more events', () => {
    const all = STEPS.map((step) => needsOf(step, loads.scale, 4096));
    for (const [index, needs] of all.entries()) {
      const before = all[index - 1];
      if (!before) continue;
      for (const key of [
        'functionInstances',
        'throughputUnits',
        'processingUnits',
        'kustoCores',
        'kustoNodes',
      ] as const)
        expect(needs[key]).toBeGreaterThanOrEqual(before[key]);
    }
  });

  it('leaves streaming ingestion where Microsoft says it ends', () => {
    const share = 0.7;
    const limit = (LIMITS.streamingGbPerHourAndTable * 1e9) / 3600 / share / 1000;
    expect(needsOf(Math.floor(limit) - 1, loads.scale, 4096).path).toBe('streaming');
    expect(needsOf(Math.ceil(limit) + 1, loads.scale, 4096).path).toBe('Event Hubs');
  });

  it('gains by larger batches, and no more than the work on the events allows', () => {
    expect(eventsPerInstance(20, 2048)).toBeGreaterThan(eventsPerInstance(1, 2048) * 10);
    expect(eventsPerInstance(1_000_000, 2048)).toBeLessThanOrEqual(600 / 0.03);
    expect(eventsPerInstance(20, 4096)).toBeCloseTo(2 * eventsPerInstance(20, 2048), -1);
  });
});
