import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { TokenBucket } from '../../../local/demo/token-bucket.ts';
import { hlsPlaylists } from '../players-media.ts';

// The committed clip in a loop: as a live channel that began a while ago, where a segment is there as soon as it is over, and
// as a film of which that much is there at once.

const CLIP = new URL('../../../player-probe/demo/clip/', import.meta.url);
const SEGMENT_S = 2;
const LOOP = 18;
const CHUNK_BYTES = 1024;
const PATH = /^\/live\/((?:live|film)\.mpd|(?:live|\d)\.m3u8|init-(\d)\.m4s|(\d)-(\d+)\.m4s)$/;
/** Segments that a playlist lists. */
const WINDOW = 8;

export interface LiveOrigin {
  /** Epoch ms at which the presentation's time is 0. */
  startedAt: number;
  /** Where a player finds the channel, and the film. */
  path: string;
  film: string;
  hls: string;
  /** Number of the first segment of the first playlist that was asked for: there hls.js has its zero. */
  firstListed: number | undefined;
  line: TokenBucket;
  answer: (req: IncomingMessage, res: ServerResponse) => boolean;
}

/** Units a second of a track, from its header box (ISO/IEC 14496-12, `mdhd` version 0). */
const timescaleOf = (track: string): number => {
  const head = readFileSync(new URL(`init-${track}.m4s`, CLIP));
  return head.readUInt32BE(head.indexOf('mdhd') + 16);
};

/** Segment `n` of the endless channel: a segment of the clip with its decode time (`tfdt` version 1) moved on by the loops. */
function segment(track: string, n: number): Buffer {
  const loops = Math.floor((n - 1) / LOOP);
  const name = `${track}-${String(((n - 1) % LOOP) + 1).padStart(3, '0')}.m4s`;
  const body = readFileSync(new URL(name, CLIP));
  const at = body.indexOf('tfdt') + 8;
  const shift = loops * LOOP * SEGMENT_S * timescaleOf(track);
  body.writeBigUInt64BE(body.readBigUInt64BE(at) + BigInt(shift), at);
  return body;
}

const vod = (): string => readFileSync(new URL('clip.mpd', CLIP), 'utf8').replaceAll('$Number%03d$', '$Number$');

const film = (ageS: number): string =>
  vod().replace(/(mediaPresentationDuration=)"[^"]*"/, `$1"PT${Math.floor(ageS / SEGMENT_S) * SEGMENT_S}S"`);

function channel(startedAt: number): string {
  const start = new Date(startedAt).toISOString();
  return vod()
    .replace('type="static"', `type="dynamic" availabilityStartTime="${start}" minimumUpdatePeriod="PT10S"`)
    .replace(/mediaPresentationDuration="[^"]*"/, 'timeShiftBufferDepth="PT20S"');
}

/** The channel's playlists: the master is that of the clip. */
function playlist(name: string, startedAt: number): { text: string; first: number } {
  if (name === 'live.m3u8') return { text: hlsPlaylists()['master.m3u8']!, first: 0 };
  const last = Math.floor((Date.now() - startedAt) / 1000 / SEGMENT_S);
  const first = Math.max(1, last - WINDOW + 1);
  const track = name[0]!;
  const dated = (n: number) => new Date(startedAt + (n - 1) * SEGMENT_S * 1000).toISOString();
  const lines = Array.from({ length: last - first + 1 }, (_, i) => `#EXTINF:${SEGMENT_S},\n${track}-${first + i}.m4s`);
  const head = ['#EXTM3U', '#EXT-X-VERSION:7', `#EXT-X-TARGETDURATION:${SEGMENT_S}`, `#EXT-X-MEDIA-SEQUENCE:${first}`];
  const map = [`#EXT-X-MAP:URI="init-${track}.m4s"`, `#EXT-X-PROGRAM-DATE-TIME:${dated(first)}`];
  return { text: [...head, ...map, ...lines, ''].join('\n'), first };
}

/** `ageS`: what has been broadcast already; from 36 s on the clip has begun again. */
export function createLiveOrigin(ageS: number): LiveOrigin {
  const startedAt = Date.now() - ageS * 1000;
  const line = new TokenBucket();
  const send = async (res: ServerResponse, body: Uint8Array) => {
    res.writeHead(200, { 'cache-control': 'no-store', 'timing-allow-origin': '*' });
    for (let at = 0; at < body.length && !res.destroyed; at += CHUNK_BYTES) {
      await line.take(CHUNK_BYTES);
      res.write(body.subarray(at, at + CHUNK_BYTES));
    }
    res.end();
  };
  const origin: LiveOrigin = {
    startedAt,
    path: '/live/live.mpd',
    film: '/live/film.mpd',
    hls: '/live/live.m3u8',
    firstListed: undefined,
    line,
    answer: (req, res) => {
      const [, name, head, track, number] = PATH.exec((req.url ?? '').split('?')[0]!) ?? [];
      if (!name) return false;
      if (name.endsWith('.m3u8')) {
        const { text, first } = playlist(name, startedAt);
        origin.firstListed ??= first || undefined;
        res.writeHead(200, { 'content-type': 'application/vnd.apple.mpegurl', 'cache-control': 'no-store' }).end(text);
      } else if (head) void send(res, readFileSync(new URL(name, CLIP)));
      else if (!track)
        res
          .writeHead(200, { 'content-type': 'application/dash+xml' })
          .end(name.startsWith('film') ? film(ageS) : channel(startedAt));
      else if (Date.now() < startedAt + Number(number) * SEGMENT_S * 1000) res.writeHead(404).end();
      else void send(res, segment(track, Number(number)));
      return true;
    },
  };
  return origin;
}
