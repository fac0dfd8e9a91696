import { readFile, rename, writeFile } from 'node:fs/promises';
import type { Incident } from './incident.ts';
import { Random } from './random.ts';
import { arrivalsIn, type Audience, MEAN_SESSION_MINUTES, MINUTE_MS } from './session/arrivals.ts';
import { type Session, sessionOf } from './session/session.ts';
import { REGIONS } from './world/regions.ts';
import { trafficShape } from './world/traffic.ts';

/** From when on sessions begin with this pace of heartbeats. A session keeps the pace it began with. */
export interface Era {
  /** Epoch ms. */
  from: number;
  beatMs: number;
}

export interface SourceOptions extends Audience {
  incidents: readonly Incident[];
  /** In order of time; nothing begins before the first. */
  eras: readonly Era[];
  /** Share of sessions reported as ACME blobs. */
  blobShare: number;
  /** Only sessions that an incident had a hand in. */
  isOnlyTouched: boolean;
}

export interface SourcedSession {
  session: Session;
  isBlob: boolean;
}

/** The sessions that begin in a minute (epoch minutes), lived through. */
export const sessionsIn = (options: SourceOptions, minute: number): SourcedSession[] => {
  const found: SourcedSession[] = [];
  for (const plan of arrivalsIn(options, minute, options.incidents)) {
    const era = options.eras.findLast(({ from }) => from <= plan.start);
    if (era === undefined) continue;
    const session = sessionOf(plan, options.incidents, era.beatMs);
    if (options.isOnlyTouched && session.timeline.touched.size === 0) continue;
    found.push({ session, isBlob: new Random(`${plan.key} door`).chance(options.blobShare) });
  }
  return found;
};

/** The mean number of concurrent sessions at which about `sessions` begin between two moments. */
export const concurrentFor = (sessions: number, from: number, to: number): number => {
  const stepMs = Math.min(15 * MINUTE_MS, Math.max(1000, to - from));
  let perConcurrent = 0;
  for (let at = from; at < to; at += stepMs) {
    const minutes = Math.min(stepMs, to - at) / MINUTE_MS;
    for (const { share, timeZone } of REGIONS)
      perConcurrent += (share * trafficShape(timeZone, at) * minutes) / MEAN_SESSION_MINUTES;
  }
  return Number((sessions / perConcurrent).toPrecision(6));
};

/** How far an audience has been sent, so that the next run goes on from there. */
export interface Progressed {
  seed: string;
  concurrent: number;
  eras: Era[];
  /** Everything before this moment (epoch ms) has been sent. */
  until: number;
}

/** What an earlier run of the same audience left; another seed or size is another audience. */
export const readProgressed = async (file: string, audience: Audience): Promise<Progressed | undefined> => {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const state = JSON.parse(text) as Progressed;
  return state.seed === audience.seed && state.concurrent === audience.concurrent ? state : undefined;
};

export const writeProgressed = async (file: string, state: Progressed): Promise<void> => {
  await writeFile(`${file}.new`, `${JSON.stringify(state)}\n`);
  await rename(`${file}.new`, file);
};
