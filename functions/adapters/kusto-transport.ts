import { request as requestPlain, type Agent, type IncomingMessage } from 'node:http';
import { request as requestSecure } from 'node:https';

// How the bytes of an ingestion call travel: axios, which Microsoft's client is built on, lets its way of sending be replaced.
// Its own serves forms, streams, progress, redirects and proxies, and costs a millisecond of CPU a call, more than 500 rows do.
// The client still makes address, headers and token, and reads answers and errors.

/** What of axios' request configuration matters here. */
export interface TransportConfig {
  readonly url?: string;
  readonly data?: unknown;
  readonly headers: { toJSON(): Record<string, unknown> };
  readonly signal?: unknown;
  readonly httpAgent?: unknown;
  readonly httpsAgent?: unknown;
}

interface TransportAnswer {
  readonly status: number;
  readonly statusText: string;
  readonly headers: IncomingMessage['headers'];
  /** Text; axios parses it. */
  readonly data: string;
}

/** An ingestion is answered with a small table, an error with a small object. */
const MAX_ANSWER_BYTES = 1024 * 1024;

function readAnswer(response: IncomingMessage, done: (error: Error | undefined, text: string) => void): void {
  const chunks: Buffer[] = [];
  let size = 0;
  response.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) response.destroy(new Error('the answer to an ingestion is too large'));
    else chunks.push(chunk);
  });
  response.once('end', () => done(undefined, Buffer.concat(chunks).toString('utf8')));
  response.once('error', (error: Error) => done(error, ''));
}

/** As axios tells of a status that is no success; the client knows it by its mark. Without the request: that holds the token. */
const refusal = (answer: TransportAnswer): Error =>
  Object.assign(new Error(`Request failed with status code ${answer.status}`), {
    isAxiosError: true,
    response: answer,
  });

/**
 * Sends one body and resolves with the answer of status 200.
 * @throws what the connection fails with, or an error of axios' shape with the answer
 */
export function sendIngestion(config: TransportConfig): Promise<TransportAnswer> {
  const { url = '', data, headers, signal, httpAgent, httpsAgent } = config;
  const isSecure = url.startsWith('https:');
  const body = Buffer.isBuffer(data) ? data : Buffer.alloc(0);
  const options = {
    method: 'POST',
    agent: (isSecure ? httpsAgent : httpAgent) as Agent,
    headers: {
      ...(headers.toJSON() as Record<string, string>),
      'accept-encoding': 'identity',
      'content-length': body.length,
    },
    ...(signal instanceof AbortSignal && { signal }),
  };
  return new Promise((resolve, reject) => {
    const outgoing = (isSecure ? requestSecure : requestPlain)(url, options, (response) => {
      readAnswer(response, (error, text) => {
        const { statusCode: status = 0, statusMessage: statusText = '' } = response;
        const answer = { status, statusText, headers: response.headers, data: text };
        if (error) reject(error);
        else if (status === 200) resolve(answer);
        else reject(refusal(answer));
      });
    });
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}
