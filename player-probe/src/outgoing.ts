import type { WireEvent } from '../../schema/probe-wire.ts';
import type { Fields } from './signals.ts';

/** Numbers a session's events. Until somebody asks for playback they are held: a page nobody plays on sends nothing. */
export class Outgoing {
  open = false;
  #n = 0;
  #held: Fields<WireEvent>[] = [];
  readonly #emit: (event: WireEvent) => void;

  constructor(emit: (event: WireEvent) => void) {
    this.#emit = emit;
  }

  tell(event: Fields<WireEvent>): void {
    if (this.open) this.#emit({ n: this.#n++, ...event } as WireEvent);
    else this.#held.push(event);
  }

  /** What happened before is told first, in the order in which it happened. */
  release(): void {
    this.open = true;
    for (const event of this.#held) this.tell(event);
    this.#held = [];
  }
}
