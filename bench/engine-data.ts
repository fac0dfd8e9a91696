import type { Engine } from '../local/kusto/exec/engine.ts';
import { storageOf } from '../local/kusto/catalog/catalog.ts';
import { runCommand } from '../local/kusto/mgmt/run-command.ts';
import { columnOf } from '../local/kusto/store/physical.ts';
import type { KustoType } from '../local/kusto/types.ts';

export const DATABASE = 'bench';
export const TABLE = 'Beats';
export const CDNS = 10;
export const COUNTRIES = 50;
/** 2026-01-01 in ticks of 100 ns. */
export const START_TICKS = 639_028_224_000_000_000n;
export const BIN_TICKS = 3_000_000_000n;

/** Rows come in time order, as they would be ingested; two a bin and series at full size (500 × 2016 bins). */
export interface Size {
  readonly rows: number;
  readonly bins: number;
}

/** Column, its type, and its value as SQL over the row number `i`. Noise is a hash of the row, so every run sees the same rows. */
type Spec = readonly [name: string, type: KustoType, sql: (size: Size) => string];

const noise = (salt: number, below: number): string => `CAST(hash(i * 64 + ${salt}) % ${below} AS BIGINT)`;
const text = (prefix: string, salt: number, kinds: number): string => `'${prefix}' || ${noise(salt, kinds)}`;

const COLUMNS: readonly Spec[] = [
  [
    'EventTime',
    'datetime',
    ({ rows, bins }) => `${START_TICKS} + CAST(i AS BIGINT) * ${(BigInt(bins) * BIN_TICKS) / BigInt(rows)}`,
  ],
  [
    'ReceivedAt',
    'datetime',
    ({ rows, bins }) => `${START_TICKS} + 20000000 + CAST(i AS BIGINT) * ${(BigInt(bins) * BIN_TICKS) / BigInt(rows)}`,
  ],
  ['StartedAt', 'datetime', () => `${START_TICKS} - ${noise(1, 100_000)} * 10000`],
  ['Cdn', 'string', () => `'cdn-' || (i % ${CDNS})`],
  ['Country', 'string', () => `'C' || ((i // ${CDNS}) % ${COUNTRIES})`],
  ['SessionId', 'string', () => `md5(CAST(i // 200 AS VARCHAR))`],
  ['EventId', 'string', () => `md5(CAST(i AS VARCHAR))`],
  ['DeviceType', 'string', () => text('device-', 2, 6)],
  ['Os', 'string', () => text('os-', 3, 8)],
  ['Browser', 'string', () => text('browser-', 4, 12)],
  ['ContentId', 'string', () => text('content-', 5, 5000)],
  ['State', 'string', () => `CASE WHEN ${noise(6, 100)} < 5 THEN 'stalled' ELSE 'playing' END`],
  ['Tenant', 'string', () => `'acme'`],
  ['PlayerVersion', 'string', () => text('5.2.', 7, 9)],
  ['Isp', 'string', () => text('Example Networks ', 8, 400)],
  ['WatchedMs', 'long', () => '10000'],
  ['StalledMs', 'long', () => `CASE WHEN ${noise(6, 100)} < 5 THEN ${noise(9, 3000)} ELSE 0 END`],
  ['PlayingMs', 'long', () => `10000 - ${noise(10, 3000)}`],
  ['Bits', 'long', () => noise(11, 60_000_000)],
  ['Bytes', 'long', () => noise(12, 8_000_000)],
  ['FramesTotal', 'long', () => '250'],
  ...Array.from({ length: 15 }, (_none, n): Spec => [`Measure${n}`, 'real', () => measure(n)]),
  ['IsLive', 'bool', () => `${noise(40, 2)} = 0`],
  ['IsMuted', 'bool', () => `${noise(41, 10)} = 0`],
  [
    'Custom',
    'dynamic',
    () => `'{"plan":"' || ${text('p', 42, 3)} || '","experiment":{"arm":' || ${noise(43, 4)} || '}}'`,
  ],
  ['Extra', 'dynamic', () => `CASE WHEN ${noise(44, 4)} = 0 THEN '{"retry":' || ${noise(45, 5)} || '}' END`],
];

/** The first measure has a daily season, so that the decomposition has something to find. */
const measure = (n: number): string =>
  n === 0
    ? `2000 + 800 * sin(2 * pi() * (i // ${CDNS * COUNTRIES * 2}) / 288) + ${noise(20, 1_000_000)} / 1e4 + CASE WHEN ${noise(39, 5000)} = 0 THEN 3000 ELSE 0 END`
    : `${noise(20 + n, 1_000_000)} / 1e3`;

export const columnNames: readonly string[] = COLUMNS.map(([name]) => name);

const typesText = COLUMNS.map(([name, type]) => `${name}: ${type}`).join(', ');
export const createTable = (name: string): string => `.create table ${name} (${typesText})`;

const command = (engine: Engine, text: string): Promise<unknown> =>
  runCommand(text, { engine, database: DATABASE, timeoutMs: 60_000, parameters: {}, clientRequestId: 'bench' });

/** Makes the table and fills it; resolves when it is on disk. */
export async function fill(engine: Engine, size: Size): Promise<void> {
  await command(engine, createTable(TABLE));
  const table = engine.catalog.requireTable(DATABASE, TABLE);
  const names = table.columns.map(columnOf).join(', ');
  const values = COLUMNS.map(([, , sql]) => sql(size)).join(', ');
  await engine.writer.exclusive(async (tx) => {
    await tx.connection.run(
      `INSERT INTO ${storageOf(table)} (_batch, _at, ${names}) SELECT ${tx.batch}, ${tx.at}, ${values} FROM range(${size.rows}) AS r(i)`,
    );
    tx.touched(table);
  });
}

/** Physical name of a column in the table's storage, for statements written by hand. */
export function physical(engine: Engine): (name: string) => string {
  const table = engine.catalog.requireTable(DATABASE, TABLE);
  const names = new Map(table.columns.map((column) => [column.name, columnOf(column)]));
  return (name) => names.get(name) ?? name;
}
