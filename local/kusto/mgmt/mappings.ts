import { mappingKey, type MappingEntity } from '../catalog/entities.ts';
import { checkMapping } from '../ingest/mapping.ts';
import { KustoError } from '../types.ts';
import { table as result, type CommandContext, type CommandResult, type Handler } from './command.ts';
import type { Scanner } from './scanner.ts';

const COLUMNS = {
  Name: 'string',
  Kind: 'string',
  Mapping: 'string',
  LastUpdatedOn: 'datetime',
  Database: 'string',
  Table: 'string',
} as const;
const KINDS = ['json', 'csv', 'avro', 'parquet', 'orc', 'w3clogfile', 'apacheavro', 'sstream'];

const rowOf = ({ database }: CommandContext, mapping: MappingEntity): unknown[] => {
  const kind = mapping.kind.charAt(0).toUpperCase() + mapping.kind.slice(1);
  return [
    mapping.name,
    kind,
    mapping.mapping,
    BigInt(Date.parse(mapping.lastUpdatedOn)) * 10_000n + 621_355_968_000_000_000n,
    database,
    mapping.table,
  ];
};

function kindOf(scanner: Scanner): string {
  const kind = scanner.peekWord();
  if (!KINDS.includes(kind) || !scanner.word(kind)) throw scanner.fail('a mapping kind (json, csv)');
  return kind;
}

async function write(
  context: CommandContext,
  tableName: string,
  kind: string,
  name: string,
  mapping: string,
  isCreate: boolean,
): Promise<CommandResult> {
  const { engine, database } = context;
  const table = engine.catalog.requireTable(database, tableName);
  const before = engine.catalog.mapping(database, tableName, kind, name);
  if (before?.mapping === mapping && !isCreate) return result(COLUMNS, [rowOf(context, before)]);
  if (isCreate && before !== undefined) {
    throw new KustoError(
      'BADREQUEST',
      `EntityAlreadyExists: mapping '${name}' of kind '${kind}' already exists in table '${tableName}'`,
    );
  }
  checkMapping(table, kind, mapping);
  const value: MappingEntity = { table: tableName, kind, name, mapping, lastUpdatedOn: new Date().toISOString() };
  await engine.change(async () => ({
    changes: [{ kind: 'mapping', database, key: mappingKey(tableName, kind, name), value }],
    result: undefined,
  }));
  return result(COLUMNS, [rowOf(context, value)]);
}

/** `.<verb> table T ingestion <kind> mapping[s] …` in all its forms; the scanner stands at the beginning. */
export const mappingCommand: Handler = async (scanner, context) => {
  scanner.expect('.');
  const verb = scanner.peekWord();
  scanner.word(verb);
  scanner.word('table');
  const tableName = scanner.name();
  scanner.word('ingestion');
  if (verb === 'show') return show(scanner, context, tableName);
  const kind = kindOf(scanner);
  if (!scanner.word('mapping')) throw scanner.fail("'mapping'");
  const name = scanner.name();
  if (verb === 'drop') {
    scanner.end();
    if (context.engine.catalog.mapping(context.database, tableName, kind, name) === undefined) {
      throw new KustoError('NOTFOUND', `Mapping '${name}' of kind '${kind}' was not found in table '${tableName}'`);
    }
    await context.engine.change(async () => ({
      changes: [{ kind: 'mapping', database: context.database, key: mappingKey(tableName, kind, name), value: null }],
      result: undefined,
    }));
    return result(COLUMNS, []);
  }
  const mapping = scanner.string();
  scanner.properties();
  scanner.end();
  return write(context, tableName, kind, name, mapping, verb === 'create');
};

function show(scanner: Scanner, context: CommandContext, tableName: string): CommandResult {
  const kind = KINDS.includes(scanner.peekWord()) ? kindOf(scanner) : null;
  const isOne = scanner.word('mapping');
  if (!isOne && !scanner.word('mappings')) throw scanner.fail("'mappings'");
  const name = isOne ? scanner.name() : null;
  scanner.end();
  context.engine.catalog.requireTable(context.database, tableName);
  const all = context.engine.catalog.mappings(context.database);
  const found = all.filter(
    (m) => m.table === tableName && (kind === null || m.kind === kind) && (name === null || m.name === name),
  );
  return result(
    COLUMNS,
    found.map((mapping) => rowOf(context, mapping)),
  );
}

/** `.show [database D] ingestion [kind] mappings`. */
export const showDatabaseMappings: Handler = (scanner, context) => {
  scanner.expect('.');
  scanner.word('show');
  let { database } = context;
  if (scanner.word('database') && scanner.peekWord() !== 'ingestion')
    database = context.engine.catalog.databaseName(scanner.name());
  scanner.word('ingestion');
  const kind = scanner.peekWord() === 'mappings' ? null : scanner.name().toLowerCase();
  if (!scanner.word('mappings')) throw scanner.fail("'mappings'");
  scanner.properties();
  scanner.end();
  const within = { ...context, database };
  return result(
    COLUMNS,
    context.engine.catalog
      .mappings(database)
      .filter((mapping) => kind === null || mapping.kind === kind)
      .map((mapping) => rowOf(within, mapping)),
  );
};
