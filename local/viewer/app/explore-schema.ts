import { h } from './dom.ts';

/** Of `.show database schema as json`. */
export interface SchemaAnswer {
  readonly Databases?: Readonly<Record<string, DatabaseSchema>>;
}
export interface DatabaseSchema {
  readonly Tables?: Readonly<
    Record<string, { readonly OrderedColumns?: readonly { readonly Name: string; readonly CslType?: string }[] }>
  >;
  readonly MaterializedViews?: Readonly<
    Record<string, { readonly OrderedColumns?: readonly { readonly Name: string; readonly CslType?: string }[] }>
  >;
  readonly Functions?: Readonly<
    Record<string, { readonly DocString?: string; readonly InputParameters?: readonly { readonly Name: string }[] }>
  >;
}

/** Tables with columns, views and functions; a click gives the name to `insert`. */
export function schemaTree(database: DatabaseSchema, insert: (text: string) => void): HTMLElement {
  const entry = (text: string, hint: string, title?: string): HTMLElement =>
    h('button', { class: 'schema-entry', title, onClick: () => insert(text) }, text, h('small', {}, hint));
  const tables = (heading: string, list: DatabaseSchema['Tables']): HTMLElement[] =>
    Object.entries(list ?? {}).length === 0
      ? []
      : [
          h('h3', {}, heading),
          ...Object.entries(list ?? {}).map(([name, table]) =>
            h(
              'details',
              {},
              h('summary', {}, entry(name, `${table.OrderedColumns?.length ?? 0}`)),
              (table.OrderedColumns ?? []).map((column) => entry(column.Name, column.CslType ?? '')),
            ),
          ),
        ];
  const functions = Object.entries(database.Functions ?? {});
  return h(
    'div',
    { class: 'schema-tree' },
    tables('Tables', database.Tables),
    tables('Views', database.MaterializedViews),
    functions.length === 0 ? null : h('h3', {}, 'Functions'),
    functions.map(([name, one]) => entry(`${name}()`, '', one.DocString)),
  );
}
