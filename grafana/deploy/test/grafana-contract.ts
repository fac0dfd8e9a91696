// What the parts of the server share: a call, an answer, what is held.
import type { Json } from '../port.ts';

export interface Answer {
  readonly status: number;
  readonly body?: unknown;
}

export interface Call {
  readonly method: string;
  /** Path segments after `/api/`. */
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  readonly body: Json;
  /** The header X-Disable-Provenance was sent. */
  readonly disablesProvenance: boolean;
}

export interface GrafanaState {
  readonly folders: Map<string, Json>;
  readonly dataSources: Map<string, Json>;
  readonly dashboards: Map<string, { readonly folderUid: string; readonly dashboard: Json }>;
  readonly contactPoints: Map<string, Json>;
  readonly rules: Map<string, Json>;
  readonly intervals: Map<string, number>;
  policies: Json;
}

export const ok = (body: unknown = {}): Answer => ({ status: 200, body });
export const refuse = (status: number, message: string, extra: Json = {}): Answer => ({
  status,
  body: { message, ...extra },
});
export const NOT_FOUND = refuse(404, 'Not found');

/** Names of required fields that are missing or empty. */
export const missing = (body: Json, names: readonly string[]): string[] =>
  names.filter((name) => body[name] === undefined || body[name] === '');

/** A text field, or the fallback. */
export const textOf = (value: unknown, fallback = ''): string => (typeof value === 'string' ? value : fallback);
