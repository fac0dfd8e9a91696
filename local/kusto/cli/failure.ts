/** Why a request has no answer. */
export interface Failure {
  /** 1 the endpoint refused it, 3 the endpoint was not reached. */
  readonly exitCode: 1 | 3;
  readonly message: string;
}

const record = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};

/** Reads what the client throws: an answer with a OneApi error, a network error, or an error inside a v2 data set. */
export function failureOf(error: unknown, cluster: string): Failure {
  const thrown = record(error);
  const response = record(thrown['response']);
  const data = response['data'];
  const oneApi = record(record(data)['error']);
  const told = oneApi['@message'] ?? oneApi['message'];
  if (typeof told === 'string') return { exitCode: 1, message: told };
  const message = error instanceof Error ? error.message : String(error);
  // The client wraps some network errors in a text of its own, which still names the code.
  const code = `${typeof thrown['code'] === 'string' ? thrown['code'] : ''} ${message}`;
  const isUnreached = /\b(?:ECONN\w+|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|EPIPE)\b/.test(code);
  if (response['status'] === undefined && isUnreached)
    return { exitCode: 3, message: `${cluster} cannot be reached: ${message === '' ? code.trim() : message}` };
  return {
    exitCode: 1,
    message: typeof data === 'string' && data !== '' ? `${message}: ${data.slice(0, 500)}` : message,
  };
}

/** The message, and under it the line it speaks of with a caret below the column. */
export function withCaret(message: string, text: string): string {
  const [, lineText, columnText] = /\[line:position=(\d+):(\d+)\]/.exec(message) ?? [];
  const lines = text.split('\n');
  const line = lines[Number(lineText) - 1]?.replace(/\r$/, '');
  if (lineText === undefined || line === undefined) return `${message}\n`;
  const column = Math.min(Math.max(1, Number(columnText)), line.length + 1);
  const label = `${lineText} | `;
  // Tabs stay tabs, so that the caret stands under its column whatever their width.
  const indent = line.slice(0, column - 1).replace(/[^\t]/g, ' ');
  return `${message}\n\n${label}${line}\n${' '.repeat(label.length)}${indent}^\n`;
}
