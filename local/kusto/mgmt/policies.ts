import { policyKey, type Change, type PolicyEntity } from '../catalog/entities.ts';
import { compileFor } from '../exec/query.ts';
import { formatTimespan } from '../exec/encode.ts';
import { assignable } from '../ingest/assign.ts';
import { updatePoliciesOf } from '../ingest/update-policies.ts';
import { KustoError } from '../types.ts';
import { table as result, type CommandContext, type CommandResult, type Handler } from './command.ts';
import type { Scanner } from './scanner.ts';
import { parseKqlTimespan } from './timespan.ts';

const COLUMNS = {
  PolicyName: 'string',
  EntityName: 'string',
  Policy: 'string',
  ChildEntities: 'string',
  EntityType: 'string',
} as const;

const TYPE_NAMES: Readonly<Record<string, string>> = {
  table: 'Table',
  database: 'Database',
  'materialized-view': 'MaterializedView',
  column: 'Column',
  cluster: 'Cluster',
};
const POLICY_NAMES: Readonly<Record<string, string>> = {
  retention: 'RetentionPolicy',
  caching: 'CachingPolicy',
  update: 'UpdatePolicy',
  streamingingestion: 'StreamingIngestionPolicy',
  ingestionbatching: 'IngestionBatchingPolicy',
  merge: 'ExtentsMergePolicy',
  sharding: 'ShardingPolicy',
  row_level_security: 'RowLevelSecurityPolicy',
  row_order: 'RowOrderPolicy',
  partitioning: 'PartitioningPolicy',
  ingestiontime: 'IngestionTimePolicy',
  restricted_view_access: 'RestrictedViewAccessPolicy',
  auto_delete: 'AutoDeletePolicy',
  encoding: 'EncodingPolicy',
  roworder: 'RowOrderPolicy',
};

const span = (text: string): string => {
  const ticks = parseKqlTimespan(text);
  if (ticks === null) throw new KustoError('BADREQUEST', `'${text}' is no timespan`);
  return formatTimespan(ticks);
};

