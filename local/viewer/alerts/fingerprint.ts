import type { Labels } from '../query/frames.ts';

const OFFSET = 0xcbf29ce484222325n;
const PRIME = 0x100000001b3n;
const MASK = (1n << 64n) - 1n;
const SEPARATOR = 0xff;

const encoder = new TextEncoder();

/** FNV-1a (64 bit) over the sorted labels, each name and value closed by 0xff, as 16 hex digits: Prometheus' label fingerprint. */
export function fingerprint(labels: Labels): string {
  let hash = OFFSET;
  const add = (byte: number): void => {
    hash = ((hash ^ BigInt(byte)) * PRIME) & MASK;
  };
  for (const [name, value] of Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    for (const text of [name, value]) {
      for (const byte of encoder.encode(text)) add(byte);
      add(SEPARATOR);
    }
  }
  return hash.toString(16).padStart(16, '0');
}
