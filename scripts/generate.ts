// `npm run generate` writes every generated file; `--check` only compares and fails when one is stale.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generateGrafana } from '../grafana/generate.ts';
import { generateCostPages } from '../infra/cost/pages.ts';
import { generateDiagram } from '../infra/diagram-page.ts';
import { generateKqlScripts } from '../infra/kql-scripts.ts';
import { jsonSchema } from '../schema/emit/json-schema.ts';
import { columnDocstrings, createTable, jsonMapping, tableDocstring } from '../schema/emit/kql.ts';
import { dataDictionary } from '../schema/emit/markdown.ts';
import type { Table } from '../schema/spec.ts';
import { tables } from '../schema/tables.ts';
import { cdnLogPage, probePage } from './format-pages.ts';
import { metricsReference } from './kql-reference.ts';
import { kqlSupport } from './kql-support.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const HEAD = '// Generated from schema/ by `npm run generate`; do not edit.\n\n';
const all: readonly Table[] = Object.values(tables);

/** Every generated file: path from the root → content. */
export async function generated(): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  files.set(
    'kql/schema/generated/010-tables.kql',
    HEAD + all.flatMap((t) => [createTable(t), tableDocstring(t), columnDocstrings(t)]).join('\n\n') + '\n',
  );
  files.set('kql/schema/generated/020-mappings.kql', HEAD + all.map(jsonMapping).join('\n\n') + '\n');
  for (const table of all)
    files.set(`schema/generated/${table.name}.schema.json`, JSON.stringify(jsonSchema(table), null, 2) + '\n');
  files.set('docs/data-dictionary.md', dataDictionary(all));
  files.set('docs/metrics.md', metricsReference(root));
  files.set('docs/formats/cdn-logs.md', cdnLogPage());
  files.set('docs/formats/probe.md', probePage());
  files.set('docs/kql-support.md', await kqlSupport());
  for (const [path, content] of generateKqlScripts()) files.set(path, content);
  for (const [path, content] of generateDiagram()) files.set(path, content);
  for (const [path, content] of generateCostPages()) files.set(path, content);
  for (const [path, content] of generateGrafana()) files.set(path, content);
  return files;
}

/** Files in folders that hold nothing but generated ones, and that no generator makes any more. */
function orphans(files: ReadonlyMap<string, string>): string[] {
  const folders = new Set(
    [...files.keys()].filter((path) => path.includes('/generated/')).map((path) => dirname(path)),
  );
  return [...folders].flatMap((folder) =>
    existsSync(join(root, folder))
      ? readdirSync(join(root, folder), { withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map((entry) => join(folder, entry.name))
          .filter((path) => !files.has(path))
      : [],
  );
}

async function main(): Promise<void> {
  const files = await generated();
  const stale = [...files].filter(
    ([path, content]) => !existsSync(join(root, path)) || readFileSync(join(root, path), 'utf8') !== content,
  );
  const extra = orphans(files);
  if (process.argv.includes('--check')) {
    for (const path of [...stale.map(([path]) => path), ...extra]) console.error(`stale: ${path}`);
    if (stale.length + extra.length > 0) {
      console.error('Run `npm run generate` and commit the result.');
      process.exit(1);
    }
    console.log(`${files.size} generated files are up to date.`);
    return;
  }
  for (const [path, content] of stale) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
    console.log(`wrote ${path}`);
  }
  for (const path of extra) {
    rmSync(join(root, path));
    console.log(`removed ${path}`);
  }
  console.log(`${files.size} files, ${stale.length} changed.`);
}

if (process.argv[1] && relative(process.argv[1], fileURLToPath(import.meta.url)) === '') await main();
