import type { IncomingMessage, ServerResponse } from 'node:http';

/** A request the viewer refuses; the message is for the caller. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const MAX_BODY_BYTES = 1024 * 1024;

/** The JSON body of a POST. Only application/json, which a foreign page cannot send without asking first. */
export async function readJson(request: IncomingMessage): Promise<Record<string, unknown>> {
  if (!(request.headers['content-type'] ?? '').startsWith('application/json'))
    throw new RequestError(415, 'send application/json');
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Buffer).length;
    if (size > MAX_BODY_BYTES) throw new RequestError(413, 'the body is larger than 1 MiB');
    chunks.push(chunk as Buffer);
  }
  try {
    const parsed: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed))
      return parsed as Record<string, unknown>;
  } catch {
    // Falls through to the one answer for everything that is not a JSON object.
  }
  throw new RequestError(400, 'the body is not a JSON object');
}

const LOCAL_NAMES = new Set(['127.0.0.1', 'localhost', '[::1]']);

/**
 * Against DNS rebinding: a page of another site may point its own name at 127.0.0.1, but cannot forge the Host header.
 * A request that carries an Origin must come from the viewer itself.
 */
export function requireLocal(request: IncomingMessage): void {
  const host = request.headers.host ?? '';
  if (!LOCAL_NAMES.has(host.replace(/:\d+$/, '')))
    throw new RequestError(403, `host '${host}' is not this machine; open http://127.0.0.1 instead`);
  const origin = request.headers.origin;
  if (request.method === 'POST' && origin !== undefined && origin !== `http://${host}`)
    throw new RequestError(403, `origin '${origin}' may not query this viewer`);
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  response.end(text);
}

export function sendText(
  response: ServerResponse,
  contentType: string,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(200, { 'content-type': contentType, 'x-content-type-options': 'nosniff', ...headers });
  response.end(text);
}
