import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';

export interface Row {
  readonly what: string;
  readonly figure: string;
  readonly note: string;
}

export interface Section {
  readonly title: string;
  readonly command: string;
  readonly rows: readonly Row[];
}

/** bench/results.md: machine and date first, one table a section, each with the command that makes it. */
const report = (sections: readonly Section[], date: Date): string =>
  `# Results

Written by the commands named below. Wall times vary from machine to machine; use the ratios, which compare within one run.

Machine: ${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}. Date: ${date.toISOString().slice(0, 10)}.

${sections.map(({ title, command, rows }) => `## ${title}\n\n\`${command}\`\n\n| what | figure | note |\n|---|---|---|\n${rows.map((row) => `| ${row.what} | ${row.figure} | ${row.note} |`).join('\n')}\n`).join('\n')}`;

/** The sections of an earlier report, in their order. */
function sectionsOf(text: string): Section[] {
  return text
    .split('\n## ')
    .slice(1)
    .map((part) => ({
      title: part.split('\n', 1)[0] ?? '',
      command: /`([^`]+)`/.exec(part)?.[1] ?? '',
      rows: part
        .split('\n')
        .filter((line) => line.startsWith('| '))
        .slice(1)
        .map((line) => line.split('|').map((cell) => cell.trim()))
        .map(([, what = '', figure = '', note = '']) => ({ what, figure, note })),
    }));
}

/** Earlier sections with the fresh ones in place of those of the same title; new titles come last. */
function withSections(earlier: readonly Section[], fresh: readonly Section[]): Section[] {
  const left = new Map(fresh.map((section) => [section.title, section]));
  const kept = earlier.map((section) => {
    const newer = left.get(section.title);
    left.delete(section.title);
    return newer ?? section;
  });
  return [...kept, ...left.values()];
}

const FILE = join(import.meta.dirname, 'results.md');

/** What bench/results.md holds now. */
export const readSections = (): Section[] => (existsSync(FILE) ? sectionsOf(readFileSync(FILE, 'utf8')) : []);

/** Puts measured sections into bench/results.md and leaves the others as they are. Returns the file. */
export function writeSections(fresh: readonly Section[]): string {
  writeFileSync(FILE, report(withSections(readSections(), fresh), new Date()));
  return FILE;
}

/**
 * Puts one measured row into its section at once, so that a run ended early keeps its figures. Rows of other things stay,
 * unless `isKnown` says that nothing of that name is measured any more.
 */
export function writeRow(
  { title, command }: Omit<Section, 'rows'>,
  row: Row,
  isKnown: (what: string) => boolean = () => true,
): void {
  const earlier = readSections().find((section) => section.title === title)?.rows ?? [];
  const place = earlier.findIndex(({ what }) => what === row.what);
  const rows = place === -1 ? [...earlier, row] : earlier.with(place, row);
  writeSections([{ title, command, rows: rows.filter(({ what }) => isKnown(what)) }]);
}
