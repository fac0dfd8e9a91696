// Text functions in SQL.

import { convert, toText } from '../sql/convert.ts';
import { parseDatetime, parseTimespan } from '../sql/literals.ts';
import { regexOperands } from '../sql/unicode-regex.ts';
import type { Value } from '../sql/value.ts';
import type { CallSite, NativeScalar } from './function-types.ts';

const one = [1, 1] as const;

const text = (value: Value | undefined, site: CallSite): string =>
  value ? toText(value, site) : site.refuse('an argument is missing');

const whole = (value: Value | undefined, site: CallSite): string =>
  value?.type === 'int' || value?.type === 'long' ? value.sql : site.refuse('needs a whole number');

const mapped = (name: string, sql: (x: string) => string): NativeScalar => ({
  kind: 'native',
  name,
  arity: one,
  build: ([value], site) => sql(text(value, site)),
});

function substring([source, start, length]: readonly Value[], site: CallSite): string {
  const s = text(source, site);
  const count = length ? `, greatest(${whole(length, site)}, 0)` : '';
  if (typeof start?.constant === 'bigint' && start.constant >= 0n)
    return `substr(${s}, ${start.constant + 1n}${count})`;
  const at = site.atom(whole(start, site));
  const from = site.atom(s);
  // A negative start counts from the end; before the beginning there is nothing (seen on the emulator).
  return `CASE WHEN length(${from}) + ${at} < 0 THEN '' ELSE substr(${from}, CASE WHEN ${at} >= 0 THEN ${at} + 1 ELSE length(${from}) + ${at} + 1 END${count}) END`;
}

function split([source, delimiter, index]: readonly Value[], site: CallSite): Value {
  if (delimiter?.constant === '') return site.refuse('an empty delimiter');
  const list = `string_split(${text(source, site)}, ${text(delimiter, site)})`;
  if (!index) return { sql: list, type: 'dynamic', list: 'string', notNull: true };
  if (typeof index.constant === 'bigint' && index.constant < 0n) return site.refuse('a negative index');
  const [parts, at] = [site.atom(list), site.atom(whole(index, site))];
  // Null where there is no such part (seen on the emulator).
  const sql = `CASE WHEN ${at} >= 0 AND ${at} < len(${parts}) THEN [${parts}[${at} + 1]] END`;
  return { sql, type: 'dynamic', list: 'string' };
}

function extract([pattern, group, source, type]: readonly Value[], site: CallSite): Value {
  if (typeof pattern?.constant !== 'string' || typeof group?.constant !== 'bigint')
    return site.refuse('needs a constant expression and group');
  const on = regexOperands(text(source, site), pattern, site);
  const sql = `regexp_extract(${on.text}, ${on.pattern}, ${group.constant})`;
  const found: Value = { sql, type: 'string', notNull: true };
  if (!type || site.type === 'string') return found;
  const converted = convert(found, site.type, { datetime: parseDatetime, timespan: parseTimespan }, site);
  return converted === undefined ? site.refuse(`${site.type} as result`) : { sql: converted, type: site.type };
}

const replaceRegex = (
  source: Value | undefined,
  pattern: Value | undefined,
  rewrite: Value | undefined,
  site: CallSite,
): string => {
  const on = pattern?.type === 'string' ? regexOperands(text(source, site), pattern, site) : undefined;
  return `regexp_replace(${on?.text ?? text(source, site)}, ${on?.pattern ?? text(pattern, site)}, ${text(rewrite, site)}, 'g')`;
};

const concat = (args: readonly Value[], site: CallSite): string =>
  `(${args.map((arg) => text(arg, site)).join(' || ')})`;

export const NATIVE_TEXT: readonly NativeScalar[] = [
  { kind: 'native', name: 'strcat', arity: [1, 64], build: concat },
  {
    kind: 'native',
    name: 'strcat_delim',
    arity: [2, 64],
    build: ([delimiter, ...args], site) =>
      `concat_ws(${text(delimiter, site)}, ${args.map((arg) => text(arg, site)).join(', ')})`,
  },
  mapped('tolower', (x) => `lower(${x})`),
  mapped('toupper', (x) => `upper(${x})`),
  mapped('strlen', (x) => `CAST(length(${x}) AS BIGINT)`),
  mapped('string_size', (x) => `CAST(strlen(${x}) AS BIGINT)`),
  mapped('isascii', (x) => `(strlen(${x}) = length(${x}))`),
  mapped('isutf8', (x) => `(${x} IS NOT NULL)`),
  { kind: 'native', name: 'substring', arity: [2, 3], build: substring },
  { kind: 'native', name: 'split', arity: [2, 3], build: split },
  { kind: 'native', name: 'extract', arity: [3, 4], build: extract },
  {
    kind: 'native',
    name: 'replace_string',
    arity: [3, 3],
    build: ([source, lookup, rewrite], site) =>
      `replace(${text(source, site)}, ${text(lookup, site)}, ${text(rewrite, site)})`,
  },
  {
    kind: 'native',
    name: 'replace_regex',
    arity: [3, 3],
    build: ([source, pattern, rewrite], site) => replaceRegex(source, pattern, rewrite, site),
  },
  {
    kind: 'native',
    name: 'replace',
    arity: [3, 3],
    build: ([pattern, rewrite, source], site) => replaceRegex(source, pattern, rewrite, site),
  },
  {
    kind: 'native',
    name: 'strcmp',
    arity: [2, 2],
    build: ([a, b], site) => {
      const [x, y] = [site.atom(text(a, site)), site.atom(text(b, site))];
      return `CASE WHEN ${x} < ${y} THEN CAST(-1 AS BIGINT) WHEN ${x} > ${y} THEN 1 ELSE 0 END`;
    },
  },
];
