import { columnOf, type Field, type Table } from '../spec.ts';
import { mappingOf, type TableName } from '../tables.ts';

const literal = (text: string): string => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;

const docOf = (field: Field): string => {
  const unit = field.unit ? ` [${field.unit}]` : '';
  const standard = field.standard ? ` (${field.standard})` : '';
  return field.doc + unit + standard;
};

const columnsOf = (table: Table): string =>
  Object.entries(table.fields)
    .map(([name, field]) => `    ${columnOf(name)}: ${field.kind}`)
    .join(',\n');

/** `.create-merge` is additive and idempotent: fields are added, never renamed or re-typed. */
export const createTable = (table: Table): string => `.create-merge table ${table.name} (\n${columnsOf(table)}\n)`;

export const tableDocstring = (table: Table): string =>
  `.alter-merge table ${table.name} docstring ${literal(table.doc)}`;

export const columnDocstrings = (table: Table): string =>
  `.alter-merge table ${table.name} column-docstrings (\n${Object.entries(table.fields)
    .map(([name, field]) => `    ${columnOf(name)}: ${literal(docOf(field))}`)
    .join(',\n')}\n)`;

/** camelCase JSON field → PascalCase column; streaming ingestion needs the mapping to exist beforehand. */
export function jsonMapping(table: Table): string {
  const entries = Object.entries(table.fields).map(
    ([name, field]) =>
      `    {"Column":"${columnOf(name)}","Datatype":"${field.kind}","Properties":{"Path":"$.${name}"}}`,
  );
  return `.create-or-alter table ${table.name} ingestion json mapping "${mappingOf(table.name as TableName)}"\n\`\`\`\n[\n${entries.join(',\n')}\n]\n\`\`\``;
}
