import { app } from '@azure/functions';
import { counterStore } from './adapters/counters.ts';
import { digestsOf } from './adapters/digests.ts';
import { inflater } from './adapters/inflater.ts';
import { kustoClient } from './adapters/kusto-client.ts';
import { kustoSink } from './adapters/kusto-sink.ts';
import { batchIds, systemClock } from './adapters/system.ts';
import { userAgentReader } from './adapters/user-agents.ts';
import { readConfig } from './config.ts';
import { DEFAULT_LIMITS } from './pipeline/decode.ts';
import { ingestEvents } from './triggers/ingest-events.ts';
import { keyRing, quotas } from './triggers/write-keys.ts';

// The composition root: settings → adapters → functions. The only file that registers functions.

const MAX_WIRE_BYTES = 1024 * 1024;

const config = readConfig();
const clock = systemClock;
const counters = counterStore();
const digests = digestsOf(config.pseudonymSecret);
const kusto = kustoClient({ ...config.kusto, managedIdentityClientId: config.managedIdentityClientId });
const sink = kustoSink({ client: kusto, clock, counters, ...config.kusto });
const core = { sink, clock, counters, digests, userAgents: userAgentReader(), limits: DEFAULT_LIMITS };

let isDraining = false;
app.hook.appTerminate(() => {
  isDraining = true;
  kusto.close();
});

app.http('ingestEvents', {
  methods: ['POST', 'OPTIONS'],
  authLevel: 'anonymous',
  route: 'v1/events',
  handler: ingestEvents({
    ...core,
    ids: batchIds(clock),
    inflater,
    keys: keyRing(config.keys),
    quota: quotas(clock),
    maxWireBytes: MAX_WIRE_BYTES,
    edgeHeaders: config.edgeHeaders,
    advice: {
      ...(config.heartbeatSeconds === undefined ? {} : { interval: config.heartbeatSeconds }),
      ...(config.sampleRate === undefined ? {} : { sample: config.sampleRate }),
    },
    isDraining: () => isDraining,
  }),
});
