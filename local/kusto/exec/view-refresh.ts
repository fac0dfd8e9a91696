import { storageOf, withRelation } from '../catalog/catalog.ts';
import type { StoredColumn, TableEntity, ViewEntity } from '../catalog/entities.ts';
import { planView, type ViewPlan } from '../catalog/view-plan.ts';
import { columnOf, projection } from '../store/physical.ts';
import type { Transaction } from '../store/writer.ts';
import { KustoError, type CompiledQuery } from '../types.ts';
import type { Engine } from './engine.ts';
import { compileFor } from './query.ts';

/** Commits of the source that the view does not contain yet. */
interface Span {
  readonly after: number;
  readonly upTo: number;
}

interface Refresh {
  readonly tx: Transaction;
  readonly view: ViewEntity;
  readonly source: TableEntity;
  readonly span: Span;
  readonly plan: ViewPlan;
  /** The view's query, its source being the temporary view `relation`. */
  readonly compiled: CompiledQuery;
  /** The same up to the keys only. */
  readonly keysOnly: CompiledQuery | null;
  readonly relation: string;
}

/** Brings the rows of `span` into the view, inside the caller's transaction. */
export async function applyNewRows(
  engine: Engine,
  tx: Transaction,
  database: string,
  view: ViewEntity,
  source: TableEntity,
  span: Span,
): Promise<void> {
  const plan = planView(view.query);
  const copied = copiedColumns(plan, view, source);
  if (copied !== null) {
    await tx.connection.run(copyNewRows(tx, view, source, span, copied));
    return;
  }
  const relation = `delta_${view.id}`;
  const catalog = withRelation(engine.catalog.snapshot(database), source.name, relation);
  // materialized_view('X') names the same relation as X.
  const text = plainSource(view.query, source.name);
  const compiled = forView(view, await compileFor(engine, { database, text }, catalog));
  const keysText = `${plainSource(plan.prefix, source.name)}\n| summarize by ${plan.keys.join(', ')}`;
  const keysOnly =
    plan.mode === 'recompute' && plan.keys.length > 0
      ? await compileFor(engine, { database, text: keysText }, catalog)
      : null;
  const refresh: Refresh = { tx, view, source, span, plan, compiled, keysOnly, relation };
  await tx.connection.run(newRows(refresh));
  if (plan.mode === 'recompute') await recompute(refresh);
  else await combine(refresh);
}

/**
 * The query's columns as the view has them, by name: `*` stands for the columns that the source had when the view was made,
 * so a column added to the source later is left out.
 */
function forView(view: ViewEntity, compiled: CompiledQuery): CompiledQuery {
  const found = view.columns.map(({ name, type }) =>
    compiled.columns.findIndex((c) => c.name === name && c.type === type),
  );
  const missing = found.indexOf(-1);
  if (missing >= 0) {
    const gone = view.columns[missing]?.name ?? '';
    throw new KustoError(
      'BADREQUEST',
      `Materialized view '${view.name}' no longer fits its source: its query does not give '${gone}' any more`,
    );
  }
  const columns = found.map((at, i) => `q${at} AS r${i}`).join(', ');
  return {
    ...compiled,
    sql: `SELECT ${columns} FROM (${compiled.sql}) AS q(${names(compiled.columns.length)})`,
    columns: view.columns,
  };
}

/**
 * `Source | summarize take_any(*) by <columns>` copies whole rows: for each column of the view the source's column, keys first.
 * Null when the view is of another form.
 */
function copiedColumns(plan: ViewPlan, view: ViewEntity, source: TableEntity): readonly StoredColumn[] | null {
  const [aggregate] = plan.aggregates;
  const isCopy = plan.mode === 'insert-new' && plan.aggregates.length === 1 && aggregate?.arguments.join(',') === '*';
  if (!isCopy || plan.prefix.trim() !== source.name || plan.keys.length === 0) return null;
  const columns = view.columns.map(({ name, type }) =>
    source.columns.find((column) => column.name === name && column.type === type),
  );
  const isPlain = plan.keys.every((key, i) => key === view.columns[i]?.name);
  return isPlain && columns.every((column) => column !== undefined) ? columns : null;
}

