import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { upgradeEvent, upgradeHeader } from '../../schema/probe-upgrade.ts';
import type { WireEvent, WireHeader } from '../../schema/probe-wire.ts';
import type { LeanEnvelope } from '../../schema/probe-wire-v2.ts';

export interface Received {
  method: string;
  contentType: string;
  bytes: number;
  gzip: boolean;
  status: number;
  at: number;
  events: { h: WireHeader; e: WireEvent }[];
}

export interface Answer {
  status: number;
  headers?: Record<string, string>;
  body?: unknown;
  /** Takes the events and goes away without an answer. */
  isMute?: boolean;
  delayMs?: number;
}

export interface Collector {
  url: string;
  requests: Received[];
  /** What to answer next; then what `decide` says. */
  answers: Answer[];
  /** 202 unless told otherwise. */
  decide: () => Answer;
  /** Events that were answered 202, in order of arrival. */
  events: (sessionId?: string) => WireEvent[];
  /** Resolves when an event passes, or throws after `ms` with what has come so far. */
  until: (test: (event: WireEvent) => boolean, ms?: number) => Promise<WireEvent>;
  close: () => Promise<void>;
}

async function bodyOf(req: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** A front door as small as can be: it takes what the probe sends and remembers it. `port`: 0 takes a free one. */
export async function startCollector(port = 0): Promise<Collector> {
  const requests: Received[] = [];
  const answers: Collector['answers'] = [];
  const server = createServer((req, res) => {
    void (async () => {
      // A page that goes away in mid-request has sent nothing that counts.
      const raw = await bodyOf(req).catch(() => undefined);
      if (!raw) return;
      const gzip = raw[0] === 0x1f && raw[1] === 0x8b;
      const text = (gzip ? gunzipSync(raw) : raw).toString('utf8');
      const envelopes = text ? text.split('\n').map((line) => JSON.parse(line) as LeanEnvelope) : [];
      // In the words that the server stores them in.
      const events = envelopes.flatMap(({ h, e }) =>
        e.map((event) => ({
          h: upgradeHeader(h) as WireHeader,
          e: upgradeEvent(event, h.pl?.name) as WireEvent,
        })),
      );
      const { status, headers = {}, body = {}, isMute, delayMs = 0 } = answers.shift() ?? collector.decide();
      const contentType = req.headers['content-type'] ?? '';
      requests.push({ method: req.method ?? '', contentType, bytes: raw.length, gzip, status, at: Date.now(), events });
      if (delayMs) await sleep(delayMs);
      if (isMute) {
        req.socket.destroy();
        return;
      }
      res.writeHead(status, {
        'access-control-allow-origin': req.headers.origin ?? '*',
        'access-control-expose-headers': 'retry-after',
        'content-type': 'application/json',
        ...headers,
      });
      res.end(JSON.stringify(body));
    })();
  });
  await new Promise<void>((resolve) => {
    server.listen(port, '127.0.0.1', resolve);
  });
  const events: Collector['events'] = (sid) =>
    requests
      .filter(({ status }) => status === 202)
      .flatMap((request) => request.events)
      .filter(({ h }) => !sid || h.sid === sid)
      .map(({ e }) => e);
  const collector: Collector = {
    decide: () => ({ status: 202 }),
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    answers,
    events,
    until: async (test, ms = 30_000) => {
      for (const end = Date.now() + ms; Date.now() < end;) {
        const found = events().find(test);
        if (found) return found;
        await sleep(50);
      }
      throw new Error(`waited ${ms} ms in vain; came: ${JSON.stringify(events())}`);
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return collector;
}
