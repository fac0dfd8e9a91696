// Queries to a Kusto endpoint in the shape Grafana's plugin sends them.
import type { KustoTable } from './query/kusto-table.ts';

/** What Kusto refused, with the position when it named one (both from 1). `status` is the HTTP status, 502 when it cannot be reached. */
export class KustoQueryError extends Error {
  override readonly name = 'KustoQueryError';
  readonly status: number;
  readonly code: string;
  readonly line: number | undefined;
  readonly column: number | undefined;
  constructor(message: string, details: { status: number; code: string; line?: number; column?: number }) {
    super(message);
    this.status = details.status;
    this.code = details.code;
    this.line = details.line;
    this.column = details.column;
  }
}

export interface KustoClient {
  /** The untouched v1 answer of a query. */
  readonly queryRaw: (csl: string, database?: string, signal?: AbortSignal) => Promise<unknown>;
  /** The first table of the answer. */
  readonly query: (csl: string, database?: string, signal?: AbortSignal) => Promise<KustoTable>;
  /** Management commands; only for texts fixed in code. */
  readonly command: (csl: string, database?: string) => Promise<KustoTable>;
}

interface OneApiBody {
  readonly error?: {
    readonly code?: string;
    readonly message?: string;
    readonly '@message'?: string;
    readonly line?: number;
    readonly column?: number;
  };
}

const POSITION = [
  /\[line:position=(\d+):(\d+)\]/i,
  /\bline[ :=]+(\d+)[,;]?\s*(?:column|col|position|pos)[ :=]+(\d+)/i,
  /\((\d+):(\d+)\)/,
  /\bat (\d+):(\d+)/,
];

/** Line and column out of an error text, in the ways Kusto and the local engine write them. */
export function positionIn(message: string): { line: number; column: number } | undefined {
  for (const pattern of POSITION) {
    const match = pattern.exec(message);
    if (match !== null) return { line: Number(match[1]), column: Number(match[2]) };
  }
  return undefined;
}

function errorFrom(status: number, text: string): KustoQueryError {
  let body: OneApiBody = {};
  try {
    body = JSON.parse(text) as OneApiBody;
  } catch {
    return new KustoQueryError(text.slice(0, 500) || `HTTP ${status}`, { status, code: 'General_BadResponse' });
  }
  const error = body.error ?? {};
  const message = error['@message'] ?? error.message ?? `HTTP ${status}`;
  const position =
    typeof error.line === 'number' && typeof error.column === 'number'
      ? { line: error.line, column: error.column }
      : positionIn(message);
  return new KustoQueryError(message, { status, code: error.code ?? 'General_BadRequest', ...position });
}

const TIMEOUT_MS = 120_000;

/** A client of one endpoint. `database` is the default. */
export function createKustoClient(kustoUrl: string, database: string): KustoClient {
  const post = async (path: string, csl: string, db: string, signal?: AbortSignal): Promise<unknown> => {
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    const options = { queryconsistency: 'strongconsistency', servertimeout: '00:02:00' };
    let response: Response;
    let text: string;
    try {
      response = await fetch(new URL(path, kustoUrl), {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          accept: 'application/json',
          'x-ms-app': 'Framewatch-Viewer',
          'x-ms-client-request-id': `FWV;${crypto.randomUUID()}`,
        },
        body: JSON.stringify({ db, csl, properties: { options } }),
        signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
      });
      text = await response.text();
    } catch (error) {
      const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : '';
      throw new KustoQueryError(`Kusto at ${kustoUrl} cannot be reached${cause}`, { status: 502, code: 'Unreachable' });
    }
    if (!response.ok) throw errorFrom(response.status, text);
    try {
      return JSON.parse(text);
    } catch {
      throw new KustoQueryError('Kusto answered something that is not JSON', {
        status: 502,
        code: 'General_BadResponse',
      });
    }
  };
  const firstTable = (answer: unknown): KustoTable => {
    const { Tables, Exceptions } = answer as { Tables?: KustoTable[]; Exceptions?: string[] };
    if (Exceptions !== undefined && Exceptions.length > 0)
      throw new KustoQueryError(Exceptions.join('. '), { status: 400, code: 'General_PartialFailure' });
    const table = Tables?.[0];
    if (table === undefined)
      throw new KustoQueryError('unable to parse response: it has no tables', {
        status: 502,
        code: 'General_BadResponse',
      });
    return table;
  };
  const queryRaw = (csl: string, db = database, signal?: AbortSignal): Promise<unknown> =>
    post('/v1/rest/query', csl, db, signal);
  return {
    queryRaw,
    query: async (csl, db, signal) => firstTable(await queryRaw(csl, db, signal)),
    command: async (csl, db = database) => firstTable(await post('/v1/rest/mgmt', csl, db)),
  };
}

/** Comments and blank lines aside, a text that starts with a dot is a management command, which could change data. */
export const isCommand = (csl: string): boolean => csl.replace(/^(\s+|\/\/[^\n]*(\n|$))+/, '').startsWith('.');
