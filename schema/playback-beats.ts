import { contextFields, counterFields, identityFields } from './common-fields.ts';
import { defineTable } from './spec.ts';

export const PLAYER_STATES = ['starting', 'playing', 'stalled', 'frozen', 'seeking', 'paused', 'ad', 'ended', 'failed'] as const;
/** Upper edges of the time-to-first-byte histogram; an eighth bucket holds the rest. */
export const TTFB_EDGES_MS = [50, 100, 200, 400, 800, 1600, 3200] as const;

export const playbackBeats = defineTable({
  name: 'PlaybackBeats',
  doc: 'Heartbeats: what happened in a session since the last heartbeat, with cumulative counters beside it.',
  fields: {
    ...identityFields,
    ...contextFields,
    state: { kind: 'string', oneOf: PLAYER_STATES, doc: 'State at the moment of the beat.', standard: 'CMCD sta' },
    intervalMs: { kind: 'real', required: true, min: 0, unit: 'ms', doc: 'Time this beat covers.' },
    startingMs: { kind: 'real', min: 0, unit: 'ms', doc: 'Interval time waiting for the first frame.' },
    playingMs: { kind: 'real', min: 0, unit: 'ms', doc: 'Interval time with a moving picture.' },
    stalledMs: { kind: 'real', min: 0, unit: 'ms', doc: 'Interval time in stalls.' },
    frozenMs: { kind: 'real', min: 0, unit: 'ms', doc: 'Interval time with a frozen picture and running sound.' },
    seekingMs: { kind: 'real', min: 0, unit: 'ms', doc: 'Interval time from seek to first frame.' },
    pausedMs: { kind: 'real', min: 0, unit: 'ms', doc: 'Interval time paused by the viewer.' },
    adMs: { kind: 'real', min: 0, unit: 'ms', doc: 'Interval time in advertisements.' },
    hiddenMs: { kind: 'real', min: 0, unit: 'ms', doc: 'Interval time with the page hidden; overlaps the others.' },
    intervalBits: { kind: 'real', min: 0, unit: 'bits', doc: 'Interval Σ bitrate · played time.' },
    intervalStalls: { kind: 'long', min: 0, unit: 'count', doc: 'Stalls that began in the interval.' },
    intervalFrames: { kind: 'long', min: 0, unit: 'frames', doc: 'Frames decoded in the interval.' },
    intervalDroppedFrames: { kind: 'long', min: 0, unit: 'frames', doc: 'Frames dropped in the interval.' },
    intervalBytes: { kind: 'long', min: 0, unit: 'bytes', doc: 'Media bytes loaded in the interval.' },
    segments: { kind: 'long', min: 0, unit: 'count', doc: 'Segments loaded in the interval.' },
    segmentErrors: { kind: 'long', min: 0, unit: 'count', doc: 'Segments that failed in the interval.' },
    segmentsSlow: { kind: 'long', min: 0, unit: 'count', doc: 'Segments that took longer to load than they play.' },
    ttfbHistogram: { kind: 'dynamic', doc: 'Counts of segments by time to first byte; edges 50, 100, 200, 400, 800, 1600, 3200 ms.' },
    throughputKbps: { kind: 'real', min: 0, unit: 'kbps', doc: 'Segment throughput of the interval: bytes over the time they took. Probes before 0.2: the median of the segments.', standard: 'CMCD mtp' },
    bufferMs: { kind: 'real', unit: 'ms', doc: 'Buffered media at the beat.', standard: 'CMCD bl' },
    bufferMinMs: { kind: 'real', unit: 'ms', doc: 'Least buffered media in the interval.' },
    latencyMs: { kind: 'real', unit: 'ms', doc: 'Mean live latency of the interval.', standard: 'CMCD ltc' },
    latencyMaxMs: { kind: 'real', unit: 'ms', doc: 'Largest live latency of the interval.' },
    latencyTargetMs: { kind: 'real', unit: 'ms', doc: 'Live latency the player aims at.' },
    playbackRate: { kind: 'real', unit: 'ratio', doc: 'Playback rate at the beat.', standard: 'CTA-2066 playbackRate, CMCD pr' },
    playerWidthPx: { kind: 'int', min: 0, unit: 'px', doc: 'Width of the player on the page.', standard: 'CTA-2066 playerWidth' },
    playerHeightPx: { kind: 'int', min: 0, unit: 'px', doc: 'Height of the player on the page.', standard: 'CTA-2066 playerHeight' },
    ...counterFields,
    props: { kind: 'dynamic', doc: 'Fields the dialect had and this schema does not.' },
  },
});
