// What the host's two processes tell each other.

export interface WorkerOptions {
  readonly app: string;
  readonly port: number;
  readonly host: string;
  /** Settings file, relative to the app; default local.settings.json. */
  readonly settings?: string | undefined;
  /** Where checkpoints of hubs are kept; default `.framewatch/functions-host` of the app. */
  readonly state?: string | undefined;
}

export interface FunctionSummary {
  readonly name: string;
  readonly type: string;
  readonly methods?: readonly string[];
  readonly url?: string;
}

export type FromWorker =
  | { readonly type: 'ready'; readonly url: string; readonly functions: readonly FunctionSummary[] }
  /** The app could not be started: settings or code are wrong, starting again will not help. */
  | { readonly type: 'failed'; readonly message: string };
