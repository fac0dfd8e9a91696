// Punycode, RFC 3492.

const BASE = 36;
const [T_MIN, T_MAX, SKEW, DAMP] = [1, 26, 38, 700];
const START = { n: 128, bias: 72 };

function adapt(delta: number, points: number, first: boolean): number {
  let rest = first ? Math.floor(delta / DAMP) : delta >> 1;
  rest += Math.floor(rest / points);
  let k = 0;
  for (; rest > ((BASE - T_MIN) * T_MAX) >> 1; k += BASE) rest = Math.floor(rest / (BASE - T_MIN));
  return k + Math.floor(((BASE - T_MIN + 1) * rest) / (rest + SKEW));
}

function thresholdAt(k: number, bias: number): number {
  return Math.min(T_MAX, Math.max(T_MIN, k - bias));
}

function digitOf(char: string): number {
  const value = Number.parseInt(char, 36);
  // parseInt counts digits first, Punycode letters.
  return value < 10 ? value + 26 : value - 10;
}

function digitText(value: number): string {
  return String.fromCharCode(value < 26 ? value + 97 : value + 22);
}

/** Text of a Punycode label without `xn--`; undefined when it is none. */
export function decodePunycode(label: string): string | undefined {
  const split = label.lastIndexOf('-');
  const output = Array.from(split > 0 ? label.slice(0, split) : '', (char) => char.charCodeAt(0));
  const input = split >= 0 ? label.slice(split + 1) : label;
  let { n, bias } = START;
  let i = 0;
  for (let at = 0; at < input.length;) {
    const before = i;
    for (let weight = 1, k = BASE; ; k += BASE) {
      const digit = digitOf(input[at++] ?? '?');
      if (Number.isNaN(digit)) return undefined;
      i += digit * weight;
      const threshold = thresholdAt(k, bias);
      if (digit < threshold) break;
      weight *= BASE - threshold;
    }
    bias = adapt(i - before, output.length + 1, before === 0);
    n += Math.floor(i / (output.length + 1));
    i %= output.length + 1;
    if (n > 0x10_ff_ff) return undefined;
    output.splice(i++, 0, n);
  }
  return String.fromCodePoint(...output);
}

/** Punycode of a text, without `xn--`. */
export function encodePunycode(text: string): string {
  const points = Array.from(text, (char) => char.codePointAt(0) ?? 0);
  const basic = points.filter((point) => point < 128);
  let output = String.fromCharCode(...basic) + (basic.length > 0 ? '-' : '');
  let { n, bias } = START;
  let delta = 0;
  for (let done = basic.length; done < points.length; n++, delta++) {
    const next = points.reduce((least, point) => (point >= n && point < least ? point : least), Infinity);
    delta += (next - n) * (done + 1);
    n = next;
    for (const point of points) {
      if (point < n) delta++;
      if (point !== n) continue;
      let rest = delta;
      for (let k = BASE; ; k += BASE) {
        const threshold = thresholdAt(k, bias);
        if (rest < threshold) break;
        output += digitText(threshold + ((rest - threshold) % (BASE - threshold)));
        rest = Math.floor((rest - threshold) / (BASE - threshold));
      }
      output += digitText(rest);
      bias = adapt(delta, done + 1, done === basic.length);
      delta = 0;
      done++;
    }
  }
  return output;
}
