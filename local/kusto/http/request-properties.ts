import { parseTimespan } from '../ingest/convert.ts';
import { KustoError } from '../types.ts';

/** The body of /query and /mgmt. */
export interface KustoRequestBody {
  readonly database: string;
  readonly text: string;
  readonly timeoutMs: number;
  readonly parameters: Readonly<Record<string, string>>;
  readonly takeRows?: number;
  readonly maxRows?: number;
  readonly maxBytes?: number;
}

/** Kusto's own defaults and maximum. */
const QUERY_TIMEOUT_MS = 4 * 60_000;
const COMMAND_TIMEOUT_MS = 10 * 60_000;
const MAX_TIMEOUT_MS = 60 * 60_000;

type Fields = ReadonlyMap<string, unknown>;

const lowerKeys = (value: unknown): Fields => {
  const object: unknown = typeof value === 'string' && value.trim().startsWith('{') ? JSON.parse(value) : value;
  if (typeof object !== 'object' || object === null) return new Map();
  return new Map(Object.entries(object).map(([key, item]) => [key.toLowerCase(), item as unknown]));
};

const positive = (value: unknown): number | undefined => {
  const number = Number(value);
  return value !== undefined && value !== null && Number.isFinite(number) && number > 0 ? number : undefined;
};

/** Reads db, csl and properties; SDKs write `Options`, Grafana's plugin `options`, and some send properties as a JSON string. */
export function readRequest(body: Buffer, defaultDatabase: string): KustoRequestBody {
  let fields: Fields;
  let properties: Fields;
  try {
    fields = lowerKeys(JSON.parse(body.toString('utf8')));
    properties = lowerKeys(fields.get('properties'));
  } catch (error) {
    throw new KustoError('BADREQUEST', `The request body is not JSON: ${error instanceof Error ? error.message : ''}`);
  }
  const text = fields.get('csl');
  if (typeof text !== 'string' || text.trim() === '')
    throw new KustoError('BADREQUEST', "The request body has no 'csl' text");
  const options = lowerKeys(properties.get('options'));
  const database = fields.get('db');
  const noTruncation = options.get('notruncation') === true || options.get('notruncation') === 'true';
  const maxRows = positive(options.get('truncationmaxrecords')) ?? (noTruncation ? Infinity : undefined);
  const maxBytes = positive(options.get('truncationmaxsize')) ?? (noTruncation ? Infinity : undefined);
  const takeRows = positive(options.get('query_take_max_records'));
  return {
    database: typeof database === 'string' && database !== '' ? database : defaultDatabase,
    text,
    timeoutMs: timeoutOf(options, text),
    parameters: parametersOf(properties.get('parameters')),
    ...(maxRows === undefined ? {} : { maxRows }),
    ...(maxBytes === undefined ? {} : { maxBytes }),
    ...(takeRows === undefined ? {} : { takeRows }),
  };
}

function timeoutOf(options: Fields, text: string): number {
  const value = options.get('servertimeout');
  const isCommand = text.trimStart().startsWith('.');
  if (options.get('norequesttimeout') === true) return MAX_TIMEOUT_MS;
  if (typeof value === 'number' && value > 0) return Math.min(MAX_TIMEOUT_MS, value);
  const ticks = typeof value === 'string' ? parseTimespan(value) : null;
  if (ticks !== null && ticks > 0n) return Math.min(MAX_TIMEOUT_MS, Number(ticks / 10_000n));
  return isCommand ? COMMAND_TIMEOUT_MS : QUERY_TIMEOUT_MS;
}

function parametersOf(value: unknown): Record<string, string> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, typeof item === 'string' ? item : JSON.stringify(item)]),
  );
}
