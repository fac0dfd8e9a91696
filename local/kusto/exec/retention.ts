import { storageOf } from '../catalog/catalog.ts';
import { parseTimespan } from '../ingest/convert.ts';
import { nowTicks } from '../store/clock.ts';
import type { Engine } from './engine.ts';

/** SoftDeletePeriod of a retention policy's JSON in ticks; null when it has none. */
export function softDeletePeriod(json: string | undefined): bigint | null {
  if (json === undefined) return null;
  const policy: unknown = JSON.parse(json);
  if (typeof policy !== 'object' || policy === null || !('SoftDeletePeriod' in policy)) return null;
  return typeof policy.SoftDeletePeriod === 'string' ? parseTimespan(policy.SoftDeletePeriod) : null;
}

/** Deletes rows that came longer ago than the retention policy of their table, view or database allows. Counts by time of ingestion, as Kusto does. */
export async function applyRetention(engine: Engine): Promise<number> {
  let deleted = 0;
  const { catalog } = engine;
  for (const { name: database } of catalog.databases()) {
    const whole = catalog.policy(database, 'database', database, 'retention')?.value;
    const entities = [
      ...catalog.tables(database).map((table) => ({ table, kind: 'table' })),
      ...catalog.views(database).map((table) => ({ table, kind: 'materialized-view' })),
    ];
    for (const { table, kind } of entities) {
      const period = softDeletePeriod(catalog.policy(database, kind, table.name, 'retention')?.value ?? whole);
      if (period === null) continue;
      const before = nowTicks() - period;
      deleted += await engine.writer.exclusive(async ({ connection }) => {
        const known = catalog.table(database, table.name) ?? catalog.view(database, table.name);
        if (known?.id !== table.id) return 0;
        const outcome = await connection.run(`DELETE FROM ${storageOf(table)} WHERE _at < ${before}`);
        return outcome.rowsChanged;
      });
    }
  }
  return deleted;
}
