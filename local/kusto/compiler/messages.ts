// What the engine and its compiler process say to each other.

import type { Catalog, CompiledQuery, KustoErrorCode, SchemaAnswer, SchemaNeed } from '../types.ts';

export interface CompileRequest {
  readonly kind: 'compile';
  readonly id: number;
  readonly text: string;
  /** Number of the catalog; sent along only when the process has not seen it yet. */
  readonly catalogId: number;
  readonly catalog?: Catalog;
  readonly now: Date;
  readonly parameters: Readonly<Record<string, string>>;
  /** What statements gave that were asked for before. */
  readonly answers: readonly SchemaAnswer[];
  /** The query is bound, for what is kept of it, but not translated. */
  readonly bindOnly?: boolean;
}

export interface WarmUpRequest {
  readonly kind: 'warm-up';
  readonly id: number;
}

export type Request = CompileRequest | WarmUpRequest;

export type Reply =
  | { readonly id: number; readonly kind: 'plan'; readonly plan: CompiledQuery }
  | { readonly id: number; readonly kind: 'warm' }
  /** The catalog of the request was forgotten: ask again with it. */
  | { readonly id: number; readonly kind: 'catalog-missing' }
  | {
      readonly id: number;
      readonly kind: 'refused';
      readonly code: KustoErrorCode;
      readonly message: string;
      readonly line?: number | undefined;
      readonly column?: number | undefined;
      readonly permanent: boolean;
      /** What has to be known of the data first. */
      readonly need?: SchemaNeed;
    };
