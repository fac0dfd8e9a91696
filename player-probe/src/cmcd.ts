import type { LeanEvent } from '../../schema/probe-wire-v2.ts';
import type { Core, Probe } from './core.ts';
import { bufferMs } from './media.ts';
import type { Header } from './queue.ts';
import type { Kind } from './signals.ts';

// Common Media Client Data v2 (CTA-5004-B): reports of events, and keys for the player's own requests, from what the probe knows.
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
const YES = /^(true|muted|on|1)$/;
const STATES: Partial<Record<string, string>> = {
  start: 's',
  play: 'p',
  stall: 'r',
  // The sound plays on: to CMCD that is no rebuffering.
  freeze: 'p',
  seek: 'k',
  pause: 'a',
  ad: 'p',
};
/** Steps of an advertisement that CMCD has a name for. */
const ADS: Record<string, string> = { breakStart: 'abs', breakEnd: 'abe', start: 'as', end: 'ae', skip: 'sk' };
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

const written = (all: Keys) =>
  Object.keys(all)
    .sort()
    .filter((key) => all[key] !== undefined && all[key] !== '')
    .map((key) => (all[key] === true ? key : `${key}=${all[key]}`))
    .join();

/** A change of state, unless it is none; `t` is ms since the session began. */
type Change = (sta: string, t: number, more?: Keys) => Keys[];
type Reports = { [K in LeanEvent['k']]?: (event: Kind<K>, change: Change, told: Told) => Keys[] };

const REPORTS: Reports = {
  request: ({ t }, change) => change('s', t),
  start: ({ t, ms }, change) => change('p', t, { msd: ms }),
  // Told when it is over; the report bears the time when it began.
  stall: ({ t, ms }, change, told) => {
    const began = change('r', t - ms);
    told.stalls++;
    told.stallMs += ms;
    return [...began, ...change('p', t, { bs: true, bsd: list(ms) })];
  },
  seek: ({ t, ms }, change) => [...change('k', t - ms), ...change('p', t)],
  pause: ({ t }, change) => change('a', t),
  resume: ({ t }, change) => change('p', t),
  rendition: ({ t, to }) => [{ e: 'bc', t, br: list(to) }],
  visibility: ({ t, to }) => [{ e: 'b', t, bg: to === 'hidden' ? true : '?0' }],
  rate: ({ t, to }) => [{ e: 'pr', t, pr: Number(to) || 0 }],
  mute: ({ t, to }) => [{ e: YES.test(String(to)) ? 'm' : 'um', t }],
  fullscreen: ({ t, to }) => [{ e: YES.test(String(to)) ? 'pe' : 'pc', t }],
  error: ({ t, code }) => [{ e: 'e', t, ec: `(${quoted(`${code}`, MAX_TEXT)})` }],
  cdn: ({ t, to }) => (to ? [{ e: 'ce', t, cen: '"cdn"' }] : []),
  adBreak: ({ t, q }) => (ADS[q] ? [{ e: ADS[q], t }] : []),
  ad: ({ t, q }) => (ADS[q] ? [{ e: ADS[q], t }] : []),
  hb: ({ t, st, bl = 0, i, c }, change) => {
    // The end is told by its own event.
    const sta = STATES[st];
    const { by, dl, ltc, ltcs, stallMs = 0 } = i;
    const measured = {
      mtp: by && dl ? list(hundred((by * 8) / dl)) : undefined,
      ltc: ltc && ltcs ? Math.round(ltc / ltcs) : undefined,
      dfa: c?.drop,
    };
    // A stall is told when it is over: of an open one the beat is the first word.
    const began = sta === 'r' ? change(sta, t - stallMs) : [];
    return [...began, { e: 't', t, bl: list(hundred(bl)), ...(sta && { sta }), ...measured }];
  },
  end: ({ t, why }, change) => change(ENDS[why], t),
};

