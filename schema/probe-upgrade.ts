import { TTFB_EDGES_MS } from './playback-beats.ts';

// Version 2 of the probe's wire (`probe-wire-v2.ts`) in the words of version 1. Total: whatever comes in, it does not throw;
// what it does not know stays as it is.

type Fields = Record<string, unknown>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** States of version 2 in the words of version 1. */
export const STATES: Readonly<Record<string, string>> = {
  start: 'starting',
  play: 'playing',
  stall: 'stalled',
  freeze: 'frozen',
  seek: 'seeking',
  pause: 'paused',
  ad: 'ad',
  vsf: 'failed',
  vpf: 'failed',
};
/** Reasons for an end, where a beat says its state: all of them are `ended`. */
export const ENDS: ReadonlySet<string> = new Set(['completed', 'exit', 'ebvs', 'timeout', 'replaced', 'end']);
/** The names of version 1 are those of version 2, but for time watched. */
export const COUNTERS = 'stalls,stallMs,freezes,freezeMs,seeks,seekMs,playMs,bits,drop,tot,err,up,down'.split(',');
/** Whose sum is the time watched. */
export const WATCHED = ['startMs', 'playMs', 'stallMs', 'freezeMs', 'seekMs'];
/** States of version 2 that an interval is made of. */
export const TIMED = ['start', 'play', 'stall', 'freeze', 'seek', 'pause', 'ad'];
const MAX_TEXT = 64;

/** A letter for each code of dash.js from 0: media, manifest, segment, capability, drm, or none of them. */
const DASH_CODES = 'eeeeee....mm...s.s..eeeccmsss..mm.mcd';
const CATEGORIES: Readonly<Record<string, string>> = {
  e: 'media',
  m: 'manifest',
  s: 'segment',
  c: 'capability',
  d: 'drm',
};
const FIRST_DRM_CODE = 100;

const numberOf = (fields: Fields, name: string): number => {
  const value = fields[name];
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
};
const sumOf = (fields: Fields, names: readonly string[]): number =>
  names.reduce((sum, name) => sum + numberOf(fields, name), 0);

function countersOf(c: unknown): unknown {
  if (!isFields(c)) return c;
  const counters: Fields = {};
  for (const name of COUNTERS) counters[name] = numberOf(c, name);
  counters['watchMs'] = sumOf(c, WATCHED);
  return counters;
}

function histogramOf(i: Fields): number[] | undefined {
  const histogram = Array.from({ length: TTFB_EDGES_MS.length + 1 }, () => 0);
  let count = 0;
  for (const name of Object.keys(i)) {
    const bucket = /^t(-?\d+)$/.exec(name)?.[1];
    if (bucket === undefined) continue;
    const place = Math.min(TTFB_EDGES_MS.length, Math.max(0, Number(bucket)));
    histogram[place] = (histogram[place] ?? 0) + numberOf(i, name);
    count += numberOf(i, name);
  }
  return count > 0 ? histogram : undefined;
}

function beatOf({ st, i, c, late, target, ...rest }: Fields): Fields {
  const gains = isFields(i) ? i : {};
  const ms: Fields = {};
  for (const state of TIMED) {
    const spent = numberOf(gains, `${state}Ms`);
    if (spent) ms[STATES[state]!] = spent;
  }
  const hidden = numberOf(gains, 'hiddenMs');
  if (hidden) ms['hidden'] = hidden;
  const [segments, looks, download] = ['sg', 'ltcs', 'dl'].map((name) => numberOf(gains, name)) as [
    number,
    number,
    number,
  ];
  const bytes = numberOf(gains, 'by');
  return {
    ...rest,
    st: typeof st === 'string' ? (STATES[st] ?? (ENDS.has(st) ? 'ended' : st)) : st,
    iv: sumOf(
      gains,
      TIMED.map((state) => `${state}Ms`),
    ),
    ms,
    bits: numberOf(gains, 'bits'),
    fr: { tot: numberOf(gains, 'tot'), drop: numberOf(gains, 'drop') },
    ns: numberOf(gains, 'stalls'),
    by: bytes,
    ...(segments || numberOf(gains, 'bad')
      ? { sg: { n: segments, err: numberOf(gains, 'bad'), slow: numberOf(gains, 'slow') } }
      : {}),
    // kbit/s: bits over ms.
    ...(bytes && download ? { thr: Math.round((bytes * 8) / download) } : {}),
    ...(looks ? { ltc: { mean: Math.round(numberOf(gains, 'ltc') / looks), max: late, target } } : {}),
    ttfb: histogramOf(gains),
    ...(c !== undefined && { c: countersOf(c) }),
  };
}

