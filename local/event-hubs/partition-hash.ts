// Which partition a key belongs to. Event Hubs hashes keys with Bob Jenkins' lookup3 (https://burtleburtle.net/bob/c/lookup3.c,
// public domain); its clients do the same, so an event reaches the same partition whoever chose it.

const rotate = (value: number, bits: number): number => (value << bits) | (value >>> (32 - bits));

const START = 0xdeadbeef;
const BLOCK_BYTES = 12;

/** Little-endian word at an offset; bytes beyond the end are 0. */
function word(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24);
}

type State = [a: number, b: number, c: number];

/** Rotations of the six steps that mix a block into the state, each on the next of a, b, c. */
const MIX = [4, 6, 8, 16, 19, 4] as const;

function mix(state: State): void {
  MIX.forEach((bits, step) => {
    const [own, before, after] = [step % 3, (step + 2) % 3, (step + 1) % 3];
    state[own] = ((state[own] ?? 0) - (state[before] ?? 0)) | 0;
    state[own] ^= rotate(state[before] ?? 0, bits);
    state[before] = ((state[before] ?? 0) + (state[after] ?? 0)) | 0;
  });
}

/** Rotations of the seven last steps, beginning with c. */
const FINISH = [14, 11, 25, 16, 4, 14, 24] as const;

function finish(state: State): void {
  FINISH.forEach((bits, step) => {
    const [own, before] = [(step + 2) % 3, (step + 1) % 3];
    state[own] = ((state[own] ?? 0) ^ (state[before] ?? 0)) | 0;
    state[own] = ((state[own] ?? 0) - rotate(state[before] ?? 0, bits)) | 0;
  });
}

/** Partition (0 to count − 1) of a key. */
export function partitionOfKey(key: string, partitionCount: number): number {
  const bytes = new TextEncoder().encode(key);
  const start = (START + bytes.length) | 0;
  const state: State = [start, start, start];
  let at = 0;
  const add = (): void => {
    for (let index = 0; index < 3; index++) state[index] = ((state[index] ?? 0) + word(bytes, at + 4 * index)) | 0;
  };
  for (; bytes.length - at > BLOCK_BYTES; at += BLOCK_BYTES) {
    add();
    mix(state);
  }
  if (bytes.length > at) {
    add();
    finish(state);
  }
  const short = ((state[2] ^ state[1]) << 16) >> 16;
  return Math.abs(short % partitionCount);
}
