// `npm run bench`: every performance figure of the docs. `--full` also times a clean clone (install, start, tests).
import { parseArgs } from 'node:util';
import { benchBlob } from './blob.ts';
import { benchClone } from './clone.ts';
import { benchColdStart } from './cold-start.ts';
import { benchDoor } from './door.ts';
import { benchEngine, ENGINE_PARTS } from './engine.ts';
import { benchHubWrite } from './hub-write.ts';
import { benchKustoWrite } from './kusto-write.ts';
import { benchPipeline } from './pipeline.ts';
import { benchProbe, benchScenarios } from './probe.ts';
import { readSections, writeSections, type Section } from './report.ts';
import { benchSeries } from './series.ts';

const { values } = parseArgs({
  options: {
    full: { type: 'boolean' },
    only: { type: 'string' },
    part: { type: 'string' },
    mib: { type: 'string' },
    quick: { type: 'boolean', default: false },
    seconds: { type: 'string', default: '10' },
    help: { type: 'boolean', short: 'h' },
  },
});
if (values.help) {
  console.log(
    'usage: npm run bench [-- --full] [--only SECTION [--part PART]] [--quick] [--seconds N]\n\n  --full          also a clean clone: npm ci, npm start, npm test (about ten minutes)\n  --only SECTION  door, pipeline, write, hub, blob, cold-start, series, engine, probe or scenarios; the others keep their last figures\n  --part PART     of the engine: queries, start or ingest; its other figures stay\n  --mib N         size of the blobs, unpacked (default 100); prints, writes nothing\n  --quick         a tenth of the engine’s rows; prints, writes nothing\n  --seconds N     length of each load (default 10)',
  );
  process.exit(0);
}

const CLONE_TITLE = 'A newcomer’s waits';

const ENGINE_TITLE = 'Local Kusto engine';

async function engineRows(): Promise<Section['rows']> {
  const parts = ENGINE_PARTS.filter((part) => values.part === undefined || part === values.part);
  if (parts.length === 0) throw new Error(`--part takes ${ENGINE_PARTS.join(', ')}`);
  const rows = await benchEngine(values.quick, parts);
  const kept =
    parts.length < ENGINE_PARTS.length ? (readSections().find(({ title }) => title === ENGINE_TITLE)?.rows ?? []) : [];
  const fresh = new Map(rows.map((row) => [row.what, row]));
  return [
    ...kept.map((row) => fresh.get(row.what) ?? row),
    ...rows.filter(({ what }) => !kept.some((row) => row.what === what)),
  ];
}

const sections: Section[] = [];
const add = async (
  title: string,
  command: string,
  run: () => Promise<Section['rows']> | Section['rows'],
): Promise<void> => {
  console.log(`${title} …`);
  const rows = await run();
  sections.push({ title, command, rows });
  for (const row of rows) console.log(`  ${row.what}: ${row.figure} (${row.note})`);
};

const measured: readonly (readonly [
  only: string,
  title: string,
  run: () => Promise<Section['rows']> | Section['rows'],
])[] = [
  ['door', 'HTTP door', () => benchDoor(Number(values.seconds))],
  ['pipeline', 'Pipeline', benchPipeline],
  ['write', 'Write to Kusto', benchKustoWrite],
  ['hub', 'Write to Event Hubs', benchHubWrite],
  ['blob', 'Blob door', () => benchBlob(values.mib === undefined ? undefined : Number(values.mib))],
  ['cold-start', 'Cold start', benchColdStart],
  ['series', 'Series', benchSeries],
  ['engine', ENGINE_TITLE, engineRows],
  ['probe', 'The probe beside other SDKs', benchProbe],
  ['scenarios', 'The probe against the frame clock', benchScenarios],
];
if (values.only !== undefined && !measured.some(([only]) => only === values.only))
  throw new Error(`--only takes ${measured.map(([only]) => only).join(', ')}`);
for (const [only, title, run] of measured)
  if (values.only === undefined || values.only === only) await add(title, `npm run bench -- --only ${only}`, run);
if (values.full) await add(CLONE_TITLE, 'npm run bench -- --full', benchClone);
if (!values.quick && values.mib === undefined) {
  // Sections that were not measured now keep their last figures, those of the heavy proofs among them.
  console.log(`wrote ${writeSections(sections)}`);
}
