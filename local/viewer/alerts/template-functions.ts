// Functions of alert templates, after Prometheus' and Go's documentation.

type Argument = string | number | boolean;
type TemplateFunction = (...values: Argument[]) => Argument;

const num = (value: Argument | undefined): number => (typeof value === 'number' ? value : Number(value));
const fixed = (value: number, digits = 4): string => String(Number(value.toPrecision(digits)));

function humanize(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return fixed(value);
  const big = ['', 'k', 'M', 'G', 'T', 'P', 'E'];
  const small = ['', 'm', 'u', 'n', 'p'];
  let rest = value;
  let step = 0;
  if (Math.abs(value) >= 1) {
    for (; Math.abs(rest) >= 1000 && step < big.length - 1; step += 1) rest /= 1000;
    return fixed(rest) + (big[step] as string);
  }
  for (; Math.abs(rest) < 1 && step < small.length - 1; step += 1) rest *= 1000;
  return fixed(rest) + (small[step] as string);
}

function humanizeDuration(seconds: number): string {
  if (Math.abs(seconds) < 1) return `${fixed(seconds * 1000)}ms`;
  const sign = seconds < 0 ? '-' : '';
  const whole = Math.floor(Math.abs(seconds));
  const [d, h, m, s] = [
    Math.floor(whole / 86_400),
    Math.floor(whole / 3600) % 24,
    Math.floor(whole / 60) % 60,
    whole % 60,
  ];
  if (d > 0) return `${sign}${d}d ${h}h ${m}m ${s}s`;
  if (h > 0) return `${sign}${h}h ${m}m ${s}s`;
  if (m > 0) return `${sign}${m}m ${s}s`;
  return `${fixed(seconds)}s`;
}

function printf(format: Argument | undefined, ...values: Argument[]): string {
  let next = 0;
  return String(format).replace(
    /%(%|([-+0]*)(\d+)?(?:\.(\d+))?([a-z]))/g,
    (whole, kind: string, _flags, _width, precision: string | undefined, verb: string) => {
      if (kind === '%') return '%';
      const value = values[next];
      next += 1;
      if (verb === 'f') return num(value).toFixed(precision === undefined ? 6 : Number(precision));
      if (verb === 'd') return String(Math.trunc(num(value)));
      if (verb === 'g' || verb === 'v' || verb === 's')
        return precision === undefined ? String(value) : fixed(num(value), Number(precision));
      if (verb === 'q') return JSON.stringify(String(value));
      if (verb === 'e') return num(value).toExponential(precision === undefined ? 6 : Number(precision));
      return whole;
    },
  );
}

const compare =
  (test: (a: number, b: number) => boolean): TemplateFunction =>
  (a, b) =>
    test(num(a), num(b));

export const TEMPLATE_FUNCTIONS: Readonly<Record<string, TemplateFunction>> = {
  humanize: (value) => humanize(num(value)),
  humanizePercentage: (value) => `${fixed(num(value) * 100)}%`,
  humanizeDuration: (value) => humanizeDuration(num(value)),
  printf: (format, ...values) => printf(format, ...values),
  toUpper: (value) => String(value).toUpperCase(),
  toLower: (value) => String(value).toLowerCase(),
  title: (value) => String(value).replace(/\b\w/g, (letter) => letter.toUpperCase()),
  reReplaceAll: (pattern, replacement, text) =>
    String(text).replace(new RegExp(String(pattern), 'g'), String(replacement).replaceAll(/\$\{?(\d+)\}?/g, '$$$1')),
  match: (pattern, text) => new RegExp(String(pattern)).test(String(text)),
  eq: (a, b) => a === b || num(a) === num(b),
  ne: (a, b) => a !== b && num(a) !== num(b),
  gt: compare((a, b) => a > b),
  ge: compare((a, b) => a >= b),
  lt: compare((a, b) => a < b),
  le: compare((a, b) => a <= b),
  and: (...values) => values.every(Boolean),
  or: (...values) => values.find(Boolean) ?? false,
  not: (value) => value === '' || value === 0 || value === false,
};
