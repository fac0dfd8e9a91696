// What the probe of this repository says, byte for byte, goes the pipeline's fast path: one made for other bodies would be of no use.
import { expect, it } from 'vitest';
import { tableRows } from '../functions/pipeline/batch.ts';
import { DEFAULT_LIMITS } from '../functions/pipeline/decode.ts';
import { countOf } from '../functions/pipeline/row-text.ts';
import { ingestEnvelope } from '../functions/pipeline/transcode/envelope.ts';
import { bodyOf, createQueue, type Header } from '../player-probe/src/queue.ts';
import { createSession } from '../player-probe/src/session.ts';
import type { Sample } from '../player-probe/src/signals.ts';
import { leanEnvelope } from '../bench/bodies.ts';
import { NOW, sampleBatch, sampleDigests } from './support/sample-batch.ts';
import { SAMPLE_LOOK as LOOK } from './support/sample-look.ts';

const ports = { digests: sampleDigests, userAgents: { read: () => ({}) }, limits: DEFAULT_LIMITS };
const outcomeOf = (body: string) => ingestEnvelope(sampleBatch, Buffer.from(body), ports);

const HEADER: Header = {
  contentId: 'title-1',
  appVersion: '1.4.2',
  sid: '00000001-0000-4000-8000-000000000001',
  t0: NOW - 60_000,
  pl: { name: 'dash.js', ver: '5.2.1', st: 'v' },
  pv: '0.2.0',
};

/** A body of a session that starts, plays, waits for media, plays on, is paused and ends; looked at four times a second. */
function playback(): string {
  const queue = createQueue();
  let at = 1000;
  let look: Sample = { ...LOOK, flow: false };
  const more = () => ({ blMin: 4000, rate: 1, pw: 1280, ph: 720, late: 4100, target: 4000 });
  const session = createSession({ emit: (event) => queue.put(HEADER, event), interval: 10, more }, at, look, {
    auto: true,
    pre: false,
  });
  const pass = (ms: number, change: () => Partial<Sample>): void => {
    for (const end = at + ms; at < end;) session.look((at += 250), (look = { ...look, ...change() }), true);
  };
  const playing = () => ({ flow: true, isPaused: false, pt: look.pt + 250, frames: look.frames + 6 });
  const load = (cdn: string): void => {
    session.segment({ ty: 'video', cdn, by: 500_000, failed: false });
    for (const name of ['dl', 't0', 'ltc', 'ltcs'] as const) session.count(name, 7);
  };
  session.look(at, look);
  load('edge-a');
  pass(15_000, playing);
  load('edge-b');
  pass(3000, () => ({ flow: false, bl: 0 }));
  pass(15_000, () => ({ ...playing(), kbps: 1600, w: 1280, h: 720 }));
  pass(2000, () => ({ isPaused: true }));
  pass(1000, playing);
  session.tell(at, { k: 'mute', from: false, to: true });
  session.end(at, 'exit');
  return bodyOf(queue.batch()).replace(/"sent":\d+/, `"sent":${NOW}`);
}

it('every event of a playback becomes text without being an object', () => {
  const body = playback();
  const kinds = new Set([...body.matchAll(/"k":"(\w+)"/g)].map(([, kind]) => kind));
  expect([...kinds]).toEqual(expect.arrayContaining(['request', 'start', 'hb', 'stall', 'rendition', 'pause', 'end']));
  expect(outcomeOf(body)).toMatchObject({ rejects: [], rows: { PlaybackEvents: [], PlaybackBeats: [] } });
});

it('the bodies of the bench are of the same words in the same order', () => {
  const beatsOf = (body: string): string[] =>
    (JSON.parse(body) as { e: Record<string, unknown>[] }).e
      .filter(({ k, c }) => k === 'hb' && c !== undefined)
      .map((beat) => Object.keys(beat).join());
  const bench = JSON.stringify(leanEnvelope(1, 50, NOW));
  const outcome = outcomeOf(bench);
  expect(outcome).toMatchObject({ rejects: [], rows: { PlaybackEvents: [], PlaybackBeats: [] } });
  expect(outcome && countOf(tableRows(outcome, 'PlaybackBeats'))).toBe(48);
  const words = beatsOf(playback()).map((beat) => beat.replace(',late,target', ''));
  expect(new Set(beatsOf(bench))).toEqual(new Set(words));
});
