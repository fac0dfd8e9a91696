import type { Catalog, CompiledQuery } from '../types.ts';

const MOST_PLANS = 300;
/** A plan is a few to some hundred kB of SQL. */
const MOST_CHARACTERS = 16_000_000;

/** Plans that hold neither the clock nor columns of the data, by catalog and text. A changed schema comes as another catalog, and its plans go with the old one. */
export class PlanCache {
  #byCatalog = new WeakMap<Catalog, { plans: Map<string, CompiledQuery>; characters: number }>();

  get(catalog: Catalog, text: string, parameters: Readonly<Record<string, string>>): CompiledQuery | undefined {
    const known = this.#byCatalog.get(catalog);
    const key = keyOf(text, parameters);
    const plan = known?.plans.get(key);
    if (known !== undefined && plan !== undefined) {
      known.plans.delete(key);
      known.plans.set(key, plan);
    }
    return plan;
  }

  add(catalog: Catalog, text: string, parameters: Readonly<Record<string, string>>, plan: CompiledQuery): void {
    if (plan.readsClock === true || plan.readsData === true) return;
    let known = this.#byCatalog.get(catalog);
    if (known === undefined) this.#byCatalog.set(catalog, (known = { plans: new Map(), characters: 0 }));
    const key = keyOf(text, parameters);
    if (known.plans.has(key)) return;
    known.plans.set(key, plan);
    known.characters += key.length + plan.sql.length;
    while (known.plans.size > MOST_PLANS || known.characters > MOST_CHARACTERS) {
      const [oldest] = known.plans;
      if (oldest === undefined) break;
      known.plans.delete(oldest[0]);
      known.characters -= oldest[0].length + oldest[1].sql.length;
    }
  }
}

const keyOf = (text: string, parameters: Readonly<Record<string, string>>): string =>
  `${Object.keys(parameters).length === 0 ? '' : JSON.stringify(parameters)}\n${text}`;
