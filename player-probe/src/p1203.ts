import type { WireEvent } from '../../schema/probe-wire.ts';
import type { LeanEvent } from '../../schema/probe-wire-v2.ts';

/** As the probe tells them, or as a server has stored what older ones told. */
export type Told = WireEvent | LeanEvent;

// The input of ITU-T P.1203 mode 0 (metadata only), as the JSON that the published implementation of the standard reads.
// No model is here: the standard's needs a licence of its rights holders (https://www.itu.int/ITU-T/ipr).

export interface P1203Options {
  /** Resolution of the display, `WxH`; the largest size that the player had on the page when absent. */
  displaySize?: string;
  device?: 'pc' | 'mobile';
  /** `h264` is the standard's; others need an extension. Taken from the manifest's renditions when absent. */
  codec?: string;
  /** Frames a second; taken from the manifest, or else counted. */
  fps?: number;
  /** The probe does not measure the sound. */
  audio?: { codec: 'aaclc' | 'heaac' | 'mp2' | 'ac3'; kbps: number };
  streamId?: number;
}

interface Stretch {
  /** s of media time */
  start: number;
  duration: number;
  /** kbit/s */
  bitrate: number;
  codec: string;
}

export interface P1203Input {
  IGen: { device: string; displaySize: string };
  I11: { streamId: number; segments: Stretch[] };
  I13: { streamId: number; segments: (Stretch & { fps: number; resolution: string })[] };
  /** Pairs of media time and length, s. The time to the first frame is the one at 0. */
  I23: { streamId: number; stalling: [number, number][] };
}

const CODECS: Record<string, string> = { avc: 'h264', hvc: 'h265', hev: 'h265', vp0: 'vp9', av0: 'av1' };

const MAX_RATE = 4;
const SLACK_MS = 1000;

const seconds = (ms: number) => Math.round(ms) / 1000;

interface Run {
  from: number;
  ms: number;
  kbps: number;
  resolution: string;
}

/** What was played in the order it was seen: media time runs on over seeks, as the viewer lived it. */
function walk(events: Told[]): { runs: Run[]; stalling: [number, number][]; playedMs: number } {
  const runs: Run[] = [];
  const stalling: [number, number][] = [];
  let playedMs = 0;
  let last: Told | undefined;
  let open = 0;

  const play = (ms: number, shown: Told) => {
    if (!(ms > 0) || !shown.w) return;
    const resolution = `${shown.w}x${shown.h}`;
    const kbps = shown.kbps ?? 0;
    const run = runs.at(-1);
    if (run?.kbps === kbps && run.resolution === resolution) run.ms += ms;
    else runs.push({ from: playedMs, ms, kbps, resolution });
    playedMs += ms;
  };
  const stalled = (ms: number) => ms > 0 && stalling.push([seconds(playedMs), seconds(ms)]);

  for (const event of events) {
    const shown = last?.w ? last : event;
    const from = last?.pt ?? event.pt ?? 0;
    const to = event.k === 'seek' ? event.from : event.pt;
    const ms = (to ?? from) - from;
    // More than any speed explains: a seek whose event was lost.
    if (event.k === 'start') stalled(event.ms);
    else if (ms <= MAX_RATE * (event.t - (last?.t ?? 0)) + SLACK_MS) play(ms, shown);
    if (event.k === 'stall' && event.open) open = event.ms;
    else if (event.k === 'stall') {
      stalled(event.ms);
      open = 0;
    }
    last = event;
  }
  // A stall whose end was lost.
  stalled(open);
  return { runs, stalling, playedMs };
}

function frameRate(events: Told[]): number {
  const told = events.flatMap((event) => (event.k === 'ready' ? (event.reps ?? []) : [])).find(({ fps }) => fps)?.fps;
  if (told) return told;
  const counters = events.flatMap((event) => (event.k === 'hb' || event.k === 'end' ? [event.c] : [])).at(-1);
  return counters?.playMs && counters.tot ? Math.round((counters.tot * 1000) / counters.playMs) : 0;
}

/**
 * One session as input to P.1203 mode 0; `events` are all its wire events in order. Throws where an input of the model is
 * neither among them nor in the options. A picture that froze while the sound ran on has no place in the standard's input.
 */
export function toP1203(events: Told[], options: P1203Options = {}): P1203Input {
  const { runs, stalling, playedMs } = walk(events);
  const { device = 'pc', streamId = 1, audio } = options;
  const rep = events.flatMap((event) => (event.k === 'ready' ? (event.reps ?? []) : [])).find(({ codec }) => codec);
  const codec = options.codec ?? CODECS[rep?.codec?.slice(0, 3) ?? ''];
  const fps = options.fps ?? frameRate(events);
  const sizes = events.flatMap((event) => (event.k === 'hb' && event.pw && event.ph ? [[event.pw, event.ph]] : []));
  const largest = sizes.sort(([w = 0, h = 0], [x = 0, y = 0]) => x * y - w * h)[0];
  const displaySize = options.displaySize ?? largest?.join('x');
  const missing = Object.entries({ codec, fps, displaySize, bitrate: runs.every(({ kbps }) => kbps) });
  const names = missing.filter(([, value]) => !value).map(([name]) => name);
  if (!runs.length) throw new Error('p1203: the session has shown no picture');
  if (names.length) throw new Error(`p1203: the session does not tell: ${names.join(', ')}`);
  return {
    IGen: { device, displaySize: displaySize! },
    I11: {
      streamId,
      segments: audio ? [{ start: 0, duration: seconds(playedMs), bitrate: audio.kbps, codec: audio.codec }] : [],
    },
    I13: {
      streamId,
      segments: runs.map(({ from, ms, kbps, resolution }) => ({
        start: seconds(from),
        duration: seconds(ms),
        bitrate: kbps,
        codec: codec!,
        fps,
        resolution,
      })),
    },
    I23: { streamId, stalling },
  };
}
