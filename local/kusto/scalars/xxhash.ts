// XXH64 with seed 0.

const MASK = (1n << 64n) - 1n;
const P1 = 0x9e3779b185ebca87n;
const P2 = 0xc2b2ae3d27d4eb4fn;
const P3 = 0x165667b19e3779f9n;
const P4 = 0x85ebca77c2b2ae63n;
const P5 = 0x27d4eb2f165667c5n;

function rotate(value: bigint, by: bigint): bigint {
  return ((value << by) | (value >> (64n - by))) & MASK;
}

function round(accumulator: bigint, lane: bigint): bigint {
  return (rotate((accumulator + lane * P2) & MASK, 31n) * P1) & MASK;
}

function mergeRound(hash: bigint, accumulator: bigint): bigint {
  return ((hash ^ round(0n, accumulator)) * P1 + P4) & MASK;
}

function stripes(bytes: Buffer): bigint {
  let v = [(P1 + P2) & MASK, P2, 0n, -P1 & MASK];
  for (let at = 0; at + 32 <= bytes.length; at += 32)
    v = v.map((lane, i) => round(lane, bytes.readBigUInt64LE(at + 8 * i)));
  const [a = 0n, b = 0n, c = 0n, d = 0n] = v;
  return v.reduce(mergeRound, (rotate(a, 1n) + rotate(b, 7n) + rotate(c, 12n) + rotate(d, 18n)) & MASK);
}

function tail(bytes: Buffer, from: number, start: bigint): bigint {
  let hash = start;
  let at = from;
  for (; at + 8 <= bytes.length; at += 8)
    hash = (rotate(hash ^ round(0n, bytes.readBigUInt64LE(at)), 27n) * P1 + P4) & MASK;
  if (at + 4 <= bytes.length) {
    hash = (rotate(hash ^ ((BigInt(bytes.readUInt32LE(at)) * P1) & MASK), 23n) * P2 + P3) & MASK;
    at += 4;
  }
  for (; at < bytes.length; at++) hash = (rotate(hash ^ ((BigInt(bytes[at] as number) * P5) & MASK), 11n) * P1) & MASK;
  return hash;
}

/** XXH64 of the bytes as a signed 64-bit integer. */
export function xxHash64(bytes: Buffer): bigint {
  const start = bytes.length >= 32 ? stripes(bytes) : P5;
  let hash = tail(bytes, bytes.length - (bytes.length % 32), (start + BigInt(bytes.length)) & MASK);
  hash = ((hash ^ (hash >> 33n)) * P2) & MASK;
  hash = ((hash ^ (hash >> 29n)) * P3) & MASK;
  return BigInt.asIntN(64, hash ^ (hash >> 32n));
}
