import type { WireEvent, WireHeader } from '../../schema/probe-wire.ts';
import { fingerprintOf, type Incident } from '../incident.ts';
import { Random } from '../random.ts';
import type { Plan } from './plan.ts';
import type { Timeline } from './timeline.ts';
import { timelineOf } from './viewing.ts';
import { wireEventsOf } from './wire-events.ts';

/** One simulated playback. */
export interface Session {
  id: string;
  plan: Plan;
  timeline: Timeline;
  /** ms between its heartbeats. */
  beatMs: number;
}

/**
 * Lives a plan through. The id comes from the plan, the pace of the heartbeats and the incidents that had a hand in the session:
 * the same session gets the same id in every run, and sessions whose events differ never share one.
 */
export const sessionOf = (plan: Plan, incidents: readonly Incident[], beatMs: number): Session => {
  const timeline = timelineOf(plan, incidents);
  const marks = [...timeline.touched].map(fingerprintOf).sort();
  return { id: new Random(`${plan.key} id ${beatMs} ${marks.join(' ')}`).uuid(), plan, timeline, beatMs };
};

export const eventsOf = ({ plan, timeline, beatMs }: Session): WireEvent[] => wireEventsOf(plan, timeline, beatMs);

/** The envelope's header without `sent`, which is the moment of sending. */
export const headerOf = ({ id, plan }: Session): Omit<WireHeader, 'sent'> => {
  const { content, device, region, network } = plan;
  const { country, region: subdivision, city } = region;
  return {
    sid: id,
    t0: plan.start,
    cid: content.id,
    title: content.title,
    st: content.streamType,
    vid: plan.viewerId,
    app: device.app,
    appVer: plan.appVersion,
    pl: device.player,
    pv: '0.1.0',
    sr: 1,
    consent: 1,
    cdn: plan.cdn,
    geo: { country, region: subdivision, city, asn: network.asn },
    dev: { type: device.type, os: device.os, ...(device.browser === undefined ? {} : { browser: device.browser }) },
  };
};
