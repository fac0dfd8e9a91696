import type { Fields } from './spec.ts';

// Who, what, where and when: the columns that PlaybackEvents and PlaybackBeats share.

export const STREAM_TYPES = ['vod', 'live', 'lowLatencyLive'] as const;
export const DEVICE_TYPES = ['desktop', 'mobile', 'tablet', 'tv', 'console', 'other'] as const;
/** `corrected`: shifted by the client's clock offset. `replaced`: outside −30 d … +60 s, so the receive time stands in. */
export const TIME_FLAGS = ['corrected', 'replaced'] as const;

export const identityFields = {
  eventId: { kind: 'string', required: true, maxLength: 200, doc: 'Deduplication key: session id and sequence number, `sid:n`; for blobs without own ids a hash of blob and line.' },
  sessionId: { kind: 'string', required: true, maxLength: 128, doc: 'One playback: a viewer’s intent to watch one content.', standard: 'CMCD sid' },
  sequence: { kind: 'long', required: true, min: 0, doc: 'Counts the events of a session from 0; a gap is a loss.', standard: 'CMCD sn' },
  eventTime: { kind: 'datetime', required: true, doc: 'When it happened, on the server’s clock.' },
  receivedAt: { kind: 'datetime', required: true, doc: 'When the batch reached the front door, on the server’s clock.' },
  timeFlag: { kind: 'string', oneOf: TIME_FLAGS, doc: 'How eventTime differs from what the client claimed; empty when it does not.' },
  clockSkewMs: { kind: 'real', unit: 'ms', doc: 'Receive time minus the client’s `sent`: the client’s clock offset plus the network’s delay.' },
  batchId: { kind: 'string', required: true, maxLength: 200, doc: 'The row of IngestLedger that accounts for this event.' },
  tenant: { kind: 'string', required: true, maxLength: 64, doc: 'The owner of the write key or of the blob container.' },
  source: { kind: 'string', required: true, maxLength: 32, doc: 'The dialect that parsed the event: probe, acme, …' },
  schemaVersion: { kind: 'int', required: true, min: 1, doc: 'Version of this schema at the time of writing.' },
} as const satisfies Fields;

export const contextFields = {
  contentId: { kind: 'string', maxLength: 128, doc: 'What is played.', standard: 'CTA-2066 contentId, CMCD cid' },
  contentTitle: { kind: 'string', maxLength: 256, doc: 'Title of the content, when the application gives one.' },
  streamType: { kind: 'string', oneOf: STREAM_TYPES, doc: 'On demand, live or low-latency live.', standard: 'CMCD st' },
  viewerId: { kind: 'string', maxLength: 64, pii: 'pseudonym', doc: 'Daily-salted pseudonym of the viewer; empty without consent.' },
  appName: { kind: 'string', maxLength: 64, doc: 'The embedding application.' },
  appVersion: { kind: 'string', maxLength: 64, doc: 'Release of the embedding application.' },
  playerName: { kind: 'string', maxLength: 64, doc: 'Player library.' },
  playerVersion: { kind: 'string', maxLength: 64, doc: 'Player library version.' },
  probeVersion: { kind: 'string', maxLength: 32, doc: 'Version of the Framewatch probe.' },
  cdn: { kind: 'string', maxLength: 64, doc: 'The CDN that served the media (DASH serviceLocation).', standard: 'CMCD cdn' },
  country: { kind: 'string', maxLength: 2, pii: 'coarse', doc: 'ISO 3166-1 alpha-2.' },
  region: { kind: 'string', maxLength: 64, pii: 'coarse', doc: 'First-level subdivision, ISO 3166-2 where known.' },
  city: { kind: 'string', maxLength: 96, pii: 'coarse', doc: 'City, when the source says it.' },
  asn: { kind: 'long', min: 0, max: 4294967295, pii: 'coarse', doc: 'Autonomous system number of the viewer’s network.' },
  geoSource: { kind: 'string', maxLength: 32, doc: 'Which source answered country, region, city and asn: edge-header, payload, …' },
  deviceType: { kind: 'string', oneOf: DEVICE_TYPES, doc: 'Device class.' },
  os: { kind: 'string', maxLength: 48, doc: 'Operating system.' },
  browser: { kind: 'string', maxLength: 48, doc: 'Browser family.' },
  sampleRate: { kind: 'real', min: 0, max: 1, unit: 'ratio', doc: 'Share of sessions that the probe was told to measure; weight is its inverse.' },
  clientDropped: { kind: 'long', min: 0, unit: 'count', doc: 'Events the client has dropped so far in this session, by its own count.' },
  sessionTimeMs: { kind: 'real', unit: 'ms', doc: 'Time since the start of the session, on the client’s monotonic clock.' },
  playheadMs: { kind: 'real', unit: 'ms', doc: 'Media position.' },
  bitrateKbps: { kind: 'real', min: 0, unit: 'kbps', doc: 'Video bitrate of the rendition on screen, as the manifest declares it.', standard: 'CTA-2066 videoReportedBitrate' },
  widthPx: { kind: 'int', min: 0, unit: 'px', doc: 'Width of the rendered video.', standard: 'CTA-2066 encodedVideoWidth' },
  heightPx: { kind: 'int', min: 0, unit: 'px', doc: 'Height of the rendered video.', standard: 'CTA-2066 encodedVideoHeight' },
} as const satisfies Fields;

/** Since the start of the session. They survive lost batches: the newest row has all. */
export const counterFields = {
  stallCount: { kind: 'long', min: 0, unit: 'count', doc: 'Stalls so far.', standard: 'CTA-2066 playbackStallCount' },
  stallMs: { kind: 'real', min: 0, unit: 'ms', doc: 'Stalled time so far, startup and seeks excluded.', standard: 'CTA-2066 playbackStallDuration, CMCD bsda' },
  freezeCount: { kind: 'long', min: 0, unit: 'count', doc: 'Frozen pictures with running sound so far.' },
  freezeMs: { kind: 'real', min: 0, unit: 'ms', doc: 'Time with a frozen picture so far, stalls excluded.' },
  seekCount: { kind: 'long', min: 0, unit: 'count', doc: 'Seeks so far.' },
  seekMs: { kind: 'real', min: 0, unit: 'ms', doc: 'Time from seek to first frame so far.' },
  playMs: { kind: 'real', min: 0, unit: 'ms', doc: 'Time with a moving picture so far.' },
  watchMs: { kind: 'real', min: 0, unit: 'ms', doc: 'Watched time so far: startup, play, stalls and seeks; user pauses excluded.', standard: 'CTA-2066 watchedTime' },
  playedBits: { kind: 'real', min: 0, unit: 'bits', doc: 'Σ bitrate · played time so far.', standard: 'CTA-2066 bitsPlayed' },
  droppedFrames: { kind: 'long', min: 0, unit: 'frames', doc: 'Frames decoded but not shown so far.', standard: 'CMCD dfa' },
  totalFrames: { kind: 'long', min: 0, unit: 'frames', doc: 'Frames decoded so far.' },
  errorCount: { kind: 'long', min: 0, unit: 'count', doc: 'Errors so far.' },
  switchesUp: { kind: 'long', min: 0, unit: 'count', doc: 'Rendered switches to a higher rendition so far.' },
  switchesDown: { kind: 'long', min: 0, unit: 'count', doc: 'Rendered switches to a lower rendition so far.' },
} as const satisfies Fields;
