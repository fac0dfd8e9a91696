// Options and present values of a dashboard's variables, in the order of their dependencies.
import type { KustoClient } from './kusto-client.ts';
import type { Dashboard, VariableModel } from './model/dashboard.ts';
import { formatInterval } from './query/interval.ts';
import type { TimeRangeMs } from './query/macros.ts';
import { toResultFormat } from './query/result-format.ts';
import { finalQuery } from './query/target-query.ts';
import type { VariableOption, VariableState } from './query/variables.ts';
import { ALL_VALUE } from './query/variables.ts';

export interface ResolvedVariable extends VariableState {
  readonly type: string;
  readonly label: string;
  readonly isHidden: boolean;
  readonly description?: string;
  /** Options could not be had, or the type is not known. */
  readonly error?: string;
}

/** Values chosen in the page, by variable name. */
export type ChosenValues = Readonly<Record<string, string | readonly string[]>>;

const first = (value: string | readonly string[] | undefined): string =>
  typeof value === 'string' ? value : (value?.[0] ?? '');

function byRegex(values: readonly string[], regex: string | undefined): VariableOption[] {
  if (!regex) return values.map((value) => ({ text: value, value }));
  const [, body = regex, flags = ''] = /^\/(.*)\/([a-z]*)$/.exec(regex) ?? [];
  const pattern = new RegExp(body, flags.replace('g', ''));
  return values.flatMap((value) => {
    const match = pattern.exec(value);
    if (match === null) return [];
    const kept = match.groups?.['value'] ?? match.groups?.['text'] ?? match[1] ?? value;
    return [{ value: kept, text: match.groups?.['text'] ?? kept }];
  });
}

const ORDERS: Readonly<Record<number, (a: VariableOption, b: VariableOption) => number>> = {
  1: (a, b) => (a.text < b.text ? -1 : 1),
  2: (a, b) => (a.text > b.text ? -1 : 1),
  3: (a, b) => Number.parseFloat(a.text) - Number.parseFloat(b.text),
  4: (a, b) => Number.parseFloat(b.text) - Number.parseFloat(a.text),
  5: (a, b) => a.text.localeCompare(b.text),
  6: (a, b) => b.text.localeCompare(a.text),
  7: (a, b) => a.text.localeCompare(b.text, 'en', { numeric: true }),
  8: (a, b) => b.text.localeCompare(a.text, 'en', { numeric: true }),
};

const unique = (options: readonly VariableOption[]): VariableOption[] => [
  ...new Map(options.map((option) => [option.value, option])).values(),
];

/** `a, b, key : value`, commas escaped by a backslash. */
const customOptions = (query: string): VariableOption[] =>
  [...query.matchAll(/(?:\\,|[^,])+/g)].map(([part]) => {
    const text = part.replaceAll(String.raw`\,`, ',').trim();
    const pair = /^(.+?)\s:\s(.+)$/.exec(text);
    return pair === null
      ? { text, value: text }
      : { text: (pair[1] as string).trim(), value: (pair[2] as string).trim() };
  });

const storedOptions = (model: VariableModel): VariableOption[] =>
  (model.options ?? [])
    .map((option) => ({ text: first(option.text), value: first(option.value) }))
    .filter((option) => option.value !== ALL_VALUE && option.value !== '');

interface Context {
  readonly client: KustoClient;
  readonly database: string;
  readonly range: TimeRangeMs;
}

async function queryOptions(
  model: VariableModel,
  before: readonly VariableState[],
  context: Context,
): Promise<VariableOption[]> {
  const query = typeof model.query === 'string' ? { query: model.query } : (model.query ?? {});
  const text = query.query ?? '';
  if (query.queryType === 'Databases' || /^databases\(\)/i.test(text))
    return [{ text: context.database, value: context.database }];
  if (query.queryType !== undefined && query.queryType !== 'KQL')
    throw new Error(`query type '${query.queryType}' is not supported by the local viewer`);
  const csl = finalQuery(text, before, { ...context.range, intervalMs: 0 });
  const frame = toResultFormat(await context.client.query(csl), 'table', model.name, csl)[0];
  const field = frame?.fields.find((one) => one.type === 'string') ?? frame?.fields[0];
  const values = (field?.values ?? []).filter((value) => value !== null && value !== '').map(String);
  const options = unique(byRegex(values, model.regex));
  const order = ORDERS[model.sort ?? 0];
  return order === undefined ? options : options.toSorted(order);
}

async function optionsOf(
  model: VariableModel,
  before: readonly VariableState[],
  context: Context,
): Promise<VariableOption[]> {
  const text = typeof model.query === 'string' ? model.query : '';
  if (model.type === 'query') return queryOptions(model, before, context);
  if (model.type === 'custom') return text === '' ? storedOptions(model) : customOptions(text);
  if (model.type === 'interval') {
    const auto = formatInterval(60_000);
    return customOptions(text).map((option) =>
      option.value.startsWith('$__auto') ? { text: 'auto', value: auto } : option,
    );
  }
  if (model.type === 'constant' || model.type === 'textbox') return [{ text, value: text }];
  if (model.type === 'datasource') return [{ text: 'Local Kusto', value: first(model.current?.value) || 'local' }];
  throw new Error(`variable type '${model.type}' is not supported by the local viewer`);
}

function valueOf(
  model: VariableModel,
  options: readonly VariableOption[],
  chosen: string | readonly string[] | undefined,
): string | readonly string[] {
  const wanted = chosen ?? model.current?.value;
  const isKnown = (value: string): boolean =>
    (value === ALL_VALUE && model.includeAll === true) || options.some((option) => option.value === value);
  const fallback = model.includeAll === true ? ALL_VALUE : (options[0]?.value ?? '');
  if (model.type === 'textbox') return first(wanted) || (typeof model.query === 'string' ? model.query : '');
  if (model.multi === true) {
    const list = (typeof wanted === 'string' ? [wanted] : (wanted ?? [])).filter(isKnown);
    if (list.includes(ALL_VALUE)) return [ALL_VALUE];
    return list.length === 0 ? [fallback] : list;
  }
  const value = first(wanted);
  return isKnown(value) ? value : fallback;
}

/** Every variable of a dashboard. A failing one carries its error and an empty option list; the others still resolve. */
export async function resolveVariables(
  dashboard: Dashboard,
  chosen: ChosenValues,
  context: Context,
): Promise<ResolvedVariable[]> {
  const resolved: ResolvedVariable[] = [];
  for (const model of dashboard.templating?.list ?? []) {
    let options: VariableOption[] = [];
    let error: string | undefined;
    try {
      options = await optionsOf(model, resolved, context);
    } catch (caught) {
      error = caught instanceof Error ? caught.message : String(caught);
    }
    resolved.push({
      name: model.name,
      type: model.type,
      label: model.label || model.name,
      isHidden:
        model.hide === 2 || model.hide === 'hideVariable' || model.type === 'constant' || model.type === 'datasource',
      isMulti: model.multi === true,
      includeAll: model.includeAll === true,
      options,
      value: valueOf(model, options, chosen[model.name]),
      ...(model.allValue ? { allValue: model.allValue } : {}),
      ...(model.description ? { description: model.description } : {}),
      ...(error === undefined ? {} : { error }),
    });
  }
  return resolved;
}
