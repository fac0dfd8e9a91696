import type { WireEvent } from '../../schema/probe-wire.ts';
import type { Header } from './queue.ts';

// Common Media Client Data v2 (CTA-5004-B), event mode, from what the probe tells.
// https://cta-wave.github.io/Resources/common-media-client-data--cta-5004-b.html

export interface CmcdOptions {
  /** Where the reports are posted to, as `application/cmcd`, one a line. */
  url: string;
}

const SEND_MS = 1000;
/** The collector wants no more; wants it later. */
const GONE = 410;
const BUSY = 429;
const MAX_LINES = 200;
const MAX_ID = 64;
const MAX_TEXT = 128;

const FORMATS: Record<string, string> = { 'dash.js': 'd', 'hls.js': 'h' };
const STATES = {
  starting: 's',
  playing: 'p',
  stalled: 'r',
  // The sound plays on: to CMCD that is no rebuffering.
  frozen: 'p',
  seeking: 'k',
  paused: 'a',
  ad: 'p',
  ended: 'e',
  failed: 'f',
};
const ENDS = { completed: 'e', exit: 'q', ebvs: 'q', replaced: 'q', vsf: 'f', vpf: 'f', timeout: 'f' };

/** A string of RFC 8941, which is ASCII. */
const quoted = (text: string, max: number) =>
  `"${text
    .replace(/[^ -~]/g, '?')
    .slice(0, max)
    .replace(/["\\]/g, '\\$&')}"`;
const hundred = (value: number) => Math.round(value / 100) * 100;
/** An inner list of one value for the picture. */
const list = (value: number) => `(${Math.round(value)};v)`;

/** Values as they are written; a true is its key alone, an empty text is none. */
type Keys = Record<string, string | number | true | undefined>;

interface Told {
  sn: number;
  state: string;
  stalls: number;
  stallMs: number;
}

/** The event's reports: several where a state is told when it is over. */
function reportsOf(event: WireEvent, told: Told): Keys[] {
  const { t } = event;
  const state = (sta: string, at = t, more: Keys = {}): Keys[] => {
    if (sta === told.state) return [];
    told.state = sta;
    return [{ e: 'ps', sta, t: at, ...more }];
  };
  switch (event.k) {
    case 'request':
      return state('s');
    case 'start':
      return state('p', t, { msd: event.ms });
    case 'stall':
    case 'seek': {
      const sta = event.k === 'stall' ? 'r' : 'k';
      const began = state(sta, t - event.ms);
      if (event.k === 'stall' && began[0]) told.stalls++;
      if (event.k === 'stall' && event.open) return began;
      if (event.k === 'seek') return [...began, ...state('p')];
      told.stallMs += event.ms;
      return [...began, ...state('p', t, { bs: true, bsd: list(event.ms) })];
    }
    case 'pause':
      return state('a');
    case 'resume':
      return state('p');
    case 'rendition':
      return [{ e: 'bc', t, br: list(event.to) }];
    case 'visibility':
      return [{ e: 'b', t, bg: event.to === 'hidden' ? true : '?0' }];
    case 'rate':
      return [{ e: 'pr', t, pr: Number(event.to) || 0 }];
    case 'mute':
      return [{ e: event.to === 'true' || event.to === 'muted' ? 'm' : 'um', t }];
    case 'fullscreen':
      return [{ e: event.to === 'true' || event.to === 'on' ? 'pe' : 'pc', t }];
    case 'error':
      return [{ e: 'e', t, ec: `(${quoted(event.code, MAX_TEXT)})` }];
    case 'hb': {
      const { bl = 0, thr, ltc, c } = event;
      const measured: Keys = { mtp: thr && list(hundred(thr)), ltc: ltc?.mean, dfa: c.drop };
      // The end is told by its own event.
      const sta = /ended|failed/.test(event.st) ? undefined : STATES[event.st];
      return [{ e: 't', t, bl: list(hundred(bl)), ...(sta && { sta }), ...measured }];
    }
    case 'end':
      return state(ENDS[event.why]);
    case 'cdn':
      return [{ e: 'ce', t, cen: quoted('cdn', MAX_ID) }];
    default:
      return [];
  }
}

function lineOf({ t, ...keys }: Keys, event: WireEvent, { h, told }: { h: Header; told: Told }): string {
  const { kbps, pt, cdn = h.cdn } = event;
  const all: Keys = {
    br: kbps ? list(kbps) : undefined,
    bsa: told.stalls ? list(told.stalls) : undefined,
    bsda: told.stalls ? list(told.stallMs) : undefined,
    cdn: cdn && quoted(cdn, MAX_TEXT),
    cid: h.cid && quoted(h.cid, MAX_TEXT),
    pt,
    sf: FORMATS[h.pl?.name ?? ''],
    sid: quoted(h.sid, MAX_ID),
    sn: told.sn++,
    st: h.st,
    sta: told.state || undefined,
    ts: h.t0 + Number(t),
    v: 2,
    ...keys,
  };
  return Object.keys(all)
    .sort()
    .filter((key) => all[key] !== undefined && all[key] !== '')
    .map((key) => (all[key] === true ? key : `${key}=${all[key]}`))
    .join();
}

/** Encodes events as CMCD v2 reports, one string a report; remembers what each session was told. */
export function createCmcdEncoder(): (event: WireEvent, header: Header) => string[] {
  const sessions = new WeakMap<Header, Told>();
  return (event, h) => {
    const told = sessions.get(h) ?? { sn: 0, state: '', stalls: 0, stallMs: 0 };
    sessions.set(h, told);
    return reportsOf(event, told).map((keys) => lineOf(keys, event, { h, told }));
  };
}

/**
 * Reports to a CMCD collector: give it to `attach` as `onEvent`. Lines wait up to a second for others; what cannot be
 * delivered waits for the next attempt, the newest 200.
 */
export function createCmcd({ url }: CmcdOptions): (event: WireEvent, header: Header) => void {
  const encode = createCmcdEncoder();
  let lines: string[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isGone = false;
  const send = async () => {
    clearTimeout(timer);
    timer = undefined;
    const body = lines;
    lines = [];
    if (!body.length) return;
    const headers = { 'content-type': 'application/cmcd' };
    const init: RequestInit = { method: 'POST', body: body.join('\n'), headers, keepalive: true, credentials: 'omit' };
    const status = await fetch(url, init).then(
      (answer) => answer.status,
      () => 500,
    );
    isGone = status === GONE;
    // Any other refusal would be one again.
    if (status > 499 || status === BUSY) lines = [...body, ...lines].slice(-MAX_LINES);
  };
  return (event, header) => {
    try {
      if (isGone) return;
      lines = [...lines, ...encode(event, header)].slice(-MAX_LINES);
      // After the end there may be no later.
      if (event.k === 'end') void send();
      else timer ??= setTimeout(() => void send(), SEND_MS);
    } catch {
      // The reports matter less than the playback and its measurement.
    }
  };
}
