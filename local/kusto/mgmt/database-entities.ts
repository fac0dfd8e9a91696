import type { TableEntity } from '../catalog/entities.ts';
import { table as result, type CommandContext, type CommandResult } from './command.ts';
import { cslOf } from './schema-text.ts';

/** Tables, materialized views and functions of databases in one list. */
export function databaseEntities({ engine }: CommandContext, names: readonly string[]): CommandResult {
  const tableRow = (database: string, type: string, { name, docstring, folder, columns }: TableEntity): unknown[] => [
    database,
    type,
    name,
    docstring,
    folder,
    '',
    '',
    cslOf(columns),
    null,
  ];
  return result(
    {
      DatabaseName: 'string',
      EntityType: 'string',
      EntityName: 'string',
      DocString: 'string',
      Folder: 'string',
      CslInputSchema: 'string',
      Content: 'string',
      CslOutputSchema: 'string',
      Properties: 'dynamic',
    },
    names.flatMap((database) => [
      ...engine.catalog.tables(database).map((table) => tableRow(database, 'Table', table)),
      ...engine.catalog.views(database).map((view) => tableRow(database, 'MaterializedView', view)),
      ...engine.catalog
        .functions(database)
        .map((fn) => [database, 'Function', fn.name, fn.docstring, fn.folder, fn.parameters, fn.body, '', null]),
    ]),
  );
}
