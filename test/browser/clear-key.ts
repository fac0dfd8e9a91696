import { createCipheriv } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { hlsPlaylists } from './players-media.ts';

// The demo's clip with its picture encrypted (ISO/IEC 23001-7 `cenc`, AES-CTR), packaged as it is asked for, and a licence
// server for the key system that every browser has: https://www.w3.org/TR/encrypted-media-2/#clear-key

const CLIP = new URL('../../player-probe/demo/clip/', import.meta.url);
const KID = Buffer.from('f2a1c40e5b7d4d0e9a6b1f3c2d4e5f60', 'hex');
const KEY = Buffer.from('8c1d5e2f7a3b4c6d9e0f1a2b3c4d5e6f', 'hex');
/** System of boxes that every key system reads: https://www.w3.org/TR/eme-initdata-cenc/#common-system */
const COMMON = Buffer.from('1077efecc0b24d02ace33c1e52e2fb4b', 'hex');
const UUID = KID.toString('hex').replace(/(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
const SOUND = '3';
const NESTS = new Set(['moov', 'trak', 'mdia', 'minf', 'stbl', 'moof', 'traf', 'mvex']);
/** Header of a box; of a VisualSampleEntry all that comes before its boxes. */
const HEAD = 8;
const ENTRY = 86;
const BLOCK = 16;
/** Of a slice so much stays clear that its header does. */
const CLEAR = 48;
/** Coded slices of H.264. */
const SLICES = new Set([1, 5]);

interface Box {
  type: string;
  /** What is in it: other boxes, or bytes. */
  boxes?: Box[];
  bytes?: Buffer;
}

const u16 = (value: number) => Buffer.from([value >> 8, value & 255]);
const u32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

function parse(data: Buffer): Box[] {
  const boxes: Box[] = [];
  for (let at = 0; at < data.length;) {
    const size = data.readUInt32BE(at);
    const type = data.toString('latin1', at + 4, at + HEAD);
    const bytes = data.subarray(at + HEAD, at + size);
    boxes.push(NESTS.has(type) ? { type, boxes: parse(bytes) } : { type, bytes });
    at += size;
  }
  return boxes;
}

function write(boxes: Box[]): Buffer {
  return Buffer.concat(
    boxes.flatMap(({ type, boxes: inner, bytes = write(inner ?? []) }) => [
      u32(bytes.length + HEAD),
      Buffer.from(type, 'latin1'),
      bytes,
    ]),
  );
}

function find(boxes: Box[], ...path: string[]): Box {
  const [first, ...rest] = path;
  const box = boxes.find(({ type }) => type === first);
  if (!box) throw new Error(`no ${first}`);
  return rest.length ? find(box.boxes ?? [], ...rest) : box;
}

/** `avc1` becomes `encv` with what says how it is protected. */
function encryptInit(data: Buffer): Buffer {
  const boxes = parse(data);
  const table = find(boxes, 'moov', 'trak', 'mdia', 'minf', 'stbl', 'stsd');
  const entry = table.bytes!.subarray(HEAD);
  const tenc = Buffer.concat([u32(0), Buffer.from([0, 0, 1, 8]), KID]);
  const sinf: Box = {
    type: 'sinf',
    boxes: [
      { type: 'frma', bytes: Buffer.from('avc1') },
      { type: 'schm', bytes: Buffer.concat([u32(0), Buffer.from('cenc'), u32(0x10000)]) },
      { type: 'schi', boxes: [{ type: 'tenc', bytes: tenc }] },
    ],
  };
  const encv: Box = {
    type: 'encv',
    bytes: Buffer.concat([entry.subarray(HEAD, ENTRY), entry.subarray(ENTRY), write([sinf])]),
  };
  table.bytes = Buffer.concat([table.bytes!.subarray(0, HEAD), write([encv])]);
  // hls.js waits for the element to say `encrypted`, which Chromium does only for this box.
  const pssh = Buffer.concat([u32(0x1000000), COMMON, u32(1), KID, u32(0)]);
  find(boxes, 'moov').boxes!.push({ type: 'pssh', bytes: pssh });
  return write(boxes);
}

/** Clear and protected bytes of a sample in turn; each slice's header and everything else stays clear. */
function subsamplesOf(sample: Buffer): [clear: number, secret: number][] {
  const parts: [number, number][] = [];
  let clear = 0;
  for (let at = 0; at < sample.length;) {
    const size = sample.readUInt32BE(at) + 4;
    const isSlice = SLICES.has(sample[at + 4]! & 31);
    const secret = isSlice ? Math.max(0, Math.floor((size - CLEAR) / BLOCK) * BLOCK) : 0;
    clear += size - secret;
    if (secret) parts.push([clear, secret]);
    if (secret) clear = 0;
    at += size;
  }
  if (clear) parts.push([clear, 0]);
  return parts;
}

function encryptSample(sample: Buffer, iv: Buffer): Buffer {
  const cipher = createCipheriv('aes-128-ctr', KEY, Buffer.concat([iv, Buffer.alloc(8)]));
  const parts = subsamplesOf(sample);
  let at = 0;
  for (const [clear, secret] of parts) {
    at += clear;
    cipher.update(sample.subarray(at, at + secret)).copy(sample, at);
    at += secret;
  }
  return Buffer.concat([iv, u16(parts.length), ...parts.flatMap(([clear, secret]) => [u16(clear), u32(secret)])]);
}

/** Sizes of a fragment's samples, which `trun` gives with data offset and first-sample flags before them. */
const sizesOf = ({ bytes }: Box) =>
  Array.from({ length: bytes!.readUInt32BE(4) }, (_, i) => bytes!.readUInt32BE(16 + 4 * i));

function encryptSegment(data: Buffer, number: number): Buffer {
  // Its index counts bytes that change, and no player needs it.
  const boxes = parse(data).filter(({ type }) => type !== 'sidx');
  const moof = find(boxes, 'moof');
  const traf = find(moof.boxes!, 'traf');
  const media = find(boxes, 'mdat').bytes!;
  const run = find(traf.boxes!, 'trun');
  let at = 0;
  const auxiliary = sizesOf(run).map((size, i) => {
    const sample = media.subarray(at, (at += size));
    return encryptSample(sample, Buffer.concat([u32(number), u32(i)]));
  });
  const senc = Buffer.concat([u32(2), u32(auxiliary.length), ...auxiliary]);
  const sizes = Buffer.from(auxiliary.map(({ length }) => length));
  const offset = u32(0);
  traf.boxes!.push(
    { type: 'saiz', bytes: Buffer.concat([u32(0), Buffer.from([0]), u32(sizes.length), sizes]) },
    { type: 'saio', bytes: Buffer.concat([u32(0), u32(1), offset]) },
    { type: 'senc', bytes: senc },
  );
  // `saio` counts from the first byte of `moof` to the first entry of `senc`, which is the last box; `trun` to the media.
  const size = write([moof]).length;
  const saio = find(traf.boxes!, 'saio').bytes!;
  saio.writeUInt32BE(size - senc.length + 8, 8);
  run.bytes!.writeInt32BE(size + HEAD, 8);
  return write(boxes);
}

const protection = `<ContentProtection schemeIdUri="urn:mpeg:dash:mp4protection:2011" value="cenc" cenc:default_KID="${UUID}" xmlns:cenc="urn:mpeg:cenc:2013"/>
<ContentProtection schemeIdUri="urn:uuid:e2719d58-a985-b3c9-781a-b030af78d30e" value="ClearKey1.0"/>`;

/** Name → file beside which the rest is found. */
function manifestOf(name: string): string | undefined {
  if (name === 'clip.mpd')
    return readFileSync(new URL(name, CLIP), 'utf8').replace(/(<AdaptationSet id="0"[^>]*>)/, `$1${protection}`);
  const list = hlsPlaylists()[name];
  const tag = `#EXT-X-KEY:METHOD=SAMPLE-AES-CTR,URI="skd://${UUID}",KEYID=0x${KID.toString('hex')},KEYFORMAT="org.w3.clearkey",KEYFORMATVERSIONS="1"\n`;
  return /^[012]\./.test(name) ? list?.replace('#EXT-X-MAP', `${tag}#EXT-X-MAP`) : list;
}

const TYPES: Record<string, string> = { mpd: 'application/dash+xml', m3u8: 'application/vnd.apple.mpegurl' };

/** What a player asked a licence server, and how long it then waited, ms. */
export interface LicenceServer {
  /** Each answered by then. */
  asked: { player: string; ms: number }[];
  delayMs: number;
  /** 200: with the key. */
  status: number;
  answer: (req: IncomingMessage, res: ServerResponse) => boolean;
}

/** Where the clip is; the licence server is at `licence/<player>` there. */
export const SECRET = '/secret/';

export function createLicenceServer(): LicenceServer {
  const licence = async (req: IncomingMessage, res: ServerResponse, player: string) => {
    const at = performance.now();
    const { kids = [] } = JSON.parse(await text(req)) as { kids?: string[] };
    await sleep(server.delayMs);
    const kid = KID.toString('base64url');
    const keys = kids.includes(kid) ? [{ kty: 'oct', kid, k: KEY.toString('base64url') }] : [];
    res.writeHead(server.status, { 'content-type': 'application/json' });
    res.end(server.status === 200 ? JSON.stringify({ keys, type: 'temporary' }) : '');
    server.asked.push({ player, ms: performance.now() - at });
  };
  const server: LicenceServer = {
    asked: [],
    delayMs: 0,
    status: 200,
    answer: (req, res) => {
      const path = (req.url ?? '').split('?')[0]!;
      if (!path.startsWith(SECRET)) return false;
      const name = path.slice(SECRET.length);
      const [, player] = /^licence\/(\w+)$/.exec(name) ?? [];
      const [, kind, track = '', number] = /^(init-)?(\d)(?:-(\d+))?\.m4s$/.exec(name) ?? [];
      const manifest = manifestOf(name);
      if (player) void licence(req, res, player);
      else if (manifest) res.writeHead(200, { 'content-type': TYPES[name.split('.')[1]!] }).end(manifest);
      else if (!track) return false;
      else {
        const file = readFileSync(new URL(name, CLIP));
        const isClear = track === SOUND;
        res
          .writeHead(200, { 'content-type': 'video/mp4', 'timing-allow-origin': '*' })
          .end(isClear ? file : kind ? encryptInit(file) : encryptSegment(file, Number(number)));
      }
      return true;
    },
  };
  return server;
}
