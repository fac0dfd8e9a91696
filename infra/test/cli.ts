// `npm run infra:check`: what is wrong with the infrastructure, one line a finding, as editors and people read it.
import { lineOf } from './finding.ts';
import { checkCount, findings } from './run.ts';

const startedMs = performance.now();
const found = findings();
for (const each of found) console.log(lineOf(each));
console.log(
  `${found.length === 0 ? 'No findings' : `${found.length} findings`} by ${checkCount} checks in ${Math.round(performance.now() - startedMs)} ms.`,
);
process.exitCode = found.length === 0 ? 0 : 1;
