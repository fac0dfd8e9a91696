// The import table of the architecture, held as a test: schema <- pipeline <- triggers, adapters <- index <- local. Nothing points back.
import { readFileSync } from 'node:fs';
import { globSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');

interface Room {
  files: string;
  /** Path prefixes inside the repository, besides the room's own. */
  areas: readonly string[];
  /** Packages; `*` = any. A type-only import of a package listed in `types` is fine as well. */
  packages: readonly RegExp[];
  types?: readonly RegExp[];
  forbiddenText?: RegExp;
}

const NONE: readonly RegExp[] = [];
const ANY = [/.*/];
const CLOCK_OR_ENV = /\bDate\.now\(|\bnew Date\(\)|\bprocess\.|\bMath\.random\(|\bcrypto\./;

const rooms: Record<string, Room> = {
  schema: { files: 'schema/**/*.ts', areas: [], packages: NONE },
  pipeline: {
    files: 'functions/pipeline/**/*.ts',
    areas: ['schema/'],
    // Pure: text in, keys out; bytes in, verdicts out.
    packages: [/^@svta\/cml-cmcd$/, /^node:buffer$/],
    forbiddenText: CLOCK_OR_ENV,
  },
  triggers: {
    files: 'functions/triggers/**/*.ts',
    areas: ['schema/', 'functions/pipeline/', 'functions/config.ts'],
    packages: NONE,
    types: [/^@azure\/functions$/],
  },
  adapters: {
    files: 'functions/adapters/**/*.ts',
    areas: ['schema/', 'functions/pipeline/ports.ts', 'functions/pipeline/row-text.ts', 'functions/config.ts'],
    packages: [/^node:/, /^@azure\//, /^azure-kusto-/, /^ua-parser-js$/, /^mmdb-lib$/, /^jose$/],
  },
  probe: { files: 'player-probe/src/**/*.ts', areas: [], packages: NONE, types: [/^dashjs$/, /^\.\.\/.*schema\//] },
  series: {
    files: 'local/kusto/{series,scalars}/**/*.ts',
    areas: ['local/kusto/series/', 'local/kusto/scalars/', 'local/kusto/types.ts'],
    packages: [/^node:/],
  },
  kusto: { files: 'local/kusto/**/*.ts', areas: ['local/kusto/'], packages: ANY },
  simulate: { files: 'simulate/**/*.ts', areas: ['schema/'], packages: ANY },
  grafana: { files: 'grafana/**/*.ts', areas: ['schema/'], packages: ANY },
};

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s+(type\s+)?(?:[^'";]*?\sfrom\s+)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/g;

interface Import {
  target: string;
  isType: boolean;
}

const importsOf = (text: string): Import[] =>
  [...text.matchAll(IMPORT)].map((match) => ({ target: match[2] ?? match[3] ?? '', isType: match[1] !== undefined }));

function violations(file: string, room: Room): string[] {
  const text = readFileSync(join(root, file), 'utf8');
  const own = room.files.slice(0, room.files.search(/[*{]/));
  const found = importsOf(text).flatMap(({ target, isType }) => {
    if (target.startsWith('.')) {
      const path = relative(root, join(root, dirname(file), target));
      const fits = path.startsWith(own) || room.areas.some((area) => path.startsWith(area));
      return fits || (isType && room.types?.some((type) => type.test(target))) ? [] : [`${file} imports ${path}`];
    }
    const fits =
      room.packages.some((name) => name.test(target)) || (isType && room.types?.some((name) => name.test(target)));
    return fits ? [] : [`${file} imports ${target}`];
  });
  const forbidden = room.forbiddenText?.exec(text.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, ''));
  return forbidden ? [...found, `${file} uses ${forbidden[0]}`] : found;
}

const sourcesOf = (room: Room): string[] =>
  globSync(room.files, { cwd: root }).filter(
    (file) => !/\.(test|bench|contract)\.ts$|(^|\/)node_modules\/|(^|\/)dist\//.test(file),
  );

it.each(Object.entries(rooms))('%s imports only what its room may', (_name, room) => {
  const files = sourcesOf(room);
  expect(files.length, 'a guard that sees nothing must not be green').toBeGreaterThan(2);
  expect(files.flatMap((file) => violations(file, room))).toEqual([]);
});

it('only functions/config.ts reads process.env in the function app', () => {
  const readers = globSync('functions/**/*.ts', { cwd: root }).filter(
    (file) => !file.endsWith('.test.ts') && /\bprocess\.env\b/.test(readFileSync(join(root, file), 'utf8')),
  );
  expect(readers).toEqual(['functions/config.ts']);
});

it('only functions/index.ts registers functions', () => {
  const registrars = globSync('functions/**/*.ts', { cwd: root }).filter(
    (file) =>
      !file.endsWith('.test.ts') &&
      /\bapp\.(http|timer|eventGrid|eventHub|storageBlob)\(/.test(readFileSync(join(root, file), 'utf8')),
  );
  expect(registrars).toEqual(['functions/index.ts']);
});

it('sees an import placed in the wrong room', () => {
  const pipeline = rooms['pipeline'] as Room;
  const seen = importsOf(
    `import { readFileSync } from 'node:fs';\nimport type { X } from '../../local/start.ts';\nconst y = await import('azure-kusto-data');`,
  );
  expect(seen).toEqual([
    { target: 'node:fs', isType: false },
    { target: '../../local/start.ts', isType: true },
    { target: 'azure-kusto-data', isType: false },
  ]);
  expect(pipeline.packages.some((name) => name.test('node:fs'))).toBe(false);
});
