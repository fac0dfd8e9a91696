// Damage, chosen by a seeded generator: bytes, tokens, nesting, text, numbers, keys, compression, line ends.
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Random } from '../support/kusto-fuzz.ts';

type Mutation = (body: Buffer, random: Random, other: Buffer) => Buffer;

const NUMBERS = ['1e999', '-1e999', '9007199254740993', '-9007199254740993', '-0', '0.1e-400', '1e308', '18446744073709551616', '-1', '0', '1e-7', '00', '+1', '.5', '0x10', 'NaN', 'Infinity', '9'.repeat(400)]; // prettier-ignore
const VALUES = ['null', 'true', '[]', '{}', '""', '"\\ud800"', '"\\u0000"', '"\\u202e"', '{"__proto__":{"polluted":1}}', '{"constructor":{"prototype":{"polluted":1}}}', '[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]', '"2026-02-30T00:00:00Z"', '"2026-06-01T24:00:00Z"', '"203.0.113.9"', '"a@b.example"', '"=cmd|\'/c calc\'!A1"', '"\\r\\nforged: 1"', '"x\\u001b[2J"', '"*/ | take 1 //"', '1767225600000', '"\\uFEFF"', '"é"', '"🏳️‍🌈"']; // prettier-ignore
const KEYS = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'k', 'n', 't', 'v', 'h', 'e', 'sid', 'ip', 'vid', '', ' ', '\\u0000', 'a.b', '$ne', 'x'.repeat(300), 'props', 'redacted', 'eventId', 'tenant', 'batchId']; // prettier-ignore
const BYTES = [
  0x00, 0x0a, 0x0d, 0x09, 0x1b, 0x1f, 0x22, 0x5c, 0x7b, 0x7d, 0x5b, 0x5d, 0x2c, 0x3a, 0x80, 0xbf, 0xc0, 0xed, 0xef,
  0xf4, 0xff,
];
const TEXTS = ['\uFEFF', '\u2028', '\u0000', '#Fields: a b c\n', '#Version: 1.0\n', '{}', '}{', '\n\n\n', '\r\n', '//', '/* */', "'", 'é', '😀', '\t', ' '.repeat(200), 'x'.repeat(5000)]; // prettier-ignore

const at = (body: Buffer, random: Random): number => random.int(body.length + 1);
const spliced = (body: Buffer, from: number, to: number, middle: Buffer | string): Buffer =>
  Buffer.concat([body.subarray(0, from), typeof middle === 'string' ? Buffer.from(middle) : middle, body.subarray(to)]);

/** Replaces one match of a pattern; text is read as Latin-1 so that every byte stays what it is. */
function replaced(body: Buffer, pattern: RegExp, random: Random, change: (match: string) => string): Buffer {
  const text = body.toString('latin1');
  const matches = [...text.matchAll(pattern)];
  if (matches.length === 0) return body;
  const { 0: match, index } = random.pick(matches);
  const fresh = Buffer.from(change(match), 'utf8').toString('latin1');
  return Buffer.from(text.slice(0, index) + fresh + text.slice(index + match.length), 'latin1');
}

const NUMBER = /-?\d+(?:\.\d+)?(?=[,}\]\s])/g;
const STRING = /"(?:[^"\\]|\\.)*"/g;
const KEY = /"(?:[^"\\]|\\.)*"\s*:/g;
const VALUE = /:\s*("(?:[^"\\]|\\.)*"|-?\d[\d.]*|true|false|null)/g;

const mutations: readonly Mutation[] = [
  // Bytes.
  (body, random) => {
    const copy = Buffer.from(body);
    for (let flips = random.int(4); flips >= 0; flips--) {
      const place = random.int(copy.length || 1);
      if (place < copy.length) copy[place] = (copy[place] ?? 0) ^ (1 << random.int(8));
    }
    return copy;
  },
  (body, random) => spliced(body, at(body, random), body.length, ''),
  (body, random) => spliced(body, 0, at(body, random), ''),
  (body, random) => {
    const from = at(body, random);
    return spliced(body, from, Math.min(body.length, from + random.int(40)), '');
  },
  (body, random) => {
    const from = at(body, random);
    return spliced(body, from, from, Buffer.from([random.pick(BYTES), random.pick(BYTES)]));
  },
  (body, random) => {
    const from = at(body, random);
    return spliced(body, from, from, body.subarray(from, from + random.int(300)));
  },
  (body, random, other) => spliced(body, at(body, random), body.length, other.subarray(at(other, random))),
  // Tokens.
  (body, random) => replaced(body, NUMBER, random, () => random.pick(NUMBERS)),
  (body, random) => replaced(body, STRING, random, () => random.pick(VALUES)),
  (body, random) => replaced(body, VALUE, random, () => `:${random.pick([...VALUES, ...NUMBERS])}`),
  (body, random) => replaced(body, KEY, random, () => `"${random.pick(KEYS)}":`),
  (body, random) => replaced(body, KEY, random, (key) => `${key}${random.pick(VALUES)},${key}`),
  (body, random) => replaced(body, KEY, random, (key) => `"${random.pick(KEYS)}":${random.pick(VALUES)},${key}`),
  (body, random) => replaced(body, STRING, random, (text) => `"${'y'.repeat(random.int(20_000))}${text.slice(1)}`),
  (body, random) => replaced(body, /[{}[\],:]/g, random, () => random.pick(['{', '}', '[', ']', ',', ':', '"'])),
  (body, random) => replaced(body, /[ \t]/g, random, () => random.pick(['\t', ' ', '  ', ''])),
  // Nesting.
  (body, random) => {
    const depth = random.pick([10, 17, 65, 500, 5000]);
    const [open, close] = random.pick([['[', ']'], ['{"a":', '}']] as const); // prettier-ignore
    return replaced(
      body,
      VALUE,
      random,
      () => `:${open.repeat(depth)}1${random.int(3) === 0 ? '' : close.repeat(depth)}`,
    );
  },
  // Text.
  (body, random) => {
    const from = at(body, random);
    return spliced(body, from, from, random.pick(TEXTS));
  },
  (body, random) => replaced(body, /\n/g, random, () => random.pick(['\r\n', '\n\n', '', '\u2028', ' '])),
  (body, random) => Buffer.concat([body, Buffer.from(random.pick(['\n', '', ',', '\u0000'])), body]),
  (body, random) => Buffer.from(body.toString('latin1'), random.int(4) === 0 ? 'utf16le' : 'utf8'),
  // Compression.
  (body, random) => (random.int(4) === 0 ? gzipSync(gzipSync(body)) : gzipSync(body, { level: random.int(10) })),
  (body) => Buffer.concat([gzipSync(body), gzipSync(body)]),
  (body) => Buffer.concat([gzipSync(body), Buffer.from('trailing')]),
];

function isGzip(body: Buffer): boolean {
  return body[0] === 0x1f && body[1] === 0x8b;
}

/** One to four kinds of damage. What is compressed is damaged inside or outside. */
export function mutate(seed: Buffer, random: Random, other: Buffer): Buffer {
  let body = seed;
  const goesInside = isGzip(seed) && random.int(3) > 0;
  if (goesInside) body = gunzipSync(seed);
  for (let rounds = random.int(4); rounds >= 0; rounds--) body = random.pick(mutations)(body, random, other);
  if (body.length > 200_000) body = body.subarray(0, 200_000);
  return goesInside ? gzipSync(body, { level: 1 }) : body;
}
