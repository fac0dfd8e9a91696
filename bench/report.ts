import { cpus, totalmem } from 'node:os';

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
export const report = (sections: readonly Section[], date: Date): string =>
  `# Results

Written by the commands named below. Wall times vary from machine to machine; use the ratios, which compare within one run.

Machine: ${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}. Date: ${date.toISOString().slice(0, 10)}.

${sections.map(({ title, command, rows }) => `## ${title}\n\n\`${command}\`\n\n| what | figure | note |\n|---|---|---|\n${rows.map((row) => `| ${row.what} | ${row.figure} | ${row.note} |`).join('\n')}\n`).join('\n')}`;
