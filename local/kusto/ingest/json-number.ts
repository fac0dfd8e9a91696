/** A number's text taken apart: `mantissa / 10^decimals`. */
export interface ReadNumber {
  isNegative: boolean;
  mantissa: number;
  decimals: number;
  /** The mantissa has every digit, and no exponent follows. */
  isExact: boolean;
}

const [MINUS, PLUS, DOT, ZERO, NINE, SMALL_E, LARGE_E] = [45, 43, 46, 48, 57, 101, 69] as const;
/** Whole numbers of so many digits are exact in a double. */
const EXACT_DIGITS = 15;
/** Powers of ten that a double holds exactly: a quotient of two exact doubles is the nearest double to the decimal number. */
const POWERS = Array.from({ length: EXACT_DIGITS + 1 }, (_none, exponent) => Number(`1e${exponent}`));

/** The offset behind the number at `start`; -1 when it is none by JSON's grammar. */
export function readNumber(bytes: Uint8Array, start: number, to: ReadNumber): number {
  to.isNegative = bytes[start] === MINUS;
  const first = to.isNegative ? start + 1 : start;
  let at = first;
  let mantissa = 0;
  let c = bytes[at] ?? 0;
  while (c >= ZERO && c <= NINE) {
    mantissa = mantissa * 10 + (c - ZERO);
    c = bytes[++at] ?? 0;
  }
  let digits = at - first;
  if (digits === 0 || (digits > 1 && bytes[first] === ZERO)) return -1;
  to.decimals = 0;
  if (c === DOT) {
    const from = at + 1;
    c = bytes[++at] ?? 0;
    while (c >= ZERO && c <= NINE) {
      mantissa = mantissa * 10 + (c - ZERO);
      c = bytes[++at] ?? 0;
    }
    to.decimals = at - from;
    digits += to.decimals;
    if (to.decimals === 0) return -1;
  }
  to.mantissa = mantissa;
  to.isExact = digits <= EXACT_DIGITS;
  if (c !== SMALL_E && c !== LARGE_E) return at;
  to.isExact = false;
  return exponentEnd(bytes, at + 1);
}

function exponentEnd(bytes: Uint8Array, from: number): number {
  const first = bytes[from] === PLUS || bytes[from] === MINUS ? from + 1 : from;
  let at = first;
  for (let c = bytes[at] ?? 0; c >= ZERO && c <= NINE; c = bytes[at] ?? 0) at += 1;
  return at === first ? -1 : at;
}

/** The nearest double to an exact number. */
export function realOf({ isNegative, mantissa, decimals }: ReadNumber): number {
  const value = mantissa / (POWERS[decimals] ?? 1);
  return isNegative ? -value : value;
}
