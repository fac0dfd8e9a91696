// The HTTP door as the app composes it, with Kusto in memory: real requests in, real answers out, and the books between.
import { HttpRequest, InvocationContext, type HttpRequestInit, type HttpResponseInit } from '@azure/functions';
import { counterStore } from '../../functions/adapters/counters.ts';
import { digestsOf } from '../../functions/adapters/digests.ts';
import { inflater } from '../../functions/adapters/inflater.ts';
import { kustoSink } from '../../functions/adapters/kusto-sink.ts';
import { systemClock } from '../../functions/adapters/system.ts';
import { userAgentReader } from '../../functions/adapters/user-agents.ts';
import { DEFAULT_LIMITS } from '../../functions/pipeline/decode.ts';
import type { Sink } from '../../functions/pipeline/ports.ts';
import { ingestEvents, type DoorOptions } from '../../functions/triggers/ingest-events.ts';
import { quotas } from '../../functions/triggers/quotas.ts';
import type { WriteKey } from '../../functions/config.ts';
import { keyRing } from '../../functions/triggers/write-keys.ts';
import { memoryKusto, type Gate, type MemoryKusto } from './memory-kusto.ts';

export const ORIGIN = 'https://www.example.com';
const browserKey: WriteKey = {
  key: 'browser',
  tenant: 't1',
  origins: [ORIGIN],
  isTrusted: false,
  eventsPerSecond: 1e12,
  needsToken: false,
};
const serverKey: WriteKey = {
  key: 'server',
  tenant: 't1',
  origins: [],
  isTrusted: true,
  eventsPerSecond: 1e12,
  needsToken: false,
};

/** Everything of the pipeline that knows nothing of HTTP. */
export function core(kusto: Pick<MemoryKusto, 'ingest'>) {
  const counters = counterStore();
  const sink: Sink = kustoSink({
    client: kusto,
    clock: systemClock,
    counters,
    lingerMs: 0,
    maxCalls: 4,
    deadlineMs: 5000,
  });
  return {
    sink,
    clock: systemClock,
    counters,
    digests: digestsOf('a secret of this test run'),
    userAgents: userAgentReader(),
    limits: DEFAULT_LIMITS,
  };
}

export interface Door {
  readonly kusto: MemoryKusto;
  /** Lines of the log. */
  readonly lines: string[];
  readonly options: DoorOptions;
  readonly send: (
    body: Uint8Array | string | undefined,
    headers?: Record<string, string>,
    init?: HttpRequestInit,
  ) => Promise<Answer>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

const answerOf = ({ status, headers, body }: HttpResponseInit): Answer => ({
  status: status ?? 200,
  headers: headers as Record<string, string>,
  text: typeof body === 'string' ? body : '',
});

export function door(change: Partial<DoorOptions> = {}, gate?: Gate): Door {
  const kusto = memoryKusto(gate);
  const lines: string[] = [];
  let batches = 0;
  const options: DoorOptions = {
    ...core(kusto),
    inflater,
    ids: { next: () => `b${batches++}` },
    keys: keyRing([browserKey, serverKey]),
    quota: quotas(systemClock, 0),
    maxWireBytes: 1024 * 1024,
    edgeHeaders: { country: 'x-edge-country', city: 'x-edge-city' },
    addressHeader: 'x-forwarded-for',
    advice: {},
    isDraining: () => false,
    ...change,
  };
  const handler = ingestEvents(options);
  const context = new InvocationContext({
    functionName: 'ingestEvents',
    logHandler: (_level, ...args: unknown[]) => lines.push(args.map(String).join(' ')),
  });
  return {
    kusto,
    lines,
    options,
    async send(body, headers = {}, init = {}) {
      const request = new HttpRequest({
        method: 'POST',
        url: 'https://door.example/api/v1/events',
        headers: { 'content-type': 'text/plain', 'x-framewatch-key': 'server', ...headers },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? { string: body } : { bytes: body } }),
        ...init,
      });
      return answerOf(await handler(request, context));
    },
  };
}
