// What is shared while one query is translated.

import { nearestTo } from './nearest.ts';
import { KustoError, type Catalog, type QuerySettings } from '../types.ts';
import { DataSchemas } from './data-schema.ts';
import { positionOf } from '../parser/analyze.ts';
import type { Syntax } from '../parser/language.ts';

export class Session {
  readonly catalog: Catalog;
  readonly text: string;
  /** What now() answers; a query may set it. */
  nowTicks: bigint;
  readonly parameters: Readonly<Record<string, string>>;
  /** Texts of the datetime literals that the bound tree has markers for. */
  readonly times: readonly string[];
  /** `WITH` entries: scalar sub-queries and materialized tables. */
  readonly shared: string[] = [];
  readonly reads = new Set<string>();
  readonly options = new Map<string, Syntax>();
  readonly schemas: DataSchemas;
  settings: QuerySettings = {};
  usesNow = false;
  private counter = 0;
  /** Offset of the call in the query text while a function body (which has a text of its own) is translated. */
  private readonly calls: Syntax[] = [];

  constructor(
    catalog: Catalog,
    text: string,
    nowTicks: bigint,
    parameters: Readonly<Record<string, string>>,
    times: readonly string[] = [],
    schemas = new DataSchemas([]),
  ) {
    this.catalog = catalog;
    this.text = text;
    this.nowTicks = nowTicks;
    this.parameters = parameters;
    this.times = times;
    this.schemas = schemas;
  }

  /** A new physical name. */
  id(prefix = 'k'): string {
    this.counter += 1;
    return `${prefix}${this.counter}`;
  }

  now(): bigint {
    this.usesNow = true;
    return this.nowTicks;
  }

  /** Translates a function body; errors inside are shown at the call. */
  inCall<T>(call: Syntax, translate: () => T): T {
    if (this.calls.length > 60) this.refuse('functions nested deeper than 60', call);
    this.calls.push(call);
    try {
      return translate();
    } finally {
      this.calls.pop();
    }
  }

  /** Where an error in this node is to be shown. */
  placeOf(node: Syntax): { line: number; column: number } {
    return positionOf(this.text, (this.calls[0] ?? node).TextStart);
  }

  refuse(what: string, node: Syntax): never {
    const at = this.placeOf(node);
    throw new KustoError(
      'UNSUPPORTED',
      `Not supported: ${what}${nearestTo(what)} [line:position=${at.line}:${at.column}]`,
      at,
    );
  }

  fail(message: string, node: Syntax): never {
    const at = this.placeOf(node);
    throw new KustoError('SEM', `Semantic error: ${message} [line:position=${at.line}:${at.column}]`, at);
  }
}
