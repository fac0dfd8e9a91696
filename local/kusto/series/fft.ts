// Fast Fourier transform, radix 2, in place.

interface Twiddles {
  readonly cos: Float64Array;
  readonly sin: Float64Array;
}

const twiddlesBySize = new Map<number, Twiddles>();

function twiddlesFor(size: number): Twiddles {
  const known = twiddlesBySize.get(size);
  if (known) return known;
  const half = size / 2;
  const made = { cos: new Float64Array(half), sin: new Float64Array(half) };
  for (let i = 0; i < half; i++) {
    made.cos[i] = Math.cos((2 * Math.PI * i) / size);
    made.sin[i] = Math.sin((2 * Math.PI * i) / size);
  }
  twiddlesBySize.set(size, made);
  return made;
}

function reverseBits(re: Float64Array, im: Float64Array): void {
  const size = re.length;
  for (let i = 1, j = 0; i < size; i++) {
    let bit = size >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      const r = re[i] as number;
      const m = im[i] as number;
      re[i] = re[j] as number;
      im[i] = im[j] as number;
      re[j] = r;
      im[j] = m;
    }
  }
}

/**
 * Forward transform of `re + i·im` in place, not normalised. Both arrays have the same length, a power of two.
 * The inverse is the same call with `re` and `im` swapped, divided by the length.
 */
export function transform(re: Float64Array, im: Float64Array): void {
  const size = re.length;
  if ((size & (size - 1)) !== 0 || size !== im.length) throw new RangeError('length must be a power of two');
  reverseBits(re, im);
  const { cos, sin } = twiddlesFor(size);
  for (let span = 2; span <= size; span *= 2) {
    const half = span >> 1;
    const stride = size / span;
    for (let start = 0; start < size; start += span) {
      for (let k = 0, t = 0; k < half; k++, t += stride) {
        const c = cos[t] as number;
        const s = sin[t] as number;
        const a = start + k;
        const b = a + half;
        const bRe = re[b] as number;
        const bIm = im[b] as number;
        const tRe = bRe * c + bIm * s;
        const tIm = bIm * c - bRe * s;
        const aRe = re[a] as number;
        const aIm = im[a] as number;
        re[b] = aRe - tRe;
        im[b] = aIm - tIm;
        re[a] = aRe + tRe;
        im[a] = aIm + tIm;
      }
    }
  }
}