/** The event's reports: several where a state is told when it is over. */
function reportsOf(event: LeanEvent, told: Told): Keys[] {
  const change: Change = (sta, t, more) => {
    if (sta === told.state) return [];
    told.state = sta;
    return [{ e: 'ps', sta, t, ...more }];
  };
  const reports = REPORTS[event.k] as ((one: LeanEvent, change: Change, told: Told) => Keys[]) | undefined;
  return reports?.(event, change, told) ?? [];
}

function lineOf({ t, ...keys }: Keys, event: LeanEvent, { h, told }: { h: Header; told: Told }): string {
  const { kbps, pt, cdn } = event;
  const cid = h.contentId;
  const all: Keys = {
    br: kbps ? list(kbps) : undefined,
    bsa: told.stalls ? list(told.stalls) : undefined,
    bsda: told.stalls ? list(told.stallMs) : undefined,
    cdn: cdn && quoted(cdn, MAX_TEXT),
    cid: cid && quoted(cid, MAX_TEXT),
    pt,
    sf: FORMATS[h.pl?.name ?? ''],
    sid: quoted(h.sid, MAX_ID),
    sn: told.sn++,
    st: h.streamType ?? h.pl?.st,
    sta: told.state || undefined,
    ts: Math.round(h.t0 + Number(t)),
    v: 2,
    ...keys,
  };
  return written(all);
}

/** Encodes events as CMCD v2 reports, one string a report; remembers what each session was told. */
export function createCmcdEncoder(): (event: LeanEvent, header: Header) => string[] {
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
export function createCmcd({ url }: CmcdOptions): (event: LeanEvent, header: Header) => void {
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

export interface CmcdRequests {
  /** The address with the keys in its query. */
  query: (url: string) => string;
  /** The keys as header fields; not in the safe list of CORS, so that they cost a preflight at another origin. */
  headers: () => Record<string, string>;
}

const sessionKeys = (h: Header, msd: number | undefined): Keys => ({
  cid: h.contentId && quoted(h.contentId, MAX_TEXT),
  msd,
  sf: FORMATS[h.pl?.name ?? ''],
  sid: quoted(h.sid, MAX_ID),
  st: h.streamType ?? h.pl?.st,
  v: 2,
});

/**
 * Keys for the requests that the player of `probe` makes, for its hooks. What they say is as it is at the moment of the
 * request; what the probe does not know of the object (`br`, `d`, `ot`, …) is not in them.
 */
export function cmcdRequests(probe: Probe): CmcdRequests {
  let sn = 0;
  let sid = '';
  let last = { by: 0, dl: 0 };
  let mtp: string | undefined;

  /** By the header that carries them. */
  const keys = (): Record<string, Keys> => {
    const { header, session, video } = probe as Core;
    if (!header || !session || !video) return {};
    const { startMs, stalls, stallMs, drop: dfa, by = 0, dl = 0 } = session.totals;
    const isFirst = sid !== header.sid && session.state !== 'start';
    if (isFirst) ({ sid } = header);
    if (dl > last.dl) mtp = list(hundred(((by - last.by) * 8) / (dl - last.dl)));
    last = { by, dl };
    const { playbackRate: pr, currentTime } = video;
    return {
      Request: { bl: list(hundred(bufferMs(video))), dfa, mtp, sn: sn++, sta: STATES[session.state] },
      Session: sessionKeys(header, isFirst ? startMs : undefined),
      Status: {
        bg: document.hidden || undefined,
        bsa: stalls && list(stalls),
        bsda: stalls && list(stallMs!),
        pr: pr === 1 ? undefined : pr,
        pt: Math.round(currentTime * 1000),
      },
    };
  };
  const fields = () => Object.entries(keys()).map(([name, some]) => [`CMCD-${name}`, written(some)] as const);
  return {
    query: (url) => {
      const text = fields()
        .flatMap(([, some]) => some || [])
        .join();
      return text ? `${url}${url.includes('?') ? '&' : '?'}CMCD=${encodeURIComponent(text)}` : url;
    },
    headers: () => Object.fromEntries(fields().filter(([, text]) => text)),
  };
}
