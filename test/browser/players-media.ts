import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

// The demo's DASH clip in other clothes: HLS playlists over the very same segments, and one progressive file.

const CLIP = fileURLToPath(new URL('../../player-probe/demo/clip/', import.meta.url));
const AUDIO = '3';
const SEGMENT_S = 2;
const CRUMB_S = 0.1;

const segmentsOf = (id: string) =>
  readdirSync(CLIP)
    .filter((name) => name.startsWith(`${id}-`))
    .sort();

/** Rungs as clip.mpd describes them. */
function rungs(): { id: string; bandwidth: string; width: string; height: string; codecs: string }[] {
  const mpd = readFileSync(`${CLIP}clip.mpd`, 'utf8');
  const attribute = (text: string, name: string) => new RegExp(` ${name}="([^"]+)"`).exec(text)?.[1] ?? '';
  return [...mpd.matchAll(/<Representation[^>]+>/g)].map(([text]) => ({
    id: attribute(text, 'id'),
    bandwidth: attribute(text, 'bandwidth'),
    width: attribute(text, 'width'),
    height: attribute(text, 'height'),
    codecs: attribute(text, 'codecs'),
  }));
}

/** Seconds of media in a segment, as its own index (version 1) tells. */
function durationOf(name: string): number {
  const data = readFileSync(CLIP + name);
  const at = data.indexOf('sidx', 0, 'latin1');
  return data.readUInt32BE(at + 40) / data.readUInt32BE(at + 12);
}

function mediaPlaylist(id: string): string {
  // The sound's last crumb of 9 ms is left out: hls.js takes it for not yet buffered and never ends the stream.
  const names = segmentsOf(id).filter((name) => durationOf(name) > CRUMB_S);
  const lines = names.map((name) => `#EXTINF:${durationOf(name).toFixed(3)},\n${name}`);
  const head = ['#EXTM3U', '#EXT-X-VERSION:7', `#EXT-X-TARGETDURATION:${SEGMENT_S + 1}`, '#EXT-X-PLAYLIST-TYPE:VOD'];
  return [...head, `#EXT-X-MAP:URI="init-${id}.m4s"`, ...lines, '#EXT-X-ENDLIST', ''].join('\n');
}

/** Name → playlist; they lie beside the segments. */
export function hlsPlaylists(): Record<string, string> {
  const all = rungs();
  const audio = all.find(({ id }) => id === AUDIO)!;
  const video = all.filter(({ id }) => id !== AUDIO);
  const variants = video.map(
    ({ id, bandwidth, width, height, codecs }) =>
      `#EXT-X-STREAM-INF:BANDWIDTH=${bandwidth},RESOLUTION=${width}x${height},CODECS="${codecs},${audio.codecs}",AUDIO="a"\n${id}.m3u8`,
  );
  const group = `#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="sound",DEFAULT=YES,AUTOSELECT=YES,URI="${AUDIO}.m3u8"`;
  return {
    'master.m3u8': ['#EXTM3U', '#EXT-X-VERSION:7', group, ...variants, ''].join('\n'),
    ...Object.fromEntries(all.map(({ id }) => [`${id}.m3u8`, mediaPlaylist(id)])),
  };
}

/** The boxes of `data`, each with its header. */
function boxesOf(data: Buffer): { type: string; bytes: Buffer }[] {
  const boxes = [];
  for (let at = 0; at < data.length;) {
    const size = data.readUInt32BE(at);
    boxes.push({ type: data.toString('latin1', at + 4, at + 8), bytes: data.subarray(at, at + size) });
    at += size;
  }
  return boxes;
}

/** ISO/IEC 14496-12 §8.16.3: where each fragment lies, so that the browser can seek. */
function segmentIndex(fragments: Buffer[], timescale: number): Buffer {
  const box = Buffer.alloc(32 + 12 * fragments.length);
  box.writeUInt32BE(box.length, 0);
  box.write('sidx', 4, 'latin1');
  box.writeUInt32BE(1, 12); // track
  box.writeUInt32BE(timescale, 16);
  box.writeUInt16BE(fragments.length, 30);
  for (const [i, { length }] of fragments.entries()) {
    const at = 32 + 12 * i;
    box.writeUInt32BE(length, at);
    box.writeUInt32BE(SEGMENT_S * timescale, at + 4);
    box.writeUInt32BE(0x90000000, at + 8); // starts with a SAP of type 1
  }
  return box;
}

/** The highest rung as one fragmented MP4: picture without sound. */
export function progressiveFile(id = '2'): Buffer {
  const init = readFileSync(`${CLIP}init-${id}.m4s`);
  const timescale = init.readUInt32BE(init.indexOf('mdhd', 0, 'latin1') + 16);
  const fragments = segmentsOf(id).map((name) =>
    Buffer.concat(
      boxesOf(readFileSync(CLIP + name))
        .filter(({ type }) => type === 'moof' || type === 'mdat')
        .map(({ bytes }) => bytes),
    ),
  );
  return Buffer.concat([init, segmentIndex(fragments, timescale), ...fragments]);
}