/** The short forms (`softdelete = 7d`, `hot = 3d`, `enable`, `true`, `(a asc)`) as the JSON that Kusto shows for them. */
function shortForm(text: string): Record<string, unknown> {
  const pairs = [...text.matchAll(/(\w+)\s*=\s*(datetime\([^)]*\)|'[^']*'|"[^"]*"|[^\s,]+)/g)];
  const security = /^(enable|disable)\b\s*(?:"([\s\S]*)"|'([\s\S]*)')?$/i.exec(text);
  if (security !== null) {
    const query = security[2] ?? security[3];
    return { IsEnabled: security[1]?.toLowerCase() === 'enable', ...(query === undefined ? {} : { Query: query }) };
  }
  if (/^(?:true|false)$/i.test(text)) return { IsEnabled: text.toLowerCase() === 'true' };
  if (pairs.length === 0) return { Text: text };
  const policy: Record<string, unknown> = {};
  for (const [, name = '', raw = ''] of pairs) {
    const value = raw.replace(/^['"]|['"]$/g, '');
    if (name.toLowerCase() === 'softdelete') policy['SoftDeletePeriod'] = span(value);
    else if (name.toLowerCase() === 'recoverability')
      policy['Recoverability'] = value.toLowerCase() === 'disabled' ? 'Disabled' : 'Enabled';
    else if (/^hot(?:data|index)?$/i.test(name))
      policy[name.toLowerCase() === 'hotindex' ? 'IndexHotSpan' : 'DataHotSpan'] = span(value);
    else policy[name] = value;
  }
  return policy;
}

function readPolicy(scanner: Scanner): unknown {
  if (!scanner.isString) return shortForm(scanner.rest().replace(/;\s*$/, ''));
  const text = scanner.string();
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new KustoError('BADREQUEST', 'The policy is not JSON');
  }
}

/** An update policy must name a source, compile, and give the columns of its target: told now, not at the first row. */
async function checkUpdatePolicy(context: CommandContext, target: string, json: string): Promise<void> {
  const { engine, database } = context;
  const table = engine.catalog.requireTable(database, target);
  for (const policy of updatePoliciesOf(json)) {
    engine.catalog.requireTable(database, policy.source);
    const compiled = await compileFor(engine, { database, text: policy.query }, engine.catalog.snapshot(database));
    if (compiled.columns.length !== table.columns.length) {
      throw new KustoError(
        'BADREQUEST',
        `Query schema does not match table schema: the query gives ${compiled.columns.length} columns, table '${target}' has ${table.columns.length}`,
      );
    }
    assignable(table, compiled.columns);
  }
}

/** `.show table T policy *`: those that are set. */
const ALL = '*';

interface Subject {
  readonly verb: string;
  readonly kind: string;
  readonly names: readonly string[];
  readonly policy: string;
}

function readSubject(scanner: Scanner, context: CommandContext): Subject {
  scanner.expect('.');
  const verb = scanner.peekWord();
  scanner.word(verb);
  const kind = scanner.peekWord().replace(/^tables$/, 'table');
  scanner.word(scanner.peekWord());
  let names: string[] = [];
  if (kind !== 'cluster' && !(kind === 'database' && scanner.peekWord() === 'policy')) {
    names = scanner.names();
    if (kind === 'column' && scanner.symbol('.')) names = [`${names.join('.')}.${scanner.name()}`];
  }
  if (kind === 'database') names = [context.database];
  if (kind === 'cluster') names = [''];
  if (!scanner.word('policy')) throw scanner.fail("'policy'");
  if (verb === 'show' && scanner.symbol('*')) return { verb, kind, names, policy: ALL };
  const policy = scanner.peekWord();
  if (!scanner.word(policy) || policy === '') throw scanner.fail('the name of a policy');
  return { verb, kind, names, policy };
}

/** `.alter|.alter-merge|.delete|.show <entity> policy <name> …`; the scanner stands at the beginning. */
export const policyCommand: Handler = async (scanner, context) => {
  const subject = readSubject(scanner, context);
  const { verb, kind, policy } = subject;
  const { engine, database } = context;
  const names = subject.names.includes('*') ? engine.catalog.tables(database).map(({ name }) => name) : subject.names;
  for (const name of names) {
    if (kind === 'table') engine.catalog.requireTable(database, name);
    if (kind === 'materialized-view' && engine.catalog.view(database, name) === undefined)
      throw new KustoError('NOTFOUND', `Entity ID '${name}' of kind 'MaterializedView' was not found.`);
  }
  if (verb === 'show') {
    scanner.rest();
    return shown(context, kind, names, policy);
  }
  if (verb === 'delete') {
    scanner.end();
    await engine.change(async () => ({
      changes: names.map((entity): Change => ({
        kind: 'policy',
        database,
        key: policyKey(kind, entity, policy),
        value: null,
      })),
      result: undefined,
    }));
    return shown(context, kind, names, policy);
  }
  const given = readPolicy(scanner);
  const values = names.map((entity) => {
    const old = verb === 'alter-merge' ? engine.catalog.policy(database, kind, entity, policy) : undefined;
    const before: unknown = old === undefined ? {} : JSON.parse(old.value);
    const isObject = typeof given === 'object' && given !== null && !Array.isArray(given);
    return { entity, value: JSON.stringify(isObject ? { ...(before as object), ...given } : given) };
  });
  if (policy === 'update') for (const { entity, value } of values) await checkUpdatePolicy(context, entity, value);
  await engine.change(async () => ({
    changes: values.map(({ entity, value }): Change => ({
      kind: 'policy',
      database,
      key: policyKey(kind, entity, policy),
      value: { entityKind: kind, entity, policy, value },
    })),
    result: undefined,
  }));
  return shown(context, kind, names, policy);
};

function shown(context: CommandContext, kind: string, names: readonly string[], policy: string): CommandResult {
  const { engine, database } = context;
  if (policy === ALL)
    return storedPolicies(context, (stored) => stored.entityKind === kind && names.includes(stored.entity));
  return result(
    COLUMNS,
    names.map((entity) => {
      const stored = engine.catalog.policy(database, kind, entity, policy);
      return policyRow(database, stored ?? { entityKind: kind, entity, policy, value: 'null' });
    }),
  );
}

function policyRow(database: string, { entityKind, entity, policy, value }: PolicyEntity): unknown[] {
  const isWhole = entityKind === 'database' || entityKind === 'cluster' || entity === '';
  const name = isWhole ? `[${database}]` : `[${database}].[${entity}]`;
  return [POLICY_NAMES[policy] ?? policy, name, value, '[]', TYPE_NAMES[entityKind] ?? entityKind];
}

/** The policies of a database that are set. */
export const storedPolicies = (
  { engine, database }: CommandContext,
  wanted: (policy: PolicyEntity) => boolean = () => true,
): CommandResult =>
  result(
    COLUMNS,
    engine.catalog
      .policies(database)
      .filter(wanted)
      .map((policy) => policyRow(database, policy)),
  );
