import type { Cdn } from './world/regions.ts';

/** Which sessions an incident hits; every part that is given must match. */
export interface Scope {
  cdn?: Cdn;
  country?: string;
  deviceType?: string;
  appVersion?: string;
  asn?: number;
}

/** What an incident does to the sessions in its scope, at full strength. */
interface Effect {
  /** Share of watched time spent in stalls, 0…1. */
  stalledShare?: number;
  /** Mean length of those stalls. */
  stallMs?: number;
  /** Chance that a start fails. */
  startFailure?: number;
  startupFactor?: number;
  /** Chance that a viewer leaves after a stall. */
  quitOnStall?: number;
  /** Chance that a stall ends in a fatal error. */
  fatalOnStall?: number;
  /** Share of segments that fail, and that load slower than they play. */
  segmentErrors?: number;
  segmentsSlow?: number;
  ttfbFactor?: number;
  /** Highest rendition that still gets through, as an index of the ladder. */
  topStep?: number;
  /** Factor on session starts; only for scopes of a country or of everybody. */
  arrivals?: number;
}

export interface Incident {
  scenario: string;
  scope: Scope;
  /** Epoch ms. */
  start: number;
  end: number;
  effect: Effect;
  /** `linear` grows from nothing to full strength at the end. */
  ramp: 'step' | 'linear';
  /** Metrics a detector should see move, by their names in DetectorDefaults. */
  metrics: readonly string[];
}

/** How strong the incident is at a moment, 0…1. */
export const strengthAt = (incident: Incident, at: number): number => {
  if (at < incident.start || at >= incident.end) return 0;
  return incident.ramp === 'step' ? 1 : (at - incident.start) / (incident.end - incident.start);
};

/** A name of what the incident does and when, so that sessions it touches are not taken for their undisturbed twins. */
export const fingerprintOf = (incident: Incident): string => JSON.stringify(incident);

/** What the back-test scores against. */
export interface Label {
  id: string;
  scenario: string;
  metrics: readonly string[];
  scope: Scope;
  /** RFC 3339. */
  start: string;
  end: string;
  /** Expected share of watched time in stalls inside the scope and time, when the incident causes stalls. */
  stalledShare?: number;
  ramp: 'step' | 'linear';
  seed: string;
}

export const labelOf = (incident: Incident, seed: string): Label => {
  const { scenario, metrics, scope, start, end, ramp, effect } = incident;
  const times = { start: new Date(start).toISOString(), end: new Date(end).toISOString() };
  const where = Object.entries(scope).map(([key, value]) => `${key}=${value}`);
  return {
    id: [scenario, ...where, times.start].join(' '),
    scenario,
    metrics,
    scope,
    ...times,
    ...(effect.stalledShare === undefined ? {} : { stalledShare: effect.stalledShare }),
    ramp,
    seed,
  };
};
