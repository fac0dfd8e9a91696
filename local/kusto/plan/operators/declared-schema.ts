// Output schemas of plugins: written in the query, or found in the data.

import { textOf } from '../../parser/analyze.ts';
import { elements, type Syntax } from '../../parser/language.ts';
import { SchemaNeeded, typeNamed, type KustoType, type SchemaShape } from '../../types.ts';
import type { FoundSchema } from '../data-schema.ts';
import { MOST_COLUMNS } from '../found-columns.ts';
import { nameOfCall } from '../call.ts';
import type { Translator } from '../translator.ts';

interface Wanted {
  readonly name: string;
  readonly type: KustoType;
}

export interface OutputSchema {
  readonly wanted: readonly Wanted[];
  /** `(*, …)`: the columns of the input come first. */
  readonly star: boolean;
  /** Set when the schema comes from the data. */
  readonly found?: FoundSchema;
}

/** Type behind a colon, as the query writes it. */
export function writtenType(node: Syntax): KustoType {
  const word = textOf(node).toLowerCase();
  return typeNamed(word) ?? (word as KustoType);
}

/** The schema behind the plugin's call in the text that is compiled. */
function schemaBehind(t: Translator, node: Syntax): OutputSchema | undefined {
  const schema = node.Schema?.Schema as Syntax | undefined;
  if (!schema) return undefined;
  const wanted = elements(schema.Columns).map((column) => ({
    name: (column.Name as Syntax).SimpleName ?? '',
    type: writtenType(column.Type as Syntax),
  }));
  const found = t.session.schemas.behind(node.FunctionCall as Syntax);
  return { wanted, star: textOf(schema).replace(/\s/g, '').startsWith('(*'), ...(found ? { found } : {}) };
}

/** The statement without the numbers of its names, which differ from one attempt to the next. */
function withoutNumbers(sql: string): string {
  const names = new Map<string, string>();
  return sql.replace(/\b[a-z]\d+\b/g, (name) => {
    const known = names.get(name) ?? `n${names.size}`;
    names.set(name, known);
    return known;
  });
}

/** What a missing schema is made of, and a statement that gives pairs of a column's name and what is known of its type, in order. */
export interface Missing {
  readonly shape: SchemaShape;
  readonly sql: string;
}

/** The schema of a plugin; asks for the data when it is not written. */
export function outputSchema(t: Translator, node: Syntax, missing: () => Missing): OutputSchema {
  const { session } = t;
  const schema = schemaBehind(t, node);
  if (schema && !schema.found) return schema;
  const { shape, sql } = missing();
  const shared = session.shared.length > 0 ? `WITH ${session.shared.join(', ')} ` : '';
  const call = node.FunctionCall as Syntax;
  const need = {
    site: session.schemas.siteAfter(call),
    shape,
    sql: `${shared}${sql} LIMIT ${MOST_COLUMNS + 1}`,
    reads: [...session.reads],
  };
  const name = nameOfCall(call);
  if (schema?.found) {
    if (withoutNumbers(schema.found.answer.need.sql) === withoutNumbers(need.sql)) return schema;
    return session.refuse(`evaluate ${name} without an output schema over several inputs in one function`, node);
  }
  const at = session.placeOf(node);
  throw new SchemaNeeded(
    need,
    `Not supported: evaluate ${name} without an output schema where the data cannot be read first; write evaluate ${name}(…) : (a:long, b:string) [line:position=${at.line}:${at.column}]`,
    at,
  );
}
