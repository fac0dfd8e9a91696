import type { CdnFormat } from '../functions/pipeline/normalize/cdn/cdn-log.ts';
import { cdnFormats } from '../functions/pipeline/normalize/cdn/formats.ts';

// docs/formats/cdn-logs.md: what each CDN's log becomes, read from the tables that do it.

/** Where a field goes that is no column of its own. */
const MEANING: Readonly<Record<string, string>> = {
  url: '`Host`, `Path`; CMCD of its query',
  query: 'CMCD in it; the rest is not kept',
  headers: 'CMCD of its `CMCD-*` headers; the rest is not kept',
  cmcd: 'its CMCD keys',
};

function columnOf(target: string): string {
  if (target.startsWith('cmcd.')) return `CMCD \`${target.slice('cmcd.'.length)}\``;
  return MEANING[target] ?? `\`${target.charAt(0).toUpperCase()}${target.slice(1)}\``;
}

function section({ id, cdn, documentation, timeField, idField, columns, notKept }: CdnFormat): string {
  const rows = Object.entries(columns).map(([field, [target]]) => `| \`${field}\` | ${columnOf(target)} |`);
  const key = idField === undefined ? 'its place in the file and its content' : `\`${idField}\``;
  return [
    `## ${id}`,
    `\`Cdn\` is \`${cdn}\`. Field names: <${documentation}>. Time: \`${timeField}\`. \`EventId\`: ${key}.`,
    `| field | becomes |\n|---|---|\n${rows.join('\n')}`,
    `Not kept: ${notKept.map((name) => `\`${name}\``).join(', ')}.`,
  ].join('\n\n');
}

/** The page of all CDN logs. */
export const cdnLogPage = (): string =>
  `# CDN logs

Generated from \`functions/pipeline/normalize/cdn/\` by \`npm run generate\`; do not edit.

A log dropped into a blob container whose folder carries the name below (\`telemetry/cloudfront/…\`) becomes rows of \`CdnRequests\`; in another folder it is recognised by its fields. Gzip or plain. JSON is one object a line or objects without separators; text is W3C extended: the \`#Fields\` line names the columns that follow, in any order, and may change within the file. \`-\` and empty mean "none". Times are epoch (s, ms, µs, ns) or RFC 3339, UTC when no zone is given. CMCD is taken from the query and, where a log has them, from the request’s headers, decoded as often as the log encoded it; keys without a column are in \`Props.cmcd\`. Countries become ISO 3166-1 alpha-2 from codes in either case and from English names. Fields that are not in a table are kept in \`Props\`; addresses, cookies, user agents, referrers and queries are not kept anywhere.

${cdnFormats.map(section).join('\n\n')}
`;
