// `npm run cost`: what a profile costs a month with your load; `npm run cost -- --help`.
import { parseArgs } from 'node:util';
import { loads, profiles, type Load, type ProfileName } from './load.ts';
import { costOf, priceList } from './model.ts';
import { needsOf } from './scaling.ts';

const HELP = `npm run cost -- [options]
  --profile NAME        dev, standard (default) or scale
  --events N            events a second on average
  --batch N             events a request
  --row-bytes N         bytes of a row as JSON
  --regions N           1 or 2
  --isolated            private endpoints
  --users N             people who use Grafana
Prices: infra/cost/prices.json (${priceList.date}). Put your own there.`;

const { values } = parseArgs({
  options: {
    profile: { type: 'string', default: 'standard' },
    events: { type: 'string' },
    batch: { type: 'string' },
    'row-bytes': { type: 'string' },
    regions: { type: 'string' },
    isolated: { type: 'boolean' },
    users: { type: 'string' },
    help: { type: 'boolean' },
  },
});

const isProfile = (name: string): name is ProfileName => name in profiles;

function numberOf(name: 'events' | 'batch' | 'row-bytes' | 'regions' | 'users', fallback: number): number {
  const value = Number(values[name] ?? fallback);
  if (!(value > 0)) throw new Error(`--${name}: expected a number above 0, got ${values[name]}`);
  return value;
}

function main(): void {
  const { profile } = values;
  if (values.help) return console.log(HELP);
  if (!isProfile(profile)) throw new Error(`--profile: expected dev, standard or scale, got ${profile}`);
  const preset = loads[profile];
  const load: Load = {
    ...preset,
    eventsPerSecond: numberOf('events', preset.eventsPerSecond),
    eventsPerRequest: numberOf('batch', preset.eventsPerRequest),
    rowBytes: numberOf('row-bytes', preset.rowBytes),
    regions: numberOf('regions', preset.regions),
    grafanaUsers: numberOf('users', preset.grafanaUsers),
    isIsolated: values.isolated ?? preset.isIsolated,
  };
  const lines = costOf(profiles[profile], load);
  for (const { service, formula, usd } of lines) console.log(`${usd.toFixed(2).padStart(10)}  ${service}: ${formula}`);
  const total = lines.reduce((sum, { usd }) => sum + usd, 0);
  const peak = needsOf(load.eventsPerSecond * 3, load, profiles[profile].functions.instanceMemoryMB);
  console.log(
    `${total.toFixed(2).padStart(10)}  USD a month at list prices of ${priceList.date}, ${load.eventsPerSecond} events/s on average`,
  );
  console.log(
    `A peak of three times that: ${peak.functionInstances} instances, ${peak.kustoCores} Kusto cores, by ${peak.path}; ${peak.full}`,
  );
}

try {
  main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
