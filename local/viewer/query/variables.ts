// Grafana's template variables, as far as dashboards here use them, with the plugin's quoting.

export const ALL_VALUE = '$__all';

export interface VariableOption {
  readonly text: string;
  readonly value: string;
}

/** A variable with its present choice. `value` is an array for multi-value variables. */
export interface VariableState {
  readonly name: string;
  readonly isMulti: boolean;
  readonly includeAll: boolean;
  readonly allValue?: string;
  readonly options: readonly VariableOption[];
  readonly value: string | readonly string[];
}

/** Turns a value into text for its place. `isQuoted`: multi or includeAll. */
export type Formatter = (value: string | readonly string[], variable: VariableState) => string;

const VARIABLE = /\$(\w+)|\[\[(\w+?)(?::(\w+))?\]\]|\$\{(\w+)(?:\.([^:}]+))?(?::([^}]+))?\}/g;

const escapeQuote = (value: string): string => value.replaceAll("'", String.raw`\'`);

/**
 * The plugin's rule: values of multi or includeAll variables in single quotes, only the quote escaped, empty ones dropped;
 * a single-value variable goes in as it is.
 */
export const kustoFormat: Formatter = (value, variable) => {
  if (typeof value === 'string') return variable.isMulti || variable.includeAll ? `'${escapeQuote(value)}'` : value;
  return value
    .map((one) => `'${escapeQuote(one)}'`)
    .filter((one) => one !== "''")
    .join(',');
};

const list = (value: string | readonly string[]): readonly string[] => (typeof value === 'string' ? [value] : value);
const escapeRegex = (value: string): string => value.replace(/[\\^$*+?.()|[\]{}/]/g, String.raw`\$&`);

const FORMATS: Readonly<Record<string, Formatter>> = {
  raw: (value) => (typeof value === 'string' ? value : value.join(',')),
  csv: (value) => list(value).join(','),
  pipe: (value) => list(value).join('|'),
  glob: (value) => (typeof value === 'string' || value.length === 1 ? (list(value)[0] ?? '') : `{${value.join(',')}}`),
  regex: (value) => {
    const escaped = list(value).map(escapeRegex);
    return escaped.length === 1 ? (escaped[0] as string) : `(${escaped.join('|')})`;
  },
  json: (value) => JSON.stringify(value),
  singlequote: (value) =>
    list(value)
      .map((one) => `'${escapeQuote(one)}'`)
      .join(','),
  doublequote: (value) =>
    list(value)
      .map((one) => `"${one.replaceAll('"', String.raw`\"`)}"`)
      .join(','),
  sqlstring: (value) =>
    list(value)
      .map((one) => `'${one.replaceAll("'", "''")}'`)
      .join(','),
  percentencode: (value) =>
    encodeURIComponent(
      typeof value === 'string' ? value : value.length === 1 ? String(value[0]) : `{${value.join(',')}}`,
    ),
  queryparam: (value, variable) =>
    list(value)
      .map((one) => `var-${variable.name}=${encodeURIComponent(one)}`)
      .join('&'),
  text: (value, variable) => {
    const textOf = (one: string): string => variable.options.find((option) => option.value === one)?.text ?? one;
    return list(value).map(textOf).join(' + ');
  },
};

export const isAll = (variable: VariableState): boolean =>
  variable.value === ALL_VALUE || (typeof variable.value !== 'string' && variable.value[0] === ALL_VALUE);

/** Values that the choice stands for: `All` is every option. */
export function chosenValues(variable: VariableState): string | readonly string[] {
  if (!isAll(variable)) return variable.value;
  return variable.options.map((option) => option.value).filter((value) => value !== ALL_VALUE);
}

const builtInDate = (ms: string, format: string | undefined): string => {
  if (format === undefined) return ms;
  const [kind, style] = format.split(':');
  if (kind !== 'date') return ms;
  if (style === 'seconds') return String(Math.floor(Number(ms) / 1000));
  return new Date(Number(ms)).toISOString();
};

export interface Scope {
  readonly variables: readonly VariableState[];
  /** `__interval`, `__from`, … and, in data links, `__value.raw` and the like, by full dotted name. */
  readonly builtIns: Readonly<Record<string, string>>;
}

const formatVariable = (variable: VariableState, format: string | undefined, fallback: Formatter): string => {
  // Grafana puts a custom All value in as written, without the place's quoting.
  if (isAll(variable) && variable.allValue !== undefined && variable.allValue !== '' && format === undefined)
    return variable.allValue;
  if (format === 'text' && isAll(variable)) return 'All';
  if (format === 'queryparam' && isAll(variable)) return `var-${variable.name}=${encodeURIComponent(ALL_VALUE)}`;
  const formatter = format === undefined ? fallback : FORMATS[format];
  if (formatter === undefined) throw new Error(`variable format '${format}' of '${variable.name}' is not supported`);
  return formatter(chosenValues(variable), variable);
};

/** Replaces `$name`, `[[name]]`, `${name}`, `${name:format}`. Unknown names stay as they are, so that the backend macros survive. */
export function interpolate(text: string, scope: Scope, fallback: Formatter = FORMATS['glob'] as Formatter): string {
  return text.replace(VARIABLE, (match, ...groups: (string | undefined)[]) => {
    const [plain, square, squareFormat, braced, path, bracedFormat] = groups;
    const name = plain ?? square ?? braced ?? '';
    const format = squareFormat ?? bracedFormat;
    const builtIn = scope.builtIns[path === undefined ? name : `${name}.${path}`];
    if (builtIn !== undefined) {
      if (name === '__from' || name === '__to') return builtInDate(builtIn, format);
      return format === 'percentencode' ? encodeURIComponent(builtIn) : builtIn;
    }
    const variable = scope.variables.find((one) => one.name === name);
    return variable === undefined ? match : formatVariable(variable, format, fallback);
  });
}
