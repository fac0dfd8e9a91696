import { splitTop } from '../catalog/split.ts';
import type { Catalog, FunctionInfo } from '../types.ts';

/** What a scalar parameter may be given. */
const EXAMPLES: Readonly<Record<string, string>> = {
  bool: 'true',
  int: 'int(1)',
  long: '1',
  real: '1.0',
  decimal: 'decimal(1)',
  string: '""',
  datetime: 'datetime(2026-01-01)',
  timespan: '1h',
  dynamic: 'dynamic([])',
  guid: 'guid(00000000-0000-0000-0000-000000000000)',
};

/** A call of a stored function; what the parser binds for it serves every other call. Null when a parameter takes any table. */
export function exampleCall({ name, parameters }: FunctionInfo): string | null {
  const values: string[] = [];
  for (const parameter of splitTop(parameters.trim().slice(1, -1), ',')) {
    const colon = parameter.indexOf(':');
    // From the first default on nothing has to be given.
    if (colon < 0 || splitTop(parameter, '=').length > 1) break;
    const type = parameter.slice(colon + 1).trim();
    const value = type.startsWith('(') ? `(datatable${type}[])` : EXAMPLES[type];
    if (value === undefined || /\(\s*\*/.test(type)) return null;
    values.push(value);
  }
  return `['${name}'](${values.join(', ')})`;
}

/** After a start or a change: others may follow, and queries come first. */
const QUIET_MS = 2000;

/**
 * Binds the stored functions of databases while nobody asks anything: the first query through a chain of them then costs
 * a tenth of the time. One function at a time, so that a query waits for one of them at most.
 */
export class Preparation {
  readonly #isIdle: () => boolean;
  readonly #analyze: (text: string, catalog: Catalog) => Promise<unknown>;
  #catalogs: () => readonly Catalog[] = () => [];
  #timer: NodeJS.Timeout | undefined;
  #round = 0;

  constructor(isIdle: () => boolean, analyze: (text: string, catalog: Catalog) => Promise<unknown>) {
    this.#isIdle = isIdle;
    this.#analyze = analyze;
  }

  /** Begins anew; `catalogs` is asked when it is quiet. */
  begin(catalogs = this.#catalogs): void {
    this.#catalogs = catalogs;
    const round = ++this.#round;
    this.#after(QUIET_MS, () => this.#run(round));
  }

  stop(): void {
    this.#round += 1;
    clearTimeout(this.#timer);
  }

  #after(ms: number, work: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(work, ms).unref();
  }

  #run(round: number): void {
    const calls = this.#catalogs().flatMap((catalog) =>
      catalog.functions.map((fn) => ({ catalog, call: exampleCall(fn) })),
    );
    const next = (): void => {
      if (round !== this.#round) return;
      if (!this.#isIdle()) return this.#after(QUIET_MS, next);
      const item = calls.shift();
      if (item === undefined) return;
      if (item.call === null) return next();
      // A function that cannot be bound is told to whoever calls it.
      const done = (): void => this.#after(10, next);
      this.#analyze(item.call, item.catalog).then(done, done);
    };
    next();
  }
}
