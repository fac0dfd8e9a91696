import type { Incident, Scope } from '../incident.ts';
import { strengthAt } from '../incident.ts';
import { LADDER } from '../world/devices.ts';
import { type Cdn, CDN_QUALITY, countryOf } from '../world/regions.ts';
import { congestion } from '../world/traffic.ts';
import type { Plan } from './plan.ts';

const HOUR = 3_600_000;
/** On a normal day: 3.2 stalls in an hour of play of 5.6 s each, half a percent of the time. */
const STALLS_PER_HOUR = 3.2;
const STALL_MS = 5600;
/** Conditions are held for at most this long, so that rush hours and slow drifts show. */
const HOLD_MS = 300_000;
const START_FAILURE = 0.005;

/** What the network does to a session, constant until `until`. */
export interface Conditions {
  until: number;
  /** Per ms of play. */
  stallRate: number;
  stallMs: number;
  startFailure: number;
  startupFactor: number;
  quitOnStall: number;
  fatalOnStall: number;
  segmentErrors: number;
  segmentsSlow: number;
  ttfbMs: number;
  topStep: number;
  /** Incidents at work. */
  active: readonly Incident[];
  /** Incidents that would have to be taken away to get the usual conditions, their borders included. */
  concerned: readonly Incident[];
}

const matches = (scope: Scope, plan: Plan, cdn: Cdn): boolean =>
  (scope.cdn === undefined || scope.cdn === cdn) &&
  (scope.country === undefined || scope.country === plan.region.country) &&
  (scope.deviceType === undefined || scope.deviceType === plan.device.type) &&
  (scope.appVersion === undefined || scope.appVersion === plan.appVersion) &&
  (scope.asn === undefined || scope.asn === plan.network.asn);

const normal = (plan: Plan, at: number, cdn: Cdn): Conditions => {
  const quality = CDN_QUALITY[cdn];
  const factor =
    plan.lineFactor * quality.stallFactor * countryOf(plan.region).stallFactor * congestion(plan.region, at);
  return {
    until: at + HOLD_MS,
    stallRate: (STALLS_PER_HOUR / HOUR) * factor,
    stallMs: STALL_MS,
    startFailure: START_FAILURE,
    startupFactor: 1,
    quitOnStall: 0.01,
    fatalOnStall: 0.0005,
    segmentErrors: 0.0008,
    segmentsSlow: 0.004 * factor,
    ttfbMs: quality.ttfbMs,
    topStep: LADDER.length - 1,
    active: [],
    concerned: [],
  };
};

/** Between the normal value and that of the incident, by its strength. */
const towards = (usual: number, worst: number | undefined, strength: number): number =>
  worst === undefined ? usual : usual + (worst - usual) * strength;

const worsen = (now: Conditions, incident: Incident, strength: number): Conditions => {
  const { effect } = incident;
  const next = {
    ...now,
    startFailure: towards(now.startFailure, effect.startFailure, strength),
    startupFactor: towards(now.startupFactor, effect.startupFactor, strength),
    quitOnStall: towards(now.quitOnStall, effect.quitOnStall, strength),
    fatalOnStall: towards(now.fatalOnStall, effect.fatalOnStall, strength),
    segmentErrors: towards(now.segmentErrors, effect.segmentErrors, strength),
    segmentsSlow: towards(now.segmentsSlow, effect.segmentsSlow, strength),
    ttfbMs: now.ttfbMs * towards(1, effect.ttfbFactor, strength),
    topStep: Math.min(now.topStep, effect.topStep ?? now.topStep),
    active: [...now.active, incident],
  };
  const share = (effect.stalledShare ?? 0) * strength;
  const stallMs = effect.stallMs ?? now.stallMs;
  // Stalls of mean length L at rate r per ms of play take the share r·L / (1 + r·L) of play and stalls together.
  const stallRate = share / ((1 - share) * stallMs);
  return stallRate * stallMs > now.stallRate * now.stallMs ? { ...next, stallRate, stallMs } : next;
};

/** The conditions a session meets at a moment (epoch ms) on a CDN. */
export const conditionsAt = (plan: Plan, at: number, cdn: Cdn, incidents: readonly Incident[]): Conditions => {
  let now = normal(plan, at, cdn);
  for (const incident of incidents) {
    if (!matches(incident.scope, plan, cdn)) continue;
    const until = Math.min(now.until, ...[incident.start, incident.end].filter((edge) => edge > at));
    const isActive = at >= incident.start && at < incident.end;
    // Even a border ahead shifts what is drawn later, by the rounding of the times before it.
    if (isActive || until < now.until) now.concerned = [...now.concerned, incident];
    now.until = until;
    if (isActive) now = worsen(now, incident, strengthAt(incident, at));
  }
  return now;
};
