import { SinkUnavailable } from '../pipeline/ports.ts';

// What a failed call to Kusto means. The client library's own classification looks at the wrong place for `@permanent`,
// so this one reads the answer itself.

export type KustoFailure =
  /** This data is refused whatever is done: isolate the row. */
  | { readonly kind: 'permanent'; readonly detail: string }
  /** Too much in one call. */
  | { readonly kind: 'too-large'; readonly detail: string }
  /** Unknown outcome or a passing state: try again after a while. */
  | { readonly kind: 'transient' | 'throttled'; readonly detail: string; readonly retryAfterMs: number | undefined }
  /** Table, mapping, policy, database or rights are wrong: no retry helps, no data is at fault. */
  | { readonly kind: 'configuration'; readonly detail: string };

const DETAIL_LENGTH = 300;
/** Codes and texts of errors about the destination, not about the data. */
const DESTINATION =
  /NotFound|NotExist|does not exist|could not be found|Mapping|Policy|Forbidden|Unauthorized|Authenti|Database/i;

type Bag = Readonly<Record<string, unknown>>;
const bagOf = (value: unknown): Bag => (typeof value === 'object' && value !== null ? (value as Bag) : {});
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Longest wait that is taken at its word: a date by a wrong clock must not stop the writing for days. */
const LONGEST_ASKED_MS = 300_000;

/** `Retry-After` in ms: seconds or an HTTP date. */
function retryAfterMs(header: unknown, nowMs: number): number | undefined {
  const text = typeof header === 'number' ? String(header) : textOf(header);
  const isSeconds = /^\d{1,6}(\.\d+)?$/.test(text);
  const wait = isSeconds ? Number(text) * 1000 : text === '' ? Number.NaN : Date.parse(text) - nowMs;
  return Number.isNaN(wait) ? undefined : Math.min(Math.max(0, wait), LONGEST_ASKED_MS);
}

/** The axios error inside whatever the client library threw. */
function responseOf(error: unknown): { status: number | undefined; headers: Bag; oneApi: Bag } {
  const bag = bagOf(error);
  const inner = bagOf(bag['inner'] ?? error);
  const response = bagOf(inner['response']);
  const status = response['status'];
  return {
    status: typeof status === 'number' ? status : undefined,
    headers: bagOf(response['headers']),
    oneApi: bagOf(bagOf(response['data'])['error']),
  };
}

function detailOf(error: unknown, oneApi: Bag): string {
  const code = textOf(oneApi['code']);
  const message = textOf(oneApi['@message']) || textOf(oneApi['message']);
  const own = error instanceof Error ? error.message : 'unknown error';
  return (code === '' && message === '' ? own : `${code}: ${message}`).slice(0, DETAIL_LENGTH);
}

/** Classifies what `azure-kusto-data` or `azure-kusto-ingest` threw. */
export function classify(error: unknown, nowMs: number): KustoFailure {
  const { status, headers, oneApi } = responseOf(error);
  const detail = detailOf(error, oneApi);
  const wait = retryAfterMs(headers['retry-after'], nowMs);
  if (status === 429) return { kind: 'throttled', detail, retryAfterMs: wait };
  if (status === 401 || status === 403 || status === 404) return { kind: 'configuration', detail };
  if (status === 413) return { kind: 'too-large', detail };
  const isPermanent = oneApi['@permanent'] === true || (status === 400 && oneApi['@permanent'] !== false);
  if (status !== undefined && isPermanent) {
    const about = `${textOf(oneApi['code'])} ${textOf(oneApi['@type'])} ${textOf(oneApi['@message'])}`;
    return DESTINATION.test(about) ? { kind: 'configuration', detail } : { kind: 'permanent', detail };
  }
  return { kind: 'transient', detail, retryAfterMs: wait };
}

const CONFIGURATION_WAIT_MS = 30_000;
const TRANSIENT_WAIT_MS = 5000;

/** What the callers of the sink are told. */
export function unavailable(failure: KustoFailure, name = 'Kusto'): SinkUnavailable {
  if (failure.kind === 'configuration')
    return new SinkUnavailable(`${name} is not set up for this: ${failure.detail}`, CONFIGURATION_WAIT_MS);
  const wait = 'retryAfterMs' in failure ? failure.retryAfterMs : undefined;
  return new SinkUnavailable(`${name}: ${failure.detail}`, wait ?? TRANSIENT_WAIT_MS);
}
