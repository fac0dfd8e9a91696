import type { Field, Table } from '../spec.ts';
import { DATETIME_PATTERN } from '../validate.ts';

const INT_MAX = 2_147_483_647;

function bounds(field: Field): object {
  if (field.kind === 'real') {
    return {
      ...(field.min !== undefined && { minimum: field.min }),
      ...(field.max !== undefined && { maximum: field.max }),
    };
  }
  const limit = field.kind === 'int' ? INT_MAX : Number.MAX_SAFE_INTEGER;
  return { minimum: field.min ?? -limit, maximum: field.max ?? limit };
}

function typeOf(field: Field): object {
  switch (field.kind) {
    case 'string':
      return {
        type: 'string',
        ...(field.oneOf && { enum: field.oneOf }),
        ...(field.maxLength !== undefined && { maxLength: field.maxLength }),
      };
    case 'bool':
      return { type: 'boolean' };
    case 'datetime':
      return { type: 'string', format: 'date-time', pattern: DATETIME_PATTERN };
    case 'dynamic':
      return { type: ['object', 'array'] };
    case 'real':
      return { type: 'number', ...bounds(field) };
    default:
      return { type: 'integer', ...bounds(field) };
  }
}

/** JSON Schema 2020-12 of one row, for producers and for the tests' second opinion. */
export const jsonSchema = (table: Table): object => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: `https://framewatch.dev/schema/${table.name}.json`,
  title: table.name,
  description: table.doc,
  type: 'object',
  required: Object.entries(table.fields)
    .filter(([, field]) => field.required)
    .map(([name]) => name),
  properties: Object.fromEntries(
    Object.entries(table.fields).map(([name, field]) => [
      name,
      { description: field.unit ? `${field.doc} Unit: ${field.unit}.` : field.doc, ...typeOf(field) },
    ]),
  ),
  additionalProperties: false,
});
