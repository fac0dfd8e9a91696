import type { Ports } from './options.ts';

const at = (port: number, path = ''): string => `http://127.0.0.1:${port}${path}`;

/** What runs where, for a newcomer's eyes. */
export function statusTable(ports: Ports, dataDir: string, seconds: number): string {
  const rows: readonly (readonly [string, string])[] = [
    ['Dashboard', at(ports.viewer, '/')],
    ['Demo player', at(ports.viewer, '/demo/')],
    ['Alert rules', at(ports.viewer, '/alerting')],
    ['Explore (KQL)', at(ports.viewer, '/explore')],
    ['HTTP door', at(ports.functions, '/api/v1/events')],
    ['Kusto', `${at(ports.kusto)}  database framewatch`],
    ['Blob storage', `${at(ports.blob)}  files in telemetry/ are ingested`],
    ['Event Hubs', `sb://127.0.0.1:${ports.hubs}  messages in hub telemetry are ingested`],
    ['Data and logs', dataDir],
  ];
  const shift = ports.functions === 7071 ? '' : ` --endpoint ${at(ports.functions, '/api/v1/events')} --blob none`;
  const width = Math.max(...rows.map(([name]) => name.length));
  const line = '─'.repeat(72);
  return [
    '',
    line,
    `  Framewatch is up (${seconds.toFixed(1)} s)`,
    line,
    ...rows.map(([name, where]) => `  ${name.padEnd(width)}   ${where}`),
    line,
    `  Break a CDN:  npm run simulate -- --scenario cdn-outage${shift}`,
    '  Ctrl-C stops everything; data are kept.',
    line,
    '',
  ].join('\n');
}
