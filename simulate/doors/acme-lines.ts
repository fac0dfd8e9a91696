import { Random } from '../random.ts';
import type { Session } from '../session/session.ts';

/** One line of ACME's telemetry, and when it is due (epoch ms). */
export interface AcmeLine {
  at: number;
  text: string;
}

const DEVICE: Readonly<Record<string, string>> = { desktop: 'web', console: 'tv' };

const qualityOf = (heightPx: number): string => (heightPx >= 2160 ? '4K' : heightPx >= 720 ? 'HD' : 'SD');

/** Documentation addresses (RFC 5737): nobody's. */
const addressOf = (random: Random): string =>
  `${random.pick(['192.0.2', '198.51.100', '203.0.113'], () => 1)}.${random.integer(1, 254)}`;

/** What is the same in every line of a session. */
const sharedFields = (session: Session, random: Random) => {
  const { plan, id } = session;
  const { region, network, device, content } = plan;
  return {
    customer_id: `CUST_${new Random(plan.viewerId).hex(8)}`,
    title_id: content.id,
    session_id: `SESSION_${id}`,
    device_type: DEVICE[device.type] ?? device.type,
    device_os: device.os,
    app_version: plan.appVersion,
    ip: addressOf(random),
    city: region.city,
    state: region.region,
    country: region.country,
    isp: network.isp,
    connection_type: random.pick(['fiber', 'cable', 'dsl', 'wifi', 'mobile'], () => 1),
  };
};

/** Counts up to a moment of the session. */
const stateAt = ({ timeline, plan }: Session, t: number) => {
  let [watchMs, playMs, stallMs, stalls, errors] = [0, 0, 0, 0, 0];
  let step = timeline.spans[0]?.step;
  for (const span of timeline.spans) {
    if (span.from >= t) break;
    const ms = Math.min(span.to, t) - span.from;
    step = span.step;
    if (span.state !== 'paused') watchMs += ms;
    if (span.state === 'playing') playMs += ms;
    if (span.state === 'stalled') {
      stallMs += ms;
      stalls++;
    }
  }
  for (const { event, t: at } of timeline.moments) if (event.k === 'error' && at <= t) errors++;
  const { durationMs } = plan.content;
  return {
    quality: qualityOf(step?.h ?? 0),
    bandwidth_mbps: Math.round(((step?.kbps ?? 0) / 1000) * 180) / 100,
    buffering_events: stalls,
    buffering_duration: stallMs / 1000,
    error_count: errors,
    watch_duration_seconds: watchMs / 1000,
    position_seconds: Math.round(playMs / 1000),
    completion_percentage:
      durationMs === undefined ? 0 : Math.min(100, Math.round((playMs / durationMs) * 10_000) / 100),
  };
};

const TYPES: Readonly<Record<string, string>> = { start: 'start', pause: 'pause', resume: 'resume' };

/** A session as ACME reports it. ACME knows no failed starts: a session without a first frame has no lines. */
export const acmeLinesOf = (session: Session): AcmeLine[] => {
  const { timeline, plan } = session;
  const { startedAt } = timeline;
  if (startedAt === undefined) return [];
  const random = new Random(`${session.id} acme`);
  const shared = sharedFields(session, random);
  const lineAt = (t: number, eventType: string, more: object = {}): AcmeLine => {
    const at = plan.start + t;
    const head = {
      event_id: `EVENT_${random.hex(8)}`,
      event_type: eventType,
      event_timestamp: new Date(at).toISOString(),
    };
    return { at, text: JSON.stringify({ ...head, ...shared, ...stateAt(session, t), ...more }) };
  };
  const lines = timeline.moments.flatMap(({ t, event }) => {
    const type = TYPES[event.k];
    return type === undefined ? [] : [lineAt(t, type, type === 'start' ? { startup_seconds: startedAt / 1000 } : {})];
  });
  return [...lines, lineAt(timeline.length, timeline.endReason === 'completed' ? 'complete' : 'stop')];
};
