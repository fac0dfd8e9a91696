// Every scenario once, truth against report; prints the rows of the bench as JSON in its last line:
// `node test/browser/scenarios/measure.ts [seed]`.
import type { Row } from '../../../bench/report.ts';
import { launchChromium } from '../chromium.ts';
import { runScenario, SCENARIOS } from './run-scenario.ts';

const seed = Number(process.argv[2] ?? 1);
const browser = await launchChromium();
const rows: Row[] = [];
const takes = ([5, 4] as const).flatMap((dash) =>
  SCENARIOS.map((scenario) => ({ scenario, dash, label: dash === 4 ? ', dash.js 4.7' : '' })),
);
for (const { scenario, dash, label } of takes) {
  const { lines, faults, blockedMs } = await runScenario(browser, scenario, seed, { dash });
  const row = {
    what: `${scenario.name}${label}`,
    figure: lines.join('; then ') || 'nothing reported',
    note: (faults.join(', ') || 'holds') + (blockedMs ? `; page blocked ${Math.round(blockedMs)} ms` : ''),
  };
  rows.push(row);
  // As it goes: who waits for the rows sees them at the end only.
  console.error(`${row.what}: ${row.figure} (${row.note})`);
}
await browser.close();
console.log(JSON.stringify(rows));
