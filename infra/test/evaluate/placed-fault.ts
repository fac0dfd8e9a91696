import type { Place } from './values.ts';

/** What is wrong with an expression, and where. */
export class PlacedFault extends Error {
  readonly place: Place;
  readonly expected: string;
  readonly got: string;
  readonly kind: 'cycle' | 'evaluation';

  constructor(place: Place, expected: string, got: string, kind: 'cycle' | 'evaluation' = 'evaluation') {
    super(`${place.file}:${place.line}:${place.column}: expected ${expected}, got ${got}`);
    this.place = place;
    this.expected = expected;
    this.got = got;
    this.kind = kind;
  }
}
