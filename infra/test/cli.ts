// `npm run infra:check`: what is wrong with the infrastructure, one line a finding, as editors and people read it.
// `npm run infra:check -- --rules`: the public rules that are held, by resource type and property.
import { dataRules } from './checks/policy-rules-of-data.ts';
import { doorRules } from './checks/policy-rules-of-doors.ts';
import { lineOf } from './finding.ts';
import { checkCount, findings } from './run.ts';

function listRules(): void {
  const rules = [...doorRules, ...dataRules].map(({ type, path, expected, when, ids }) => [
    type,
    path,
    when ? `${expected} (where it applies)` : expected,
    ids,
  ]);
  for (const rule of rules.map((parts) => parts.join('  ')).sort((a, b) => a.localeCompare(b))) console.log(rule);
  console.log(
    `${rules.length} rules on properties; diagnostic settings, tags, network rules and the linter's rules besides.`,
  );
}

function check(): void {
  const startedMs = performance.now();
  const found = findings();
  for (const each of found) console.log(lineOf(each));
  const summary = found.length === 0 ? 'No findings' : `${found.length} findings`;
  console.log(`${summary} by ${checkCount} checks in ${Math.round(performance.now() - startedMs)} ms.`);
  process.exitCode = found.length === 0 ? 0 : 1;
}

if (process.argv.includes('--rules')) listRules();
else check();
