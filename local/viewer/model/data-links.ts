import type { Labels } from '../query/frames.ts';
import type { VariableState } from '../query/variables.ts';
import { interpolate, isAll } from '../query/variables.ts';

export interface LinkContext {
  readonly variables: readonly VariableState[];
  /** The page's own range, as in the address: `now-6h`. */
  readonly from: string;
  readonly to: string;
  readonly valueText?: string;
  readonly valueRaw?: string;
  readonly valueTimeMs?: number;
  readonly fieldName?: string;
  readonly labels?: Labels;
  /** Row of a table, by field name. */
  readonly row?: Readonly<Record<string, string>>;
}

const queryOf = (variable: VariableState): string => {
  const values = typeof variable.value === 'string' ? [variable.value] : variable.value;
  return (isAll(variable) ? ['$__all'] : values)
    .map((value) => `var-${variable.name}=${encodeURIComponent(value)}`)
    .join('&');
};

/** `?var-…` text of all variables, and of the time range. */
export const variablesQuery = (variables: readonly VariableState[]): string => variables.map(queryOf).join('&');
export const rangeQuery = (from: string, to: string): string =>
  `from=${encodeURIComponent(from)}&to=${encodeURIComponent(to)}`;

function builtIns(context: LinkContext): Record<string, string> {
  const values: Record<string, string | undefined> = {
    '__value.raw': context.valueRaw,
    '__value.numeric': context.valueRaw,
    '__value.text': context.valueText,
    '__value.time': context.valueTimeMs === undefined ? undefined : String(context.valueTimeMs),
    '__field.name': context.fieldName,
    '__series.name': context.fieldName,
    __url_time_range: rangeQuery(context.from, context.to),
    __all_variables: variablesQuery(context.variables),
    __from: context.from,
    __to: context.to,
  };
  for (const [name, value] of Object.entries(context.labels ?? {})) values[`__field.labels.${name}`] = value;
  for (const [name, value] of Object.entries(context.row ?? {})) {
    values[`__data.fields.${name}`] = value;
    values[`__data.fields["${name}"]`] = value;
  }
  return Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

/** A data link's address with variables and values filled in; values are percent-encoded. Only http(s) and own paths come back. */
export function linkAddress(url: string, context: LinkContext): string | undefined {
  const known = builtIns(context);
  const raw = new Set(['__url_time_range', '__all_variables']);
  const withFields = url.replace(/\$\{(__data\.fields(?:\.[^}:]+|\["[^"]+"\]))(?::(\w+))?\}/g, (match, name: string) =>
    known[name] === undefined ? match : encodeURIComponent(known[name]),
  );
  const filled = interpolate(withFields, {
    variables: context.variables,
    builtIns: Object.fromEntries(
      Object.entries(known).map(([name, value]) => [name, raw.has(name) ? value : encodeURIComponent(value)]),
    ),
  });
  return /^(https?:\/\/|\/(?!\/)|\?|#)/i.test(filled) || filled.startsWith('d/')
    ? filled.replace(/^d\//, '/d/')
    : undefined;
}
