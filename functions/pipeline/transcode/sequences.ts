/** The sequence numbers of a session in one batch: mostly they rise, and then nothing has to be looked up. */
export class Sequences {
  readonly #risen: number[] = [];
  #last = -1;
  #all: Set<number> | undefined;

  /** False when the number is there already. */
  add(sequence: number): boolean {
    if (sequence > this.#last) {
      this.#last = sequence;
      this.#risen.push(sequence);
      this.#all?.add(sequence);
      return true;
    }
    this.#all ??= new Set(this.#risen);
    if (this.#all.has(sequence)) return false;
    this.#all.add(sequence);
    return true;
  }
}
