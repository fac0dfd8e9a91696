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
    if (this.has(sequence)) return false;
    this.#all?.add(sequence);
    return true;
  }

  has(sequence: number): boolean {
    if (sequence > this.#last) return false;
    this.#all ??= new Set(this.#risen);
    return this.#all.has(sequence);
  }

  addAll(others: Sequences): void {
    for (const sequence of others.#all ?? others.#risen) this.add(sequence);
  }
}