/** Phases told as the startup time when each was over become the time each took; the last one is the decoder's. */
export function phasesOf(ph: unknown, ms: unknown): unknown {
  if (!isFields(ph) || typeof ms !== 'number') return ph;
  const phases: Fields = {};
  let before = 0;
  for (const name of Object.keys(ph).sort((a, b) => numberOf(ph, a) - numberOf(ph, b))) {
    phases[name] = numberOf(ph, name) - before;
    before = numberOf(ph, name);
  }
  return { ...phases, decode: ms - before };
}

function categoryOf(code: unknown, player: unknown): string {
  if (code === 'no-frame') return 'media';
  const number = Number(code);
  if (player !== 'dash.js' || !Number.isInteger(number)) return 'other';
  return number >= FIRST_DRM_CODE ? 'drm' : (CATEGORIES[DASH_CODES.charAt(number)] ?? 'other');
}

function errorOf(event: Fields, player: unknown): Fields {
  const { cat, code } = event;
  const text = typeof code === 'number' ? String(code) : code;
  return {
    ...event,
    cat: cat ?? categoryOf(code, player),
    code: typeof text === 'string' ? text.replace(/^\w+(?=-timeout$)/, (state) => STATES[state] ?? state) : text,
  };
}

/** An event of version 2 as one of version 1. `player`: the name in its header. */
export function upgradeEvent(event: unknown, player?: unknown): unknown {
  if (!isFields(event)) return event;
  const { kbps, w, h, cdn, ...rest } = event;
  const shown: Fields = { ...rest };
  // Nothing is on the screen yet.
  for (const [name, value] of Object.entries({ kbps, w, h }))
    if (value !== 0 && value !== undefined) shown[name] = value;
  if (cdn) shown['cdn'] = typeof cdn === 'string' ? cdn.slice(0, MAX_TEXT) : cdn;
  switch (event['k']) {
    case 'hb':
      return beatOf(shown);
    case 'end':
      return { ...shown, c: countersOf(event['c']) };
    case 'start':
      return 'ph' in shown ? { ...shown, ph: phasesOf(shown['ph'], shown['ms']) } : shown;
    case 'ready':
      return { ...shown, ms: shown['t'] };
    case 'error':
      return errorOf(shown, player);
    case 'cdn':
      return cutEnds(shown);
    default:
      return shown;
  }
}

function cutEnds(event: Fields): Fields {
  const { from, to } = event;
  return {
    ...event,
    ...(typeof from === 'string' && { from: from.slice(0, MAX_TEXT) }),
    ...(typeof to === 'string' && { to: to.slice(0, MAX_TEXT) }),
  };
}

/** What keeps its name from version 2 to version 1. Settings of the probe (interval, requestedAt) are not said of the session. */
const KEPT = 'sid,t0,sent,cid,title,st,vid,app,appVer,pl,pv,cdn,geo,dev'.split(',');
/** Keys of version 1. */
const HEADER: ReadonlySet<string> = new Set([...KEPT, 'sr', 'consent']);

/** A header of version 2 as one of version 1. */
export function upgradeHeader(header: unknown): unknown {
  if (!isFields(header)) return header;
  const { contentId, streamType, appVersion, sample, props, consent, pl } = header;
  const known: Fields = {};
  for (const name of KEPT) if (name in header) known[name] = header[name];
  return {
    // Dimensions of the application's own: they get no meaning that the probe's own names have.
    ...(isFields(props) && Object.fromEntries(Object.entries(props).filter(([name]) => !HEADER.has(name)))),
    ...(isFields(pl) && pl['st'] !== undefined && { st: pl['st'] }),
    ...known,
    sr: sample ?? header['sr'] ?? 1,
    consent: consent === undefined || consent === true ? 1 : consent === false ? 0 : consent,
    ...(contentId !== undefined && { cid: contentId }),
    ...(streamType !== undefined && { st: streamType }),
    ...(appVersion !== undefined && { appVer: appVersion }),
  };
}
