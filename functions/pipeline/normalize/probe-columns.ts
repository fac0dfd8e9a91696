import type { EVENT_KINDS } from '../../../schema/playback-events.ts';

// Wire name → column, one line a kind. What is not listed here is kept in `props`.

export const BASE_COLUMNS: Readonly<Record<string, string>> = {
  t: 'sessionTimeMs',
  pt: 'playheadMs',
  d: 'clientDropped',
  kbps: 'bitrateKbps',
  w: 'widthPx',
  h: 'heightPx',
  bl: 'bufferMs',
  cdn: 'cdn',
};

const COUNTER_COLUMNS: Readonly<Record<string, string>> = {
  stalls: 'stallCount',
  stallMs: 'stallMs',
  freezes: 'freezeCount',
  freezeMs: 'freezeMs',
  seeks: 'seekCount',
  seekMs: 'seekMs',
  playMs: 'playMs',
  watchMs: 'watchMs',
  bits: 'playedBits',
  drop: 'droppedFrames',
  tot: 'totalFrames',
  err: 'errorCount',
  up: 'switchesUp',
  down: 'switchesDown',
};

const AD = { ms: 'durationMs', id: 'adId', pos: 'adPosition', q: 'adStep', code: 'errorCode' };
const CHANGE = { from: 'fromValue', to: 'toValue' };

export const KIND_COLUMNS: Readonly<Record<(typeof EVENT_KINDS)[number], Readonly<Record<string, string>>>> = {
  request: { auto: 'isAuto' },
  ready: { ms: 'durationMs' },
  start: { ms: 'durationMs', ph: 'startupPhases' },
  stall: { ms: 'durationMs', cause: 'cause', pend: 'pendingMs', open: 'isOpen' },
  freeze: { ms: 'durationMs', open: 'isOpen' },
  seek: { ms: 'durationMs', from: 'fromMs', to: 'toMs' },
  pause: { auto: 'isAuto' },
  resume: { auto: 'isAuto' },
  rendition: { from: 'fromKbps', to: 'toKbps', auto: 'isAuto', reason: 'reason' },
  cdn: { ...CHANGE, why: 'reason' },
  segment: {
    ms: 'durationMs',
    bad: 'reason',
    ty: 'mediaType',
    idx: 'segmentIndex',
    br: 'toKbps',
    by: 'segmentBytes',
    ttfb: 'ttfbMs',
    rc: 'httpStatus',
    tries: 'failedAttempts',
  },
  error: { cat: 'errorCategory', code: 'errorCode', msg: 'errorMessage', fatal: 'isFatal', biz: 'isBusiness' },
  drm: { ms: 'durationMs', ks: 'keySystem', ok: 'isSuccess' },
  adBreak: AD,
  ad: AD,
  blocked: {},
  visibility: CHANGE,
  resize: CHANGE,
  rate: CHANGE,
  mute: CHANGE,
  fullscreen: CHANGE,
  pip: CHANGE,
  end: { why: 'endReason' },
  custom: {},
};

export const BEAT_COLUMNS: Readonly<Record<string, string>> = {
  st: 'state',
  iv: 'intervalMs',
  bits: 'intervalBits',
  by: 'intervalBytes',
  ttfb: 'ttfbHistogram',
  thr: 'throughputKbps',
  blMin: 'bufferMinMs',
  rate: 'playbackRate',
  pw: 'playerWidthPx',
  ph: 'playerHeightPx',
  ns: 'intervalStalls',
};

/** Objects inside a beat or an end event, spread into columns of their own. */
export const NESTED_COLUMNS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  c: COUNTER_COLUMNS,
  ms: {
    starting: 'startingMs',
    playing: 'playingMs',
    stalled: 'stalledMs',
    frozen: 'frozenMs',
    seeking: 'seekingMs',
    paused: 'pausedMs',
    ad: 'adMs',
    hidden: 'hiddenMs',
  },
  fr: { tot: 'intervalFrames', drop: 'intervalDroppedFrames' },
  sg: { n: 'segments', err: 'segmentErrors', slow: 'segmentsSlow' },
  ltc: { mean: 'latencyMs', max: 'latencyMaxMs', target: 'latencyTargetMs' },
};

export const HEADER_COLUMNS: Readonly<Record<string, string>> = {
  sid: 'sessionId',
  cid: 'contentId',
  title: 'contentTitle',
  app: 'appName',
  appVer: 'appVersion',
  pv: 'probeVersion',
  sr: 'sampleRate',
  cdn: 'cdn',
};

export const STREAM_TYPE: Readonly<Record<string, string>> = { v: 'vod', l: 'live', ll: 'lowLatencyLive' };
