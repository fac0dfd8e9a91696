// What the address holds: time range, refresh, variables. A page can be shared by its address.
import type { TimeRangeMs } from '../query/macros.ts';
import { parseTimeRange } from '../query/time-range.ts';

export interface PageState {
  readonly from: string;
  readonly to: string;
  /** `5s`, `30s`, …; '' is off. */
  readonly refresh: string;
  readonly variables: Readonly<Record<string, string | readonly string[]>>;
  readonly viewPanel: number | undefined;
}

export interface Defaults {
  readonly from: string;
  readonly to: string;
  readonly refresh: string;
}

export function readPageState(defaults: Defaults): PageState {
  const query = new URLSearchParams(location.search);
  const variables: Record<string, string | string[]> = {};
  for (const key of new Set(query.keys())) {
    if (!key.startsWith('var-')) continue;
    const values = query.getAll(key);
    variables[key.slice(4)] = values.length === 1 ? (values[0] as string) : values;
  }
  const view = Number(query.get('viewPanel') ?? '');
  return {
    from: query.get('from') ?? defaults.from,
    to: query.get('to') ?? defaults.to,
    refresh: query.get('refresh') ?? defaults.refresh,
    variables,
    viewPanel: view > 0 ? view : undefined,
  };
}

/** Writes the state into the address; `push` makes a step that the back button undoes. */
export function writePageState(state: PageState, push: boolean): void {
  const query = new URLSearchParams();
  query.set('from', state.from);
  query.set('to', state.to);
  if (state.refresh !== '') query.set('refresh', state.refresh);
  else query.set('refresh', '');
  for (const [name, value] of Object.entries(state.variables))
    for (const one of typeof value === 'string' ? [value] : value) query.append(`var-${name}`, one);
  if (state.viewPanel !== undefined) query.set('viewPanel', String(state.viewPanel));
  const address = `${location.pathname}?${query.toString()}`;
  if (push) history.pushState(null, '', address);
  else history.replaceState(null, '', address);
}

/** The range in milliseconds, as of now; the last six hours when the address holds nonsense. */
export function rangeNow(state: Pick<PageState, 'from' | 'to'>): TimeRangeMs {
  try {
    return parseTimeRange(state.from, state.to, Date.now());
  } catch {
    return parseTimeRange('now-6h', 'now', Date.now());
  }
}
