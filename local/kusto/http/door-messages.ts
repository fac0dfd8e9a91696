// What the HTTP thread and the engine's thread say to each other.

import type { Caller } from '../exec/activity-log.ts';
import type { RequestIds } from './errors.ts';

/** A request whose body is read and inflated. */
export interface ForwardedRequest {
  readonly id: number;
  readonly ids: RequestIds;
  readonly caller: Caller;
  /** Without a slash at the end. */
  readonly path: string;
  readonly search: string;
  readonly body: Uint8Array;
}

export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly type?: string;
}

export type FromDoor =
  | { readonly kind: 'listening'; readonly port: number }
  | { readonly kind: 'failed'; readonly message: string; readonly code: string | undefined }
  | { readonly kind: 'request'; readonly request: ForwardedRequest }
  /** The client went away before its answer. */
  | { readonly kind: 'gone'; readonly id: number }
  | { readonly kind: 'closed' };

export type ToDoor =
  | { readonly kind: 'listen'; readonly port: number; readonly host: string }
  | { readonly kind: 'answer'; readonly id: number; readonly answer: Answer }
  | { readonly kind: 'databases'; readonly names: readonly string[] }
  | { readonly kind: 'close' };
