import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { upgradeEvent, upgradeHeader } from './probe-upgrade.ts';

const at = { n: 3, t: 10_000, pt: 9000, bl: 4000 };

describe('version 2 of the probe’s wire in the words of version 1', () => {
  it('a beat: times by state, their sum as interval, gains beside counters, and what follows from them', () => {
    const i = {
      startMs: 500,
      playMs: 9000,
      stallMs: 500,
      hiddenMs: 2000,
      bits: 7_200_000,
      tot: 225,
      drop: 3,
      stalls: 1,
    };
    const line = { sg: 5, bad: 1, slow: 2, by: 1_000_000, dl: 2000, ltc: 12_000, ltcs: 3, t0: 2, t3: 1, t9: 1 };
    const c = { startMs: 500, playMs: 19_000, stallMs: 500, pauseMs: 4000, stalls: 1, tot: 475, bits: 15_200_000 };
    const beat = {
      ...at,
      kbps: 800,
      w: 640,
      h: 360,
      k: 'hb',
      st: 'stall',
      i: { ...i, ...line },
      c,
      late: 4500,
      target: 4000,
    };
    expect(upgradeEvent(beat)).toEqual({
      ...at,
      kbps: 800,
      w: 640,
      h: 360,
      k: 'hb',
      st: 'stalled',
      iv: 10_000,
      ms: { starting: 500, playing: 9000, stalled: 500, hidden: 2000 },
      bits: 7_200_000,
      fr: { tot: 225, drop: 3 },
      ns: 1,
      by: 1_000_000,
      sg: { n: 5, err: 1, slow: 2 },
      thr: 4000,
      ltc: { mean: 4000, max: 4500, target: 4000 },
      ttfb: [2, 0, 0, 1, 0, 0, 0, 1],
      c: {
        stalls: 1,
        stallMs: 500,
        freezes: 0,
        freezeMs: 0,
        seeks: 0,
        seekMs: 0,
        playMs: 19_000,
        watchMs: 20_000,
        bits: 15_200_000,
        drop: 0,
        tot: 475,
        err: 0,
        up: 0,
        down: 0,
      },
    });
  });

  it.each([
    ['play', 'playing'],
    ['vsf', 'failed'],
    ['vpf', 'failed'],
    ['exit', 'ended'],
    ['completed', 'ended'],
    ['ad', 'ad'],
    ['brand-new', 'brand-new'],
  ])('the state %s is %s', (st, told) => {
    expect(upgradeEvent({ ...at, k: 'hb', st, i: {}, c: {} })).toMatchObject({ st: told });
  });

  it('phases of the startup, told as the time when each was over, become what each took and add up to it', () => {
    const ph = { manifest: 200, player: 50, segment: 640, init: 260 };
    expect(upgradeEvent({ ...at, k: 'start', ms: 700, ph })).toMatchObject({
      ph: { player: 50, manifest: 150, init: 60, segment: 380, decode: 60 },
    });
  });

  it('before the first frame there is no rendition; an unknown CDN is none', () => {
    expect(upgradeEvent({ ...at, k: 'request', kbps: 0, w: 0, h: 0, cdn: '' })).toEqual({ ...at, k: 'request' });
  });

  it.each([
    ['dash.js', 27, 'segment', '27'],
    ['dash.js', 25, 'manifest', '25'],
    ['dash.js', 23, 'capability', '23'],
    ['dash.js', 114, 'drm', '114'],
    ['dash.js', 3, 'media', '3'],
    ['dash.js', 999.5, 'other', '999.5'],
    ['shaka', 27, 'other', '27'],
    ['dash.js', 'stall-timeout', 'other', 'stalled-timeout'],
    ['dash.js', 'no-frame', 'media', 'no-frame'],
  ])('the error of %s with code %s is of category %s', (player, code, cat, told) => {
    expect(upgradeEvent({ ...at, k: 'error', code }, player)).toMatchObject({ cat, code: told });
    expect(upgradeEvent({ ...at, k: 'error', code, cat: 'app' }, player)).toMatchObject({ cat: 'app' });
  });

  it('the header: the application’s names and props, the player’s stream type unless the application says it, no settings, nothing unknown', () => {
    const pl = { name: 'dash.js', ver: '5.2.1', st: 'l' };
    const given = { contentId: 'c', appVersion: '2', interval: 10, sample: 0.5, requestedAt: 7, email: 'x@y' };
    const props = { campaign: 'x', sid: 'another', vid: 'somebody', consent: 1 };
    expect(upgradeHeader({ sid: 's', pl, ...given, props, consent: 0 })).toEqual({
      sid: 's',
      pl,
      st: 'l',
      cid: 'c',
      appVer: '2',
      sr: 0.5,
      consent: 0,
      campaign: 'x',
    });
    expect(upgradeHeader({ sid: 's', pl, streamType: 'll' })).toMatchObject({ st: 'll' });
  });

  it.each([
    [{}, 1, 1],
    [{ sr: 0.25, consent: 1 }, 0.25, 1],
    [{ sample: 0.5, consent: false }, 0.5, 0],
    [{ consent: true }, 1, 1],
    [{ consent: 0 }, 1, 0],
  ])('a header with %j is of a share of %s and of consent %s', (given, sr, consent) => {
    expect(upgradeHeader({ sid: 's', ...given })).toEqual({ sid: 's', sr, consent });
  });

  it('the last beat has no counters; the end after it has them', () => {
    expect(upgradeEvent({ ...at, k: 'hb', st: 'exit', i: { playMs: 5 } })).not.toHaveProperty('c');
  });

  it('never throws, whatever it is given, and never makes a figure that is not finite', () => {
    const kind = fc.constantFrom('hb', 'end', 'start', 'ready', 'error', 'cdn', 'segment', 'x');
    const names = fc.constantFrom('k', 'st', 'i', 'c', 'ph', 'ms', 'code', 'from', 'to', 'kbps', 'cdn', 'late');
    const counters = fc.dictionary(
      fc.constantFrom('playMs', 'sg', 'by', 'dl', 't3', 't-9', 'ltc', 'ltcs'),
      fc.anything(),
    );
    const event = fc.tuple(fc.dictionary(names, fc.anything()), kind, counters, counters);
    fc.assert(
      fc.property(event, fc.anything(), ([fields, k, i, c], other) => {
        const beat = upgradeEvent({ ...fields, k, i, c }) as { iv?: number; thr?: number };
        for (const figure of [beat.iv ?? 0, beat.thr ?? 0]) expect(Number.isFinite(figure)).toBe(true);
        upgradeEvent(other);
        upgradeHeader(other);
      }),
    );
  });
});