/** Groups by the keys only and takes the rows by number: an aggregate over every column of a wide table costs ten times as much. */
function copyNewRows(
  tx: Transaction,
  view: ViewEntity,
  source: TableEntity,
  span: Span,
  columns: readonly StoredColumn[],
): string {
  const keys = columns.slice(0, planView(view.query).keys.length).map(columnOf);
  const isNew = `_batch > ${span.after} AND _batch <= ${span.upTo}`;
  const match = keys.map(
    (key, i) => `m.${columnOf(view.columns[i] ?? { id: i, name: '', type: 'string' })} IS NOT DISTINCT FROM s.${key}`,
  );
  return `INSERT INTO ${storageOf(view)} (_batch, _at, ${view.columns.map(columnOf).join(', ')})
    SELECT ${tx.batch}, ${tx.at}, ${columns.map((column) => `s.${columnOf(column)}`).join(', ')} FROM ${storageOf(source)} s
    WHERE ${isNew} AND rowid IN (SELECT min(rowid) FROM ${storageOf(source)} WHERE ${isNew} GROUP BY ${keys.join(', ')})
      AND NOT EXISTS (SELECT 1 FROM ${storageOf(view)} m WHERE ${match.join(' AND ')})`;
}

const plainSource = (text: string, source: string): string =>
  text.replace(/^\s*materialized_view\s*\(\s*(?:'[^']*'|"[^"]*")\s*(?:,[^)]*)?\)/, `['${source}']`);

const newRows = ({ relation, source, span }: Refresh): string =>
  `CREATE OR REPLACE TEMP VIEW ${relation} AS SELECT ${projection(source)} FROM ${storageOf(source)} WHERE _batch > ${span.after} AND _batch <= ${span.upTo}`;

const keyCount = ({ plan }: Refresh): number => plan.keys.length;
const names = (count: number, prefix = 'q'): string =>
  Array.from({ length: count }, (_, i) => `${prefix}${i}`).join(', ');
/** A string is never NULL in storage. */
const stored = (column: StoredColumn, sql: string): string => (column.type === 'string' ? `coalesce(${sql}, '')` : sql);

/** `x.k3 IS NOT DISTINCT FROM d.q0 AND …` over the key columns. */
const sameKeys = (refresh: Refresh, left: (i: number) => string, right: (i: number) => string): string =>
  keyCount(refresh) === 0
    ? 'true'
    : Array.from({ length: keyCount(refresh) }, (_, i) => `${left(i)} IS NOT DISTINCT FROM ${right(i)}`).join(' AND ');

const storedKey = (refresh: Refresh, i: number): string => {
  const column = refresh.view.columns[i];
  return column === undefined ? `k${i + 1}` : columnOf(column);
};

const insertInto = ({ tx, view }: Refresh, select: string): string =>
  `INSERT INTO ${storageOf(view)} (_batch, _at, ${view.columns.map(columnOf).join(', ')}) SELECT ${tx.batch}, ${tx.at}, ${select}`;

/** A range on the time key from the new rows lets DuckDB skip the row groups outside it. */
async function timeRange(refresh: Refresh, table: string): Promise<{ low: bigint; high: bigint } | null> {
  const { timeKey } = refresh.plan;
  if (timeKey === null || refresh.view.columns[timeKey.index]?.type !== 'datetime') return null;
  const key = `q${timeKey.index}`;
  const reader = await refresh.tx.connection.runAndReadAll(
    `SELECT min(${key}), max(${key}), count(*) = count(${key}) FROM ${table}`,
  );
  const [low, high, isTotal] = reader.getRows()[0] ?? [];
  return typeof low === 'bigint' && typeof high === 'bigint' && isTotal === true ? { low, high } : null;
}

/** insert-new, latest and merge: the aggregates of the new rows alone decide, the source is not read again. */
async function combine(refresh: Refresh): Promise<void> {
  const { tx, view, plan, compiled } = refresh;
  const count = view.columns.length;
  const storage = storageOf(view);
  await tx.connection.run(
    `CREATE OR REPLACE TEMP TABLE fresh AS SELECT * FROM (${compiled.sql}) AS q(${names(count)})`,
  );
  const range = await timeRange(refresh, 'fresh');
  const inRange =
    range === null || plan.timeKey === null
      ? ''
      : ` AND s.${storedKey(refresh, plan.timeKey.index)} BETWEEN ${range.low} AND ${range.high}`;
  const match = sameKeys(
    refresh,
    (i) => `s.${storedKey(refresh, i)}`,
    (i) => `f.q${i}`,
  );
  const all = view.columns.map((column, i) => stored(column, `f.q${i}`)).join(', ');
  if (plan.mode === 'insert-new') {
    await tx.connection.run(
      `${insertInto(refresh, all)} FROM fresh f WHERE NOT EXISTS (SELECT 1 FROM ${storage} s WHERE ${match}${inRange})`,
    );
  } else {
    const merged = view.columns.map((column, i) => `${mergedColumn(refresh, column, i)} AS q${i}`).join(', ');
    await tx.connection.run(
      `CREATE OR REPLACE TEMP TABLE merged AS SELECT ${merged} FROM fresh f LEFT JOIN (SELECT *, true AS _is FROM ${storage} s WHERE true${inRange}) s ON ${match}`,
    );
    await tx.connection.run(`DELETE FROM ${storage} s USING fresh f WHERE ${match}${inRange}`);
    await tx.connection.run(`${insertInto(refresh, all)} FROM merged f`);
    await tx.connection.run('DROP TABLE merged');
  }
  await tx.connection.run('DROP TABLE fresh');
}

/** What is stored (`s`) and what is new (`f`) made one value. */
function mergedColumn(refresh: Refresh, column: StoredColumn, i: number): string {
  const { plan } = refresh;
  const keys = keyCount(refresh);
  const [old, fresh] = [`s.${columnOf(column)}`, `f.q${i}`];
  if (i < keys) return fresh;
  if (plan.mode === 'latest') {
    const best = refresh.view.columns[keys];
    const [oldBest, freshBest] = [`s.${best === undefined ? '' : columnOf(best)}`, `f.q${keys}`];
    const better = plan.aggregates[0]?.function === 'arg_max' ? '>' : '<';
    // A stored row stays on equal values; a row without a value loses to any that has one.
    return `CASE WHEN s._is IS NULL OR (${freshBest} IS NOT NULL AND (${oldBest} IS NULL OR ${freshBest} ${better} ${oldBest})) THEN ${fresh} ELSE ${old} END`;
  }
  const name = plan.aggregates[i - keys]?.function ?? '';
  if (name.startsWith('min')) return `least(${old}, ${fresh})`;
  if (name.startsWith('max')) return `greatest(${old}, ${fresh})`;
  return `coalesce(${old} + ${fresh}, ${old}, ${fresh})`;
}

/** Computes the groups that new rows belong to again, from the source up to this span. */
async function recompute(refresh: Refresh): Promise<void> {
  const { tx, view, source, span, plan, compiled, keysOnly, relation } = refresh;
  const storage = storageOf(view);
  const keys = keyCount(refresh);
  const rows = `SELECT ${projection(source)} FROM ${storageOf(source)} WHERE _batch <= ${span.upTo}`;
  if (keysOnly === null) {
    await tx.connection.run(`CREATE OR REPLACE TEMP VIEW ${relation} AS ${rows}`);
    await tx.connection.run(`DELETE FROM ${storage}`);
  } else {
    await tx.connection.run(
      `CREATE OR REPLACE TEMP TABLE dirty AS SELECT * FROM (${keysOnly.sql}) AS q(${names(keys)})`,
    );
    const range = await timeRange(refresh, 'dirty');
    await tx.connection.run(`CREATE OR REPLACE TEMP VIEW ${relation} AS ${rows}${sourceFilter(refresh, range)}`);
    const match = sameKeys(
      refresh,
      (i) => `s.${storedKey(refresh, i)}`,
      (i) => `d.q${i}`,
    );
    const inRange =
      range === null || plan.timeKey === null
        ? ''
        : ` AND s.${storedKey(refresh, plan.timeKey.index)} BETWEEN ${range.low} AND ${range.high}`;
    await tx.connection.run(`DELETE FROM ${storage} s USING dirty d WHERE ${match}${inRange}`);
  }
  const select = view.columns.map((column, i) => stored(column, `q.q${i}`)).join(', ');
  const dirtyOnly =
    keysOnly === null
      ? ''
      : ` WHERE EXISTS (SELECT 1 FROM dirty d WHERE ${sameKeys(
          refresh,
          (i) => `q.q${i}`,
          (i) => `d.q${i}`,
        )})`;
  await tx.connection.run(
    `${insertInto(refresh, select)} FROM (${compiled.sql}) AS q(${names(view.columns.length)})${dirtyOnly}`,
  );
  if (keysOnly !== null) await tx.connection.run('DROP TABLE dirty');
}

function sourceFilter(refresh: Refresh, range: { low: bigint; high: bigint } | null): string {
  const { timeKey } = refresh.plan;
  const column = refresh.source.columns.find(({ name }) => name === timeKey?.column);
  if (range === null || timeKey === null || column?.type !== 'datetime') return '';
  const name = columnOf(column);
  const bins = `SELECT q${timeKey.index} FROM dirty`;
  return ` AND ${name} >= ${range.low} AND ${name} < ${range.high + timeKey.stepTicks} AND ${name} - ${name} % ${timeKey.stepTicks} IN (${bins})`;
}
