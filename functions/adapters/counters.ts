import {
  COUNTERS,
  GAUGES,
  type Clock,
  type CounterName,
  type Counters,
  type GaugeName,
  type Gauges,
} from '../pipeline/ports.ts';

/** Most label values kept for one counter; the rest are counted together. */
const MAX_LABELS = 64;
/** What rates look back over, and how often the totals are noted for it. */
const RATE_MS = 60_000;
const NOTE_MS = 5000;
const RATED = 'events_received_total';

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

interface Note {
  readonly atMs: number;
  readonly totals: ReadonlyMap<string, number>;
}

/** Totals noted every few seconds → events a second over the last minute, by label. */
function rateMeter(clock: Clock): {
  note(totals: ReadonlyMap<string, number>): void;
  rates(totals: ReadonlyMap<string, number>): Map<string, number>;
} {
  const notes: Note[] = [{ atMs: clock.now(), totals: new Map() }];
  return {
    /** Called with the totals as they were before the next events are added. */
    note(totals) {
      const atMs = clock.now();
      if (atMs - (notes.at(-1)?.atMs ?? 0) < NOTE_MS) return;
      notes.push({ atMs, totals: new Map(totals) });
      while (notes.length > 2 && atMs - (notes[1]?.atMs ?? atMs) >= RATE_MS) notes.shift();
    },
    rates(totals) {
      const now = clock.now();
      // The newest note that is a minute old, or the oldest of a young process.
      const base = notes.findLast(({ atMs }) => now - atMs >= RATE_MS) ?? notes[0];
      const seconds = Math.max(1, (now - (base?.atMs ?? now)) / 1000);
      return new Map([...totals].map(([label, total]) => [label, (total - (base?.totals.get(label) ?? 0)) / seconds]));
    },
  };
}

/** Counters and gauges of this process, in memory; an instance that restarts begins at 0, as Prometheus expects. */
export function counterStore(clock?: Clock): CounterStore {
  const values = new Map<CounterName | GaugeName, Map<string, number>>();
  const meter = clock && rateMeter(clock);
  const cell = (name: CounterName | GaugeName, label: string): [labels: Map<string, number>, key: string] => {
    let labels = values.get(name);
    if (!labels) values.set(name, (labels = new Map<string, number>()));
    return [labels, labels.has(label) || labels.size < MAX_LABELS ? label : 'other'];
  };
  const NONE: ReadonlyMap<string, number> = new Map();
  return {
    add(name, value, label = '') {
      const [labels, key] = cell(name, label);
      if (name === RATED) meter?.note(labels);
      labels.set(key, (labels.get(key) ?? 0) + value);
    },
    set(name, value, label = '') {
      const [labels, key] = cell(name, label);
      labels.set(key, value);
    },
    read() {
      const totals = values.get(RATED) ?? NONE;
      meter?.note(totals);
      if (meter && totals.size > 0) values.set('events_per_second', meter.rates(totals));
      return TYPES.flatMap(([type, names]) =>
        (Object.entries(names) as [CounterName | GaugeName, string][]).map(([name, help]) => ({
          name,
          type,
          help,
          values: [...(values.get(name) ?? [])].map(([label, value]) => ({ label, value })),
        })),
      );
    },
  };
}
