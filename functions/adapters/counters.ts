import { COUNTERS, GAUGES, type CounterName, type Counters, type GaugeName, type Gauges } from '../pipeline/ports.ts';

/** Most label values kept for one counter; the rest are counted together. */
const MAX_LABELS = 64;

export interface Reading {
  readonly name: CounterName | GaugeName;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  readonly values: readonly { readonly label: string; readonly value: number }[];
}

export interface CounterStore extends Counters, Gauges {
  read(): Reading[];
}

const TYPES = [
  ['counter', COUNTERS],
  ['gauge', GAUGES],
] as const;

/** Counters and gauges of this process, in memory; an instance that restarts begins at 0, as Prometheus expects. */
export function counterStore(): CounterStore {
  const values = new Map<CounterName | GaugeName, Map<string, number>>();
  const cell = (name: CounterName | GaugeName, label: string): [labels: Map<string, number>, key: string] => {
    let labels = values.get(name);
    if (!labels) values.set(name, (labels = new Map<string, number>()));
    return [labels, labels.has(label) || labels.size < MAX_LABELS ? label : 'other'];
  };
  return {
    add(name, value, label = '') {
      const [labels, key] = cell(name, label);
      labels.set(key, (labels.get(key) ?? 0) + value);
    },
    set(name, value, label = '') {
      const [labels, key] = cell(name, label);
      labels.set(key, value);
    },
    read: () =>
      TYPES.flatMap(([type, names]) =>
        (Object.entries(names) as [CounterName | GaugeName, string][]).map(([name, help]) => ({
          name,
          type,
          help,
          values: [...(values.get(name) ?? [])].map(([label, value]) => ({ label, value })),
        })),
      ),
  };
}
