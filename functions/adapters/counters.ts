import { COUNTERS, type CounterName, type Counters } from '../pipeline/ports.ts';

/** Most label values kept for one counter; the rest are counted together. */
const MAX_LABELS = 64;

interface CounterReading {
  readonly name: CounterName;
  readonly help: string;
  readonly values: readonly { readonly label: string; readonly value: number }[];
}

export interface CounterStore extends Counters {
  read(): CounterReading[];
}

/** Counters of this process, in memory; an instance that restarts begins at 0, as Prometheus expects. */
export function counterStore(): CounterStore {
  const values = new Map<CounterName, Map<string, number>>();
  return {
    add(name, value, label = '') {
      let labels = values.get(name);
      if (!labels) values.set(name, (labels = new Map<string, number>()));
      const key = labels.has(label) || labels.size < MAX_LABELS ? label : 'other';
      labels.set(key, (labels.get(key) ?? 0) + value);
    },
    read: () =>
      (Object.keys(COUNTERS) as CounterName[]).map((name) => ({
        name,
        help: COUNTERS[name],
        values: [...(values.get(name) ?? [])].map(([label, value]) => ({ label, value })),
      })),
  };
}
