import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

interface StoredFunction {
  folder: string;
  name: string;
  parameters: string;
  docstring: string;
}

const HEAD =
  /\.create-or-alter function with \(folder = "([^"]*)", docstring = "((?:[^"\\]|\\.)*)"\)\s*([A-Za-z_]\w*)\s*\(/;

/** The parameter list, from the opening parenthesis to its partner: defaults such as `dynamic(["*"])` hold parentheses too. */
function parametersFrom(text: string, open: number): string {
  let depth = 0;
  for (let at = open; at < text.length; at++) {
    if (text[at] === '(') depth++;
    if (text[at] === ')' && --depth === 0) return text.slice(open + 1, at);
  }
  return '';
}

function readFunction(path: string): StoredFunction {
  const text = readFileSync(path, 'utf8');
  const match = HEAD.exec(text);
  if (!match) throw new Error(`${path}: expected ".create-or-alter function with (folder = …, docstring = …) Name(…)"`);
  const [whole, folder = '', docstring = '', name = ''] = match;
  return {
    folder,
    name,
    docstring: docstring.replaceAll('\\"', '"'),
    parameters: parametersFrom(text, match.index + whole.length - 1),
  };
}

const INTRO: Readonly<Record<string, string>> = {
  Qoe: 'Metrics, each defined once, with its formula and where vendors differ. CTA-2066 is the default; a variant carries its own suffix.',
  Detectors: 'From rollups to series, from series to anomalies, from anomalies to incidents.',
  Alerts: 'What Grafana’s rules ask: string columns become labels, the one number is the value, 0 is healthy.',
  Ingestion: 'Health and books of the pipeline.',
};

const section = (folder: string, functions: readonly StoredFunction[]): string =>
  [
    `## ${folder}`,
    ...(INTRO[folder] ? [INTRO[folder]] : []),
    ...functions.map(
      ({ name, parameters, docstring }) =>
        `### ${name}\n\n\`${name}(${parameters.replaceAll(/\s+/g, ' ').trim()})\`\n\n${docstring}`,
    ),
  ].join('\n\n');

/** docs/metrics.md: every stored function with its docstring, by folder. */
export function metricsReference(root: string): string {
  const all = globSync('kql/{functions,detectors,alerts}/*.kql', { cwd: root })
    .sort()
    .map((path) => readFunction(join(root, path)));
  const folders = [...Object.keys(INTRO), ...new Set(all.map((one) => one.folder))].filter(
    (folder, at, list) => list.indexOf(folder) === at,
  );
  const sections = folders
    .map((folder) => [folder, all.filter((one) => one.folder === folder)] as const)
    .filter(([, functions]) => functions.length > 0)
    .map(([folder, functions]) => section(folder, functions));
  return `# Metrics, detectors and alerts\n\nGenerated from the docstrings of \`kql/\` by \`npm run generate\`; do not edit. Functions that look at time take it as a parameter and never call \`now()\`, so that any moment can be tested and replayed. Where other products compute something else under the same name: [metric-differences.md](metric-differences.md).\n\n${sections.join('\n\n')}\n`;
}
