import type { Failure, Kind, Load } from './signals.ts';

const AFTER_SEEK_MS = 2000;
const TROUBLE_MS = 10_000;
const DECODE_BUFFER_MS = 1000;

/** Remembers what went wrong lately, to name the cause of a stall and to tell a passing error from a fatal one. */
export class Blame {
  /** The last error that nothing has disproved yet. */
  failure: Failure | undefined;
  cdn: string | undefined;
  seekEnd = -Infinity;
  #troubleAt = -Infinity;

  /** A segment came or failed. Returns the CDN that was left, if this one came from another. */
  load(now: number, { failed, cdn, ty }: Load): string | undefined {
    if (failed) {
      this.#troubleAt = now;
      return undefined;
    }
    if (this.failure?.ty === ty) this.failure = undefined;
    const left = this.cdn;
    if (!cdn || cdn === left) return undefined;
    this.cdn = cdn;
    if (left) this.#troubleAt = now;
    return left;
  }

  /** Why a stall began, from the buffer (ms) and the age of the oldest open request (ms). */
  cause(now: number, bufferMs: number, pendingMs: number | undefined): Kind<'stall'>['cause'] {
    if (now - this.seekEnd < AFTER_SEEK_MS) return 'seek';
    if (bufferMs > DECODE_BUFFER_MS) return 'decode';
    if (now - this.#troubleAt < TROUBLE_MS) return 'cdn';
    return pendingMs === undefined ? 'unknown' : 'network';
  }
}
