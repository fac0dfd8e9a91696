// Schemas as Kusto writes them: CSL and JSON.

import type { FunctionEntity, TableEntity } from '../catalog/entities.ts';
import { splitTop } from '../catalog/split.ts';
import type { Engine } from '../exec/engine.ts';
import { DOTNET, type Column, type KustoType } from '../types.ts';

/** A name as it stands in CSL: bare when it can. */
export const nameText = (name: string): string =>
  /^[A-Za-z_]\w*$/.test(name) ? name : `['${name.replaceAll("'", String.raw`\'`)}']`;
export const cslOf = (columns: readonly Column[]): string =>
  columns.map(({ name, type }) => `${nameText(name)}:${type}`).join(', ');

const columnJson = ({ name, type, docstring }: Column & { docstring?: string }): object => ({
  Name: name,
  Type: DOTNET[type],
  CslType: type,
  ...(docstring === undefined || docstring === '' ? {} : { DocString: docstring }),
});

export const tableJson = (table: TableEntity): object => ({
  Name: table.name,
  Folder: table.folder,
  DocString: table.docstring,
  OrderedColumns: table.columns.map(columnJson),
});

export interface ParameterText {
  readonly name: string;
  readonly type: string;
  readonly defaultValue?: string;
}

/** `(a:long, b:string='x', T:(x:long))` taken apart at its top-level commas. */
export function parametersOf(text: string): ParameterText[] {
  return splitTop(text.trim().slice(1, -1), ',')
    .filter((part) => part !== '')
    .map((part) => {
      const [head = '', ...tail] = splitTop(part, '=');
      const colon = head.indexOf(':');
      const name = head
        .slice(0, colon)
        .trim()
        .replace(/^\['|'\]$/g, '');
      const defaultValue = tail.join('=').trim();
      return { name, type: head.slice(colon + 1).trim(), ...(defaultValue === '' ? {} : { defaultValue }) };
    });
}

function functionJson(fn: FunctionEntity): object {
  return {
    Name: fn.name,
    InputParameters: parametersOf(fn.parameters).map(({ name, type, defaultValue }) =>
      type.startsWith('(')
        ? {
            Name: name,
            Columns: splitTop(type.slice(1, -1), ',')
              .filter((c) => c.includes(':'))
              .map((c) => ({ Name: c.split(':')[0]?.trim(), CslType: c.split(':')[1]?.trim() })),
          }
        : {
            Name: name,
            CslType: type,
            ...(Object.hasOwn(DOTNET, type) ? { Type: DOTNET[type as KustoType] } : {}),
            ...(defaultValue === undefined ? {} : { CslDefaultValue: defaultValue }),
          },
    ),
    Body: fn.body,
    Folder: fn.folder,
    DocString: fn.docstring,
    FunctionKind: 'Unknown',
    OutputColumns: [],
  };
}

const byName = <T extends { name: string }>(items: readonly T[], toJson: (item: T) => object): object =>
  Object.fromEntries(items.map((item) => [item.name, toJson(item)]));

/** `{Databases:{name:{Name,Tables,MaterializedViews,Functions,…}}}`, what editors and Grafana read. */
export function databasesJson(engine: Engine, names: readonly string[]): string {
  const databases = names.map((name) => [
    name,
    {
      Name: name,
      Tables: byName(engine.catalog.tables(name), tableJson),
      ExternalTables: {},
      MaterializedViews: byName(engine.catalog.views(name), tableJson),
      MajorVersion: 1,
      MinorVersion: engine.catalog.version,
      Functions: byName(engine.catalog.functions(name), functionJson),
      DatabaseAccessMode: 'ReadWrite',
    },
  ]);
  return JSON.stringify({ Databases: Object.fromEntries(databases) });
}
