/** Sizes are rounded up to this, so that calls of about the same size fit each other's memory, bytes. */
const STEP = 256 * 1024;

/**
 * Memory of calls that are over, for those to come. A call of thousands of rows is megabytes: fresh ones have to be mapped page by page,
 * and weigh on the garbage collector, which costs several times as much as filling them.
 */
export class CallMemory {
  readonly #most: number;
  readonly #spare: Buffer[] = [];

  /** @param most how many pieces are kept at most */
  constructor(most: number) {
    this.#most = most;
  }

  /** Memory of at least so many bytes; its content is whatever an earlier call has left. */
  take(bytes: number): Buffer {
    const fitting = this.#spare.findIndex(({ length }) => length >= bytes);
    const [found] = fitting === -1 ? [] : this.#spare.splice(fitting, 1);
    return found ?? Buffer.allocUnsafeSlow(Math.ceil(bytes / STEP) * STEP);
  }

  /** To be called when nothing reads the memory any more. */
  giveBack(memory: Buffer): void {
    this.#spare.push(memory);
    this.#spare.sort((a, b) => a.length - b.length);
    // Of too many the smallest goes: what comes next may be as large as what came before.
    if (this.#spare.length > this.#most) this.#spare.shift();
  }
}
