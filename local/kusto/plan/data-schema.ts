// Columns that depend on the data: bag_unpack and pivot without an output schema. The compiler asks for a statement to be
// run, writes what it gave into the query as an output schema, and compiles that: so the parser knows every name and type.

import { positionOf, quoteName } from '../parser/analyze.ts';
import type { Syntax } from '../parser/language.ts';
import { KustoError, SchemaNeeded, type Catalog, type Column, type SchemaAnswer, type SchemaSite } from '../types.ts';

/** The output schema of an answer, as it is written into the text. */
const schemaText = (columns: readonly Column[]): string =>
  ` : (${columns.map(({ name, type }) => `${quoteName(name)}:${type}`).join(', ')})`;

/** A schema in the text that is compiled, where it was not in the text that was sent. */
export interface FoundSchema {
  readonly answer: SchemaAnswer;
  readonly columns: readonly Column[];
}

const keyOf = ({ body, offset }: SchemaSite): string => `${offset} ${body ?? ''}`;

/** What was found out about the data, by place; and where the parser's trees for function bodies come from. */
export class DataSchemas {
  /** By place in the text with schemas. */
  private readonly found = new Map<string, FoundSchema>();
  private readonly inserted: readonly { readonly site: SchemaSite; readonly length: number }[];
  private readonly roots = new WeakMap<object, SchemaSite>();

  constructor(found: readonly FoundSchema[]) {
    this.inserted = found.map(({ answer, columns }) => ({
      site: answer.need.site,
      length: schemaText(columns).length,
    }));
    for (const one of found) this.found.set(keyOf(this.shifted(one.answer.need.site)), one);
  }

  /** Place in the text with schemas for one in the text without. */
  private shifted(site: SchemaSite): SchemaSite {
    const before = this.inserted.filter((item) => item.site.body === site.body && item.site.offset < site.offset);
    return { ...site, offset: before.reduce((sum, item) => sum + item.length, site.offset) };
  }

  /** The other way round. */
  private original(site: SchemaSite): SchemaSite {
    let { offset } = site;
    const own = this.inserted
      .filter((item) => item.site.body === site.body)
      .toSorted((a, b) => a.site.offset - b.site.offset);
    for (const item of own) if (offset > item.site.offset) offset = Math.max(item.site.offset, offset - item.length);
    return { ...site, offset };
  }

  /** Place in the query that was sent for one in the query with schemas. */
  originalOffset(offset: number): number {
    return this.original({ offset }).offset;
  }

  /** Notes where the tree of a function's body comes from: the stored function's text, or a declaration in another tree. */
  enter(body: Syntax, from: { readonly stored: string; readonly text: string } | Syntax): void {
    const site =
      'stored' in from ? { body: from.stored, offset: Math.max(0, from.text.indexOf('{')) } : this.placeIn(from);
    this.roots.set(rootOf(body), { ...site, offset: site.offset - body.TextStart });
  }

  /** Place of a node in the texts that were sent, or in the ones with schemas. */
  private placeIn(node: Syntax, offset = node.TextStart): SchemaSite {
    const root = this.roots.get(rootOf(node));
    return root ? { ...root, offset: root.offset + offset } : { offset };
  }

  /** Where an output schema would stand behind this call. */
  siteAfter(call: Syntax): SchemaSite {
    return this.original(this.placeIn(call, call.TextStart + call.Width));
  }

  /** What was found for this call. */
  behind(call: Syntax): FoundSchema | undefined {
    return this.found.get(keyOf(this.placeIn(call, call.TextStart + call.Width)));
  }
}

function rootOf(node: Syntax): Syntax {
  let root = node;
  while (root.Parent) root = root.Parent;
  return root;
}

/** The text with schemas behind the places they were needed at. */
function written(text: string, body: string | undefined, found: readonly FoundSchema[]): string {
  return found
    .filter(({ answer }) => answer.need.site.body === body)
    .toSorted((a, b) => b.answer.need.site.offset - a.answer.need.site.offset)
    .reduce((whole, { answer, columns }) => {
      const { offset } = answer.need.site;
      return whole.slice(0, offset) + schemaText(columns) + whole.slice(offset);
    }, text);
}

/** Query and stored functions with the schemas that were found. */
export function withSchemas(
  text: string,
  catalog: Catalog,
  found: readonly FoundSchema[],
): { text: string; catalog: Catalog } {
  const isChanged = found.some(({ answer }) => answer.need.site.body !== undefined);
  const functions = catalog.functions.map((fn) => ({ ...fn, body: written(fn.body, fn.name, found) }));
  return { text: written(text, undefined, found), catalog: isChanged ? { ...catalog, functions } : catalog };
}

const PLACE = /\[line:position=(\d+):(\d+)\]/;

const offsetOf = (text: string, line: number, column: number): number =>
  text
    .split('\n')
    .slice(0, line - 1)
    .reduce((sum, item) => sum + item.length + 1, column - 1);

/** An error at its place in the text that was sent. */
export function atSentPlace(error: unknown, sent: string, compiled: string, schemas: DataSchemas): unknown {
  if (!(error instanceof KustoError) || error.line === undefined || error.column === undefined) return error;
  const at = positionOf(sent, schemas.originalOffset(offsetOf(compiled, error.line, error.column)));
  const message = error.message.replace(PLACE, `[line:position=${at.line}:${at.column}]`);
  return error instanceof SchemaNeeded
    ? new SchemaNeeded(error.need, message, at)
    : new KustoError(error.code, message, at, error.permanent);
}
