import { columnOf, type Field, type Table } from '../spec.ts';

const cell = (text: string): string => text.replaceAll('|', '\\|');

function limits(field: Field): string {
  const parts: string[] = [];
  if (field.oneOf) parts.push(field.oneOf.map((value) => `\`${value}\``).join(' '));
  if (field.min !== undefined) parts.push(`≥ ${field.min}`);
  if (field.max !== undefined) parts.push(`≤ ${field.max}`);
  if (field.maxLength !== undefined) parts.push(`≤ ${field.maxLength} characters`);
  return parts.join(', ');
}

const row = ([name, field]: [string, Field]): string =>
  `| ${[`\`${columnOf(name)}\``, field.kind, field.unit ?? '', field.required ? 'yes' : '', cell(field.doc), limits(field), field.standard ?? '', field.pii ?? ''].join(' | ')} |`;

/** The data dictionary: one section a table, one line a column. */
export const dataDictionary = (tables: readonly Table[]): string =>
  `# Data dictionary

Generated from \`schema/\` by \`npm run generate\`; do not edit. Rows travel as JSON in camelCase (\`eventTime\`), columns in Kusto start with an upper-case letter (\`EventTime\`). Times are UTC. Personal data: \`pseudonym\` is salted anew every day, \`coarse\` cannot single out a person by itself.

${tables
  .map(
    (table) =>
      `## ${table.name}\n\n${table.doc}\n\n| column | type | unit | required | meaning | values | standard | personal data |\n|---|---|---|---|---|---|---|---|\n${Object.entries(table.fields).map(row).join('\n')}\n`,
  )
  .join('\n')}`;
