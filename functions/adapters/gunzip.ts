import { pipeline, Readable } from 'node:stream';
import { constants, createGunzip, type Gunzip } from 'node:zlib';

// gzip → content, in bounded memory. Node's streams make new memory for every piece that comes out: a gigabyte passes as garbage
// that the engine does not see, and is as much as sixty megabytes at a time before it is collected. Here two pieces of memory
// take turns, and inflating costs half. For that zlib is driven as its own synchronous calls drive it, by parts of the stream
// that are not documented; where a later Node has others, the stream does the work.

/** Large pieces: Node's default makes inflating three times as slow. */
const PIECE_BYTES = 128 * 1024;
const NOTHING = Buffer.alloc(0);

/** What `gunzipSync` uses of a stream. */
interface Insides {
  readonly _handle?: {
    writeSync?(
      flush: number,
      input: Uint8Array,
      inputAt: number,
      inputLength: number,
      output: Uint8Array,
      outputAt: number,
      outputLength: number,
    ): void;
  } | null;
  /** After a call: what is left of the output's room, and of the input. */
  readonly _writeState?: Uint32Array;
}

/** Inflates input into memory; says what is left of room and input. */
type Step = (flush: number, input: Uint8Array, at: number, output: Uint8Array) => { room: number; left: number };

function stepOf(gunzip: Gunzip): Step | undefined {
  const { _handle: handle, _writeState: state } = gunzip as unknown as Insides;
  if (typeof handle?.writeSync !== 'function' || !(state instanceof Uint32Array)) return undefined;
  // Errors are thrown where they arise.
  gunzip.on('error', () => undefined);
  return (flush, input, at, output) => {
    handle.writeSync?.(flush, input, at, input.length - at, output, 0, output.length);
    if (gunzip.errored) throw gunzip.errored;
    return { room: state[0] ?? 0, left: state[1] ?? 0 };
  };
}

/** By Node's stream. Exported for the test that holds both ways against each other. */
export async function* streamed(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip({ chunkSize: PIECE_BYTES });
  // Errors of either side surface where the output is read.
  pipeline(Readable.from(source, { objectMode: false }), gunzip, () => undefined);
  try {
    yield* gunzip as AsyncIterable<Buffer>;
  } finally {
    gunzip.destroy();
  }
}

async function* stepped(source: AsyncIterable<Uint8Array>, step: Step): AsyncGenerator<Uint8Array> {
  let output = Buffer.allocUnsafeSlow(PIECE_BYTES);
  let other = Buffer.allocUnsafeSlow(PIECE_BYTES);
  /** What one input gives. */
  function* pieces(flush: number, input: Uint8Array): Generator<Uint8Array, boolean> {
    for (let at = 0; ;) {
      const { room, left } = step(flush, input, at, output);
      if (room < output.length) {
        const piece = output.subarray(0, output.length - room);
        [output, other] = [other, output];
        yield piece;
      }
      // Something stands behind the end that is no gzip: zeros, as tapes have them.
      if (room > 0) return left === 0;
      at = input.length - left;
    }
  }
  for await (const input of source) if (!(yield* pieces(constants.Z_NO_FLUSH, input))) return;
  yield* pieces(constants.Z_FINISH, NOTHING);
}

/**
 * Inflates gzip, of one member or several. A piece stands until the one after the next is asked for.
 * @throws what zlib says when the data is broken or ends too soon (codes `Z_…`), after all that could be read
 */
export async function* gunzipped(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  // The stream's own memory is not used.
  const gunzip = createGunzip({ chunkSize: constants.Z_MIN_CHUNK });
  const step = stepOf(gunzip);
  try {
    yield* step ? stepped(source, step) : streamed(source);
  } finally {
    gunzip.destroy();
  }
}
