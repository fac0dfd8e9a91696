import { decodeCmcd, validateCmcdEvents } from '@svta/cml-cmcd';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { WireEvent } from '../../schema/probe-wire.ts';
import { createCmcdEncoder } from './cmcd.ts';
import type { Header } from './queue.ts';

const header: Header = {
  sid: 'f1',
  t0: 1_780_000_000_000,
  cid: 'clip',
  st: 'v',
  pl: { name: 'dash.js', ver: '5.2.1' },
};
const c = { stalls: 1, stallMs: 700, freezes: 0, freezeMs: 0, seeks: 0, seekMs: 0, playMs: 0, watchMs: 0, bits: 0 };
const counters = { ...c, drop: 3, tot: 90, err: 0, up: 0, down: 0 };

const encode = (events: WireEvent[], h = header) => {
  const encoder = createCmcdEncoder();
  return events.flatMap((event) => encoder(event, h));
};
const at = (n: number, t: number) => ({ n, t, pt: t, kbps: 800, bl: 4321 });

const SESSION: WireEvent[] = [
  { ...at(0, 0), k: 'request', auto: true },
  { ...at(1, 650), k: 'start', ms: 650 },
  { ...at(2, 3000), k: 'stall', ms: 400, open: true },
  { ...at(3, 3000), k: 'hb', st: 'stalled', iv: 3000, ms: { playing: 2000 }, thr: 4321, c: counters },
  { ...at(4, 3300), k: 'stall', ms: 700 },
  { ...at(5, 4000), k: 'rendition', from: 800, to: 1800 },
  { ...at(6, 5000), k: 'seek', ms: 300, from: 5, to: 9 },
  { ...at(7, 6000), k: 'pause' },
  { ...at(8, 7000), k: 'visibility', from: 'visible', to: 'hidden' },
  { ...at(9, 7500), k: 'error', cat: 'segment', code: '27 "x"', fatal: false },
  { ...at(10, 8000), k: 'end', why: 'exit', c: counters },
];

describe('CMCD v2', () => {
  test('a session’s reports pass the validator without an issue, and say what happened when', () => {
    const lines = encode(SESSION);
    expect(validateCmcdEvents(lines.join('\n'))).toMatchObject({ valid: true, issues: [] });
    const said = lines.map((line) => decodeCmcd(line) as Record<string, unknown>);
    const story = said.map(({ e, sta, ts }) => `${String(e)} ${String(sta)} ${Number(ts) - header.t0}`);
    expect(story).toEqual([
      'ps s 0',
      'ps p 650',
      'ps r 2600',
      't r 3000',
      'ps p 3300',
      'bc p 4000',
      'ps k 4700',
      'ps p 5000',
      'ps a 6000',
      'b a 7000',
      'e a 7500',
      'ps q 8000',
    ]);
    expect(said.map(({ sn }) => sn)).toEqual(said.map((_, i) => i));
    expect(said[1]).toMatchObject({ msd: 650, sid: 'f1', cid: 'clip', sf: 'd', st: 'v', v: 2 });
    expect(lines.filter((line) => line.includes('msd='))).toHaveLength(1);
    expect(lines[4]).toContain('bs,bsa=(1;v),bsd=(700;v),bsda=(700;v)');
    expect(lines[3]).toContain('mtp=(4300;v)');
  });

  test('every session counts its reports from 0', () => {
    const encoder = createCmcdEncoder();
    const [first] = encoder(SESSION[0]!, header);
    const [second] = encoder(SESSION[0]!, { ...header, sid: 'f2' });
    expect([first, second].map((line) => decodeCmcd(line!).sn)).toEqual([0, 0]);
  });

  test('whatever a player names its codes, hosts and contents, every report is well-formed', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 300 });
    const int = fc.integer({ min: 0, max: 1_000_000 });
    const base = fc.record({ n: int, t: int, pt: int, kbps: int, bl: int, cdn: text });
    const whys = fc.constantFrom('completed', 'exit', 'ebvs', 'vsf', 'vpf', 'timeout', 'replaced');
    const states = fc.constantFrom('starting', 'playing', 'stalled', 'frozen', 'seeking', 'paused', 'ended', 'failed');
    const fields = fc.oneof(
      fc.constantFrom({ k: 'request' }, { k: 'pause' }, { k: 'resume' }, { k: 'ready', ms: 1 }),
      fc.record({ k: fc.constantFrom('start', 'freeze', 'seek'), ms: int }),
      fc.record({ k: fc.constant('stall'), ms: int, open: fc.boolean() }),
      fc.record({ k: fc.constant('rendition'), to: int }),
      fc.record({ k: fc.constant('cdn'), to: text }),
      fc.record({ k: fc.constant('error'), code: text, cat: fc.constant('other') }),
      fc.record({ k: fc.constantFrom('visibility', 'rate', 'mute', 'fullscreen'), to: text }),
      fc.record({ k: fc.constant('hb'), st: states, iv: int, thr: int, c: fc.constant(counters) }),
      fc.record({ k: fc.constant('end'), why: whys, c: fc.constant(counters) }),
    );
    const events = fc.array(fc.tuple(base, fields).map(([one, two]) => ({ ...one, ...two }) as WireEvent));
    fc.assert(
      fc.property(events, text, (session, cid) => {
        const lines = encode(session, { ...header, cid });
        const { issues } = lines.length ? validateCmcdEvents(lines.join('\n')) : { issues: [] };
        expect(issues).toEqual([]);
      }),
    );
  });
});
