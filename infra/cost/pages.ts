import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { INSTANCE, eventsPerInstance, loads, profiles, type ProfileName } from './load.ts';
import { costOf, priceList } from './model.ts';
import { needsOf, STEPS } from './scaling.ts';

// The tables inside docs/cost.md and docs/scaling.md: the text around them is written by hand.

const root = join(import.meta.dirname, '../..');
const dollars = (usd: number): string => (usd >= 10 ? Math.round(usd).toLocaleString('en') : usd.toFixed(2));
const number = (value: number): string => Number(value.toPrecision(3)).toLocaleString('en');

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

/** One profile: lines and their sum. */
export function costTable(name: ProfileName): string {
  const lines = costOf(profiles[name], loads[name]);
  const total = lines.reduce((sum, { usd }) => sum + usd, 0);
  const rows = lines.map(({ service, formula, usd }) => [service, formula, dollars(usd)]);
  return table(['what', 'formula', 'USD a month'], [...rows, ['**total**', '', `**${dollars(total)}**`]]);
}

function summary(): string {
  const rows = (Object.keys(loads) as ProfileName[]).map((name) => {
    const load = loads[name];
    const total = costOf(profiles[name], load).reduce((sum, { usd }) => sum + usd, 0);
    const millions = (load.eventsPerSecond * priceList.hoursPerMonth * 3600) / 1e6;
    return [
      name,
      String(load.regions),
      load.isIsolated ? 'yes' : 'no',
      number(load.eventsPerSecond),
      number(millions),
      dollars(total),
      dollars(total / millions),
    ];
  });
  return table(
    [
      'profile',
      'regions',
      'isolated',
      'events/s on average',
      'million events a month',
      'USD a month',
      'USD a million events',
    ],
    rows,
  );
}

function priceTable(): string {
  const rows = Object.values(priceList.prices).map(({ of, usd, unit, source, isChecked }) => [
    of,
    String(usd),
    unit,
    source,
    isChecked ? 'yes' : '**no**',
  ]);
  return table(['price of', 'USD', 'for each', 'source', 'checked'], rows);
}

function scalingTable(): string {
  const { instanceMemoryMB } = profiles.scale.functions;
  const rows = STEPS.map((step) => {
    const needs = needsOf(step, loads.scale, instanceMemoryMB);
    return [
      number(step),
      number(needs.mbPerSecond),
      number(needs.requestsPerSecond),
      String(needs.functionInstances),
      number(needs.streamingGbPerHour),
      needs.path,
      String(needs.throughputUnits),
      String(needs.processingUnits),
      `${needs.kustoCores} in ${needs.kustoNodes}`,
      needs.full,
    ];
  });
  return table(
    [
      'events/s',
      'MB/s',
      'requests/s',
      'instances',
      'GB/h of the larger table',
      'path',
      'TU',
      'PU',
      'Kusto cores in nodes',
      'what is full',
    ],
    rows,
  );
}

function instanceTable(): string {
  const rows = [1, 5, 20, 50, 200].map((size) => [
    String(size),
    ...[2048, 4096].map((memory) => number(eventsPerInstance(size, memory))),
  ]);
  return table(['events a request', 'events/s, 2,048 MB', 'events/s, 4,096 MB'], rows);
}

const instanceFormula = (): string =>
  `\`events/s = ${INSTANCE.usableShare} × cores × 1000 ms ÷ (${INSTANCE.requestCpuMs} ms ÷ events a request + ${INSTANCE.eventCpuMs} ms)\``;

/** Puts fresh tables between `<!-- name -->` and `<!-- /name -->`. */
function fill(path: string, parts: Readonly<Record<string, string>>): string {
  let text = readFileSync(join(root, path), 'utf8');
  for (const [name, content] of Object.entries(parts)) {
    const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
    const [from, to] = [text.indexOf(open), text.indexOf(close)];
    if (from < 0 || to < from) throw new Error(`${path}: no place ${open} … ${close}`);
    text = `${text.slice(0, from + open.length)}\n${content}\n${text.slice(to)}`;
  }
  return text;
}

/** The two pages: path from the root → content. */
export function generateCostPages(): Map<string, string> {
  const cost = fill('docs/cost.md', {
    summary: summary(),
    dev: costTable('dev'),
    standard: costTable('standard'),
    scale: costTable('scale'),
    prices: `${priceList.note}\n\n${priceTable()}`,
  });
  const scaling = fill('docs/scaling.md', {
    instance: `${instanceFormula()}\n\n${instanceTable()}`,
    steps: scalingTable(),
  });
  return new Map([
    ['docs/cost.md', cost],
    ['docs/scaling.md', scaling],
  ]);
}
