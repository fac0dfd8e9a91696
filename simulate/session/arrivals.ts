import type { Incident } from '../incident.ts';
import { strengthAt } from '../incident.ts';
import { Random } from '../random.ts';
import { type Region, REGIONS } from '../world/regions.ts';
import { trafficShape } from '../world/traffic.ts';
import { type Plan, planOf } from './plan.ts';

export const MINUTE_MS = 60_000;
/** Mean length of a session on a normal day; held against the audience itself by a test. */
export const MEAN_SESSION_MINUTES = 41;

export interface Audience {
  seed: string;
  /** Sessions going on at the same time, averaged over the week. */
  concurrent: number;
}

const surgeOf = (region: Region, at: number, incidents: readonly Incident[]): number => {
  let factor = 1;
  for (const incident of incidents) {
    const { arrivals } = incident.effect;
    if (arrivals === undefined || (incident.scope.country ?? region.country) !== region.country) continue;
    factor *= 1 + (arrivals - 1) * strengthAt(incident, at);
  }
  return factor;
};

/** The sessions that begin in one minute (epoch minutes), in order of their start. A pure function: nothing else matters. */
export const arrivalsIn = (audience: Audience, minute: number, incidents: readonly Incident[] = []): Plan[] => {
  const { seed, concurrent } = audience;
  const at = minute * MINUTE_MS;
  const plans: Plan[] = [];
  for (const region of REGIONS) {
    const prefix = `${seed} ${concurrent} ${region.region} ${minute}`;
    const random = new Random(prefix);
    const rate = (concurrent / MEAN_SESSION_MINUTES) * region.share * trafficShape(region.timeZone, at);
    const usual = random.poisson(rate);
    for (let i = 0; i < usual; i++) plans.push(planOf(`${prefix} ${i}`, at + random.integer(0, MINUTE_MS - 1), region));
    const surge = surgeOf(region, at, incidents);
    if (surge === 1) continue;
    // The crowd comes on top of the usual viewers, who stay the same.
    const crowd = new Random(`${prefix} surge`);
    const more = crowd.poisson(rate * Math.max(0, surge - 1));
    for (let i = 0; i < more; i++)
      plans.push(planOf(`${prefix} surge ${i}`, at + crowd.integer(0, MINUTE_MS - 1), region));
  }
  return plans.sort((a, b) => a.start - b.start);
};
