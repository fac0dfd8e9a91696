import { expect, test } from 'vitest';
import { type Session } from '../session/session.ts';
import { sessionsIn } from '../session-source.ts';
import { acmeLinesOf } from './acme-lines.ts';

const EVENING = Date.parse('2026-11-10T19:00:00Z') / 60_000;

const sessions = (): Session[] => {
  const source = {
    seed: '4',
    concurrent: 3000,
    incidents: [],
    eras: [{ from: 0, beatMs: 60_000 }],
    blobShare: 1,
    isOnlyTouched: false,
  };
  return [0, 1, 2, 3].flatMap((minute) => sessionsIn(source, EVENING + minute)).map(({ session }) => session);
};

test('a session’s lines begin with start, end with stop or complete, and their last counts are the session’s', () => {
  let checked = 0;
  for (const session of sessions()) {
    const lines = acmeLinesOf(session);
    const { timeline, plan } = session;
    if (timeline.startedAt === undefined) {
      expect(lines).toEqual([]);
      continue;
    }
    const records = lines.map(({ text }) => JSON.parse(text) as Record<string, string | number>);
    const [first, last] = [records[0]!, records.at(-1)!];
    expect(first).toMatchObject({
      event_type: 'start',
      startup_seconds: timeline.startedAt / 1000,
      country: plan.region.country,
    });
    expect(last['event_type']).toBe(timeline.endReason === 'completed' ? 'complete' : 'stop');
    const spent = (state: string) =>
      timeline.spans.filter((span) => span.state === state).reduce((sum, { from, to }) => sum + to - from, 0);
    expect(last['buffering_duration']).toBe(spent('stalled') / 1000);
    expect(last['watch_duration_seconds']).toBe((timeline.length - spent('paused')) / 1000);
    expect(last['buffering_events']).toBe(timeline.spans.filter(({ state }) => state === 'stalled').length);
    expect(['SD', 'HD', '4K']).toContain(last['quality']);
    expect(lines.every(({ at }, i) => at >= (lines[i - 1]?.at ?? 0))).toBe(true);
    expect(new Set(records.map((record) => record['session_id'])).size).toBe(1);
    expect(new Set(records.map((record) => record['event_id'])).size).toBe(records.length);
    checked++;
  }
  expect(checked).toBeGreaterThan(100);
});
