import {
  BASE_COLUMNS,
  BEAT_COLUMNS,
  HEADER_COLUMNS,
  KIND_COLUMNS,
  NESTED_COLUMNS,
} from '../functions/pipeline/normalize/probe-columns.ts';
import type { CdnFormat } from '../functions/pipeline/normalize/cdn/cdn-log.ts';
import { cdnFormats } from '../functions/pipeline/normalize/cdn/formats.ts';

// Pages of docs/formats/ that are read from the tables which do the work: CDN logs and the probe.

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

A log dropped into a blob container whose folder carries the name below (\`telemetry/cloudfront/…\`) becomes rows of \`CdnRequests\` (read them from \`CdnRequestsDedup_v1\`, where a log that was dropped twice counts once); in another folder it is recognised by its fields. Gzip or plain. JSON is one object a line or objects without separators; text is W3C extended: the \`#Fields\` line names the columns that follow, in any order, and may change within the file. \`-\` and empty mean "none". Times are epoch (s, ms, µs, ns) or RFC 3339, UTC when no zone is given. CMCD is taken from the query and, where a log has them, from the request’s headers, decoded as often as the log encoded it; keys without a column are in \`Props.cmcd\`. Countries become ISO 3166-1 alpha-2 from codes in either case and from English names. Fields that are not in a table are kept in \`Props\`; addresses, cookies, user agents, referrers and queries are not kept anywhere.

${cdnFormats.map(section).join('\n\n')}
`;

const pascal = (column: string): string => `${column.charAt(0).toUpperCase()}${column.slice(1)}`;

/** Wire names with their columns, on one line. */
const pairs = (columns: Readonly<Record<string, string>>): string =>
  Object.entries(columns)
    .map(([name, column]) => `\`${name}\` → \`${pascal(column)}\``)
    .join(', ');

/** The page of the probe's own format. */
export const probePage = (): string =>
  `# probe

Generated from \`functions/pipeline/normalize/probe-columns.ts\` by \`npm run generate\`; do not edit.

What the probe posts to \`/api/v1/events\`, and what blobs under \`telemetry/probe/\` hold: JSON envelopes \`{"v", "h", "e"}\`, one or several by line, each with the header \`h\` of a playback and a list \`e\` of its events. Types, units and meaning stand in \`schema/probe-wire.ts\`. Version 2 (\`schema/probe-wire-v2.ts\`) says the same in fewer words; \`schema/probe-upgrade.ts\` puts it into those below. Other versions wait in quarantine as \`unknown-version\`. Events of kind \`hb\` become rows of \`PlaybackBeats\`, all others of \`PlaybackEvents\`.

| of | becomes |
|---|---|
| header | ${pairs(HEADER_COLUMNS)}; \`st\` → \`StreamType\`, \`pl.name\`, \`pl.ver\` → \`PlayerName\`, \`PlayerVersion\`; \`t0\`, \`sent\` set the clock; \`vid\` → \`ViewerId\` as the pseudonym of the day; \`consent\` 0 or false: no identity; \`geo\`, \`dev\`: believed from trusted keys |
| every event | \`n\` → \`Sequence\`, and with the session \`EventId\`; \`t\` → \`EventTime\`; ${pairs(BASE_COLUMNS)} |
${Object.entries(KIND_COLUMNS)
  .filter(([, columns]) => Object.keys(columns).length > 0)
  .map(([kind, columns]) => `| \`k\` ${kind} | ${pairs(columns)} |`)
  .join('\n')}
| \`k\` hb | ${pairs(BEAT_COLUMNS)} |
${Object.entries(NESTED_COLUMNS)
  .map(([name, columns]) => `| \`${name}\` of ${name === 'c' ? 'any event' : 'a heartbeat'} | ${pairs(columns)} |`)
  .join('\n')}

Kinds without fields of their own: ${Object.entries(KIND_COLUMNS)
    .filter(([, columns]) => Object.keys(columns).length === 0)
    .map(([kind]) => kind)
    .join(', ')}. Fields that are not here are kept in \`Props\`.
`;
