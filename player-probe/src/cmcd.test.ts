import { decodeCmcd, validateCmcdEvents } from '@svta/cml-cmcd';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LeanEvent } from '../../schema/probe-wire-v2.ts';
import { createCmcdEncoder } from './cmcd.ts';
import type { Header } from './queue.ts';

const header: Header = {
  sid: 'f1',
  t0: 1_780_000_000_000,
  contentId: 'clip',
  pl: { name: 'dash.js', ver: '5.2.1', st: 'v' },
};
const c = { stalls: 1, stallMs: 700, freezes: 0, freezeMs: 0, seeks: 0, seekMs: 0, playMs: 0, watchMs: 0, bits: 0 };
const counters = { ...c, drop: 3, tot: 90, err: 0, up: 0, down: 0 };

const encode = (events: LeanEvent[], h = header) => {
  const encoder = createCmcdEncoder();
  return events.flatMap((event) => encoder(event, h));
};
const at = (n: number, t: number) => ({ n, t, pt: t, kbps: 800, bl: 4321 });

const SESSION: LeanEvent[] = [
  { ...at(0, 0), k: 'request', auto: true },
  { ...at(1, 650), k: 'start', ms: 650 },
  { ...at(3, 3000), k: 'hb', st: 'stall', i: { playMs: 2000, stallMs: 400, by: 54_012, dl: 100 }, c: counters },
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

  test('advertisements have the events that CMCD names', () => {
    const steps = ['breakStart', 'start', 'midpoint', 'end', 'start', 'skip', 'breakEnd'];
    const lines = encode(steps.map((q, n) => ({ ...at(n, n), k: q.startsWith('break') ? 'adBreak' : 'ad', q })));
    expect(lines.map((line) => /,e=(\w+)/.exec(line)![1])).toEqual(['abs', 'as', 'ae', 'as', 'sk', 'abe']);
    expect(validateCmcdEvents(lines.join('\n')).issues).toEqual([]);
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
    const states = fc.constantFrom('start', 'play', 'stall', 'freeze', 'seek', 'pause', 'ad', 'vsf', 'exit');
    const gains = fc.record({ by: int, dl: int, ltc: int, ltcs: int, stallMs: int }, { requiredKeys: [] });
    const fields = fc.oneof(
      fc.constantFrom({ k: 'request' }, { k: 'pause' }, { k: 'resume' }, { k: 'ready' }),
      fc.record({ k: fc.constantFrom('start', 'freeze', 'seek'), ms: int }),
      fc.record({ k: fc.constant('stall'), ms: int, open: fc.boolean() }),
      fc.record({ k: fc.constant('rendition'), to: int }),
      fc.record({ k: fc.constant('cdn'), to: text }),
      fc.record({ k: fc.constantFrom('ad', 'adBreak'), q: fc.constantFrom('breakStart', 'start', 'midpoint', 'skip') }),
      fc.record({ k: fc.constant('error'), code: text, cat: fc.constant('other') }),
      fc.record({ k: fc.constantFrom('visibility', 'rate', 'mute', 'fullscreen'), to: text }),
      fc.record({ k: fc.constant('hb'), st: states, i: gains, c: fc.constant(counters) }),
      fc.record({ k: fc.constant('end'), why: whys, c: fc.constant(counters) }),
    );
    const events = fc.array(fc.tuple(base, fields).map(([one, two]) => ({ ...one, ...two })));
    fc.assert(
      fc.property(events, text, (session, cid) => {
        const lines = encode(session, { ...header, contentId: cid });
        const { issues } = lines.length ? validateCmcdEvents(lines.join('\n')) : { issues: [] };
        expect(issues).toEqual([]);
      }),
    );
  });
});
