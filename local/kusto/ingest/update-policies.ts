import { storageOf, withRelation } from '../catalog/catalog.ts';
import type { TableEntity } from '../catalog/entities.ts';
import { compileFor } from '../exec/query.ts';
import type { Engine } from '../exec/engine.ts';
import { columnOf, projection } from '../store/physical.ts';
import type { Transaction } from '../store/writer.ts';
import { KustoError } from '../types.ts';
import { assignable } from './assign.ts';

/** One element of a table's update policy. */
interface UpdatePolicy {
  readonly source: string;
  readonly query: string;
  readonly isTransactional: boolean;
}

/** The enabled update policies of a table, read from the stored JSON; property names are compared without case. */
export function updatePoliciesOf(json: string): UpdatePolicy[] {
  const parsed: unknown = JSON.parse(json);
  const list: unknown[] = Array.isArray(parsed) ? parsed : [parsed];
  return list.flatMap((item) => {
    if (typeof item !== 'object' || item === null) return [];
    const fields = new Map(Object.entries(item).map(([key, value]) => [key.toLowerCase(), value as unknown]));
    const source = fields.get('source');
    const query = fields.get('query');
    if (fields.get('isenabled') === false || typeof source !== 'string' || typeof query !== 'string') return [];
    return [{ source, query, isTransactional: fields.get('istransactional') === true }];
  });
}

/**
 * After rows came into `tables`: runs the update policies that read them, over the new rows only, in the same transaction.
 * A policy's target may be the source of another one. A failing transactional policy fails the ingestion; another one is recorded.
 */
export async function runUpdatePolicies(
  engine: Engine,
  tx: Transaction,
  tables: readonly TableEntity[],
): Promise<void> {
  for (const { name: database } of engine.catalog.databases()) {
    const own = new Set(engine.catalog.tables(database).map(({ id }) => id));
    const policies = engine.catalog
      .policies(database)
      .filter(({ policy, entityKind }) => policy === 'update' && entityKind === 'table');
    if (policies.length === 0) continue;
    const pending = tables.filter(({ id }) => own.has(id)).map(({ name }) => name);
    const done = new Set<string>();
    for (let source = pending.shift(); source !== undefined; source = pending.shift()) {
      for (const { entity, value } of policies) {
        for (const policy of updatePoliciesOf(value)) {
          const key = `${source}→${entity}:${policy.query}`;
          if (policy.source !== source || done.has(key)) continue;
          done.add(key);
          await runPolicy(engine, tx, database, entity, policy);
          pending.push(entity);
        }
      }
    }
  }
}

async function runPolicy(
  engine: Engine,
  tx: Transaction,
  database: string,
  targetName: string,
  policy: UpdatePolicy,
): Promise<void> {
  const target = engine.catalog.requireTable(database, targetName);
  const source = engine.catalog.requireTable(database, policy.source);
  const fresh = `u${source.id}_${target.id}`;
  let sql: string;
  try {
    const compiled = await compileFor(
      engine,
      { database, text: policy.query },
      withRelation(engine.catalog.snapshot(database), policy.source, fresh),
    );
    const values = assignable(target, compiled.columns);
    const names = target.columns.map(columnOf).join(', ');
    sql = `INSERT INTO ${storageOf(target)} (_batch, _at, ${names}) SELECT ${tx.batch}, ${tx.at}, ${values} FROM (${compiled.sql}) AS q(${compiled.columns.map((_, i) => `q${i}`).join(', ')})`;
    await tx.connection.run(
      `CREATE OR REPLACE TEMP VIEW ${fresh} AS SELECT ${projection(source)} FROM ${storageOf(source)} WHERE _batch = ${tx.batch}`,
    );
  } catch (error) {
    await failed(engine, database, target, policy, error);
    return;
  }
  try {
    await tx.connection.run(sql);
    tx.touched(target);
  } catch (error) {
    // The transaction is gone with the statement, whatever the policy says: the rows come back only if the request is sent again.
    throw asFailure(target, policy, error);
  }
}

const asFailure = (target: TableEntity, policy: UpdatePolicy, error: unknown): KustoError =>
  new KustoError(
    'BADREQUEST',
    `The update policy from '${policy.source}' to '${target.name}' failed: ${error instanceof Error ? error.message : String(error)}`,
  );

async function failed(
  engine: Engine,
  database: string,
  target: TableEntity,
  policy: UpdatePolicy,
  error: unknown,
): Promise<void> {
  const failure = asFailure(target, policy, error);
  if (policy.isTransactional) throw failure;
  void engine.failures.add({
    database,
    table: target.name,
    source: policy.source,
    errorCode: 'UpdatePolicy_QueryFailed',
    details: failure.message,
    isPermanent: true,
    fromUpdatePolicy: true,
  });
}
