// A catalog built from the very files of kql/, so that queries can be checked with no cluster at hand.
import { analyze } from '../../local/kusto/parser/analyze.ts';
import { items } from '../../local/kusto/parser/language.ts';
import type { Catalog, Column, FunctionInfo, KustoType, TableInfo } from '../../local/kusto/types.ts';
import { functionParts, tableColumns, viewParts, type Command } from './commands.ts';
import { loadKql } from './load.ts';

let versions = 0;

const catalogOf = (tables: readonly TableInfo[], functions: readonly FunctionInfo[]): Catalog => ({
  database: 'framewatch',
  version: ++versions,
  tables,
  functions,
});

/** Columns of a query's answer; throws KustoError with line and column when it does not bind. */
export function resultColumns(query: string, catalog: Catalog): Column[] {
  const { ResultType } = analyze(query, catalog);
  return items(ResultType?.Columns).map(({ Name, Type }) => ({ name: Name, type: Type.Name as KustoType }));
}

const tableInfo = (command: Command): TableInfo => ({
  name: command.name,
  columns: [...tableColumns(command)].map(([name, type]) => ({ name, type: type as KustoType })),
  relation: command.name,
});

/** Every table, view and function that kql/ makes. Views are bound on the way. */
export function offlineCatalog(): Catalog {
  const commands = loadKql().flatMap((stage) => stage.commands);
  const of = (kind: Command['kind']): Command[] => commands.filter((command) => command.kind === kind);
  const tables = of('table').map(tableInfo);
  const functions = of('function').map((command) => {
    const { parameters, body } = functionParts(command);
    return { name: command.name, parameters, body };
  });
  for (const command of of('view')) {
    const columns = resultColumns(viewParts(command).query, catalogOf(tables, []));
    tables.push({ name: command.name, columns, relation: command.name, isView: true });
  }
  return catalogOf(tables, functions);
}
