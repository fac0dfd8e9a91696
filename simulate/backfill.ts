import { noteSent, type Summary } from './books.ts';
import { type AcmeLine, acmeLinesOf } from './doors/acme-lines.ts';
import type { BlobDrop } from './doors/blob-drop.ts';
import { envelopesOf, Packer } from './doors/envelopes.ts';
import type { HttpDoor } from './doors/http-door.ts';
import type { ProgressMeter } from './progress.ts';
import { MINUTE_MS } from './session/arrivals.ts';
import { LOOKBACK_MS } from './session/plan.ts';
import { eventsOf, type Session } from './session/session.ts';
import { sessionsIn, type SourceOptions } from './session-source.ts';

export interface Doors {
  http: HttpDoor;
  blob: BlobDrop | undefined;
}

export interface Window {
  /** Epoch ms; events from here on … */
  from: number;
  /** … up to here, this not included. */
  to: number;
}

/**
 * Sends everything that happened between two moments of the past, as fast as the doors take it: each session in one piece, in the
 * order of their starts. Sessions that began before the window send what falls into it.
 */
export const backfill = async (
  source: SourceOptions,
  { from, to }: Window,
  doors: Doors,
  summary: Summary,
  { meter, signal }: { meter: ProgressMeter; signal: AbortSignal },
): Promise<void> => {
  const packer = new Packer();
  const lines: AcmeLine[] = [];
  const isInside = (at: number): boolean => at >= from && at < to;

  const sendSession = async (session: Session): Promise<void> => {
    const events = eventsOf(session).filter((event) => isInside(session.plan.start + event.t));
    if (events.length === 0) return;
    summary.sessions++;
    noteSent(summary, events);
    for (const envelope of envelopesOf(session, events)) {
      const batch = packer.add(envelope);
      if (batch !== undefined) await doors.http.send(batch);
    }
  };

  const first = Math.max(from - LOOKBACK_MS, source.eras[0]?.from ?? from);
  for (let minute = Math.floor(first / MINUTE_MS); minute * MINUTE_MS < to; minute++) {
    for (const { session, isBlob } of sessionsIn(source, minute)) {
      signal.throwIfAborted();
      if (!isBlob || doors.blob === undefined) {
        await sendSession(session);
        continue;
      }
      const due = acmeLinesOf(session).filter(({ at }) => isInside(at));
      if (due.length > 0) summary.blobSessions++;
      lines.push(...due);
    }
    meter.reach(minute * MINUTE_MS);
    // Whole minutes without a full batch must not starve the answers.
    if (minute % 60 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  const rest = packer.take();
  if (rest !== undefined) await doors.http.send(rest);
  for (const line of lines.sort((a, b) => a.at - b.at)) await doors.blob?.add(line);
  await doors.blob?.flush();
  await doors.http.settle();
  meter.reach(to, true);
};
