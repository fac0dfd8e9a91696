import { contextFields, counterFields, identityFields } from './common-fields.ts';
import { defineTable } from './spec.ts';

export const EVENT_KINDS = [
  'request', 'ready', 'start', 'stall', 'freeze', 'seek', 'pause', 'resume', 'rendition', 'cdn', 'segment', 'error', 'drm',
  'adBreak', 'ad', 'visibility', 'resize', 'rate', 'mute', 'fullscreen', 'pip', 'blocked', 'end', 'custom',
] as const;
export const END_REASONS = ['completed', 'exit', 'ebvs', 'vsf', 'vpf', 'timeout', 'replaced'] as const;
export const STALL_CAUSES = ['network', 'cdn', 'seek', 'decode', 'unknown'] as const;
export const ERROR_CATEGORIES = ['manifest', 'segment', 'media', 'drm', 'capability', 'app', 'other'] as const;

export const playbackEvents = defineTable({
  name: 'PlaybackEvents',
  doc: 'Every discrete event of a playback session, one row each.',
  fields: {
    ...identityFields,
    kind: { kind: 'string', required: true, oneOf: EVENT_KINDS, doc: 'What happened.' },
    ...contextFields,
    durationMs: { kind: 'real', min: 0, unit: 'ms', doc: 'How long it took. start: request to first frame; stall, freeze, seek, segment, drm, ad, adBreak: their length; ready: request to metadata.', standard: 'CTA-2066 initialStartupTime (kind start)' },
    isOpen: { kind: 'bool', doc: 'The stall or freeze was still going on when this was sent.' },
    isAuto: { kind: 'bool', doc: 'Caused by the player, not by the viewer (autoplay, ABR).' },
    startupPhases: { kind: 'dynamic', doc: 'kind start: ms spent in player, manifest, init, drm, segment, decode.' },
    fromKbps: { kind: 'real', min: 0, unit: 'kbps', doc: 'kind rendition: bitrate before.' },
    toKbps: { kind: 'real', min: 0, unit: 'kbps', doc: 'kind rendition: bitrate after; kind segment: its bitrate.' },
    fromMs: { kind: 'real', unit: 'ms', doc: 'kind seek: position before.' },
    toMs: { kind: 'real', unit: 'ms', doc: 'kind seek: position after.' },
    fromValue: { kind: 'string', maxLength: 64, doc: 'kind cdn, visibility, resize, rate, mute, fullscreen, pip: value before.' },
    toValue: { kind: 'string', maxLength: 64, doc: 'kind cdn, visibility, resize, rate, mute, fullscreen, pip: value after; a cdn without one is an answer of content steering.' },
    cause: { kind: 'string', oneOf: STALL_CAUSES, doc: 'kind stall: what starved the player.' },
    reason: { kind: 'string', maxLength: 64, doc: 'kind rendition, cdn: the rule or mechanism that decided (cdn: steering, failover, abr); kind segment: failed, slow, abandoned.' },
    bufferMs: { kind: 'real', unit: 'ms', doc: 'Buffered media ahead of the playhead.', standard: 'CMCD bl' },
    pendingMs: { kind: 'real', min: 0, unit: 'ms', doc: 'kind stall: age of the oldest open segment request.' },
    errorCategory: { kind: 'string', oneOf: ERROR_CATEGORIES, doc: 'kind error: where it arose.' },
    errorCode: { kind: 'string', maxLength: 64, doc: 'kind error: the player’s code.', standard: 'CMCD ec' },
    errorMessage: { kind: 'string', maxLength: 240, doc: 'kind error: message with URLs cut to their host.' },
    isFatal: { kind: 'bool', doc: 'kind error: playback never started or could not go on.' },
    isBusiness: { kind: 'bool', doc: 'kind error: refused on purpose (entitlement, geography), not a technical fault.' },
    endReason: { kind: 'string', oneOf: END_REASONS, doc: 'kind end: ebvs = exit before video start, vsf = video start failure, vpf = video playback failure.' },
    mediaType: { kind: 'string', maxLength: 32, doc: 'kind segment: video, audio, … as the player names it.' },
    segmentIndex: { kind: 'long', doc: 'kind segment: its number in the rendition.' },
    segmentBytes: { kind: 'long', min: 0, unit: 'bytes', doc: 'kind segment: bytes that arrived.' },
    ttfbMs: { kind: 'real', min: 0, unit: 'ms', doc: 'kind segment: time to first byte, where the CDN lets the page see it.', standard: 'CMCD ttfb' },
    httpStatus: { kind: 'int', doc: 'kind segment: status of the last answer, where the CDN lets the page see it.', standard: 'CMCD rc' },
    failedAttempts: { kind: 'long', min: 0, unit: 'count', doc: 'kind segment: attempts that failed before this one.' },
    keySystem: { kind: 'string', maxLength: 64, doc: 'kind drm: the key system of the licence.' },
    isSuccess: { kind: 'bool', doc: 'kind drm: the licence came.' },
    adId: { kind: 'string', maxLength: 128, doc: 'kind ad, adBreak: which one.' },
    adPosition: { kind: 'string', maxLength: 32, doc: 'kind ad, adBreak: where the break stands: pre, mid, post.' },
    adStep: { kind: 'string', maxLength: 32, doc: 'kind ad, adBreak: what happened: breakStart, start, quartile1, midpoint, quartile3, end, skip, error, breakEnd.' },
    isSummary: { kind: 'bool', doc: 'kind end: the counters of this row are the session’s only account, no heartbeats carry them.' },
    ...counterFields,
    props: { kind: 'dynamic', doc: 'Fields the dialect had and this schema does not.' },
  },
});
