import { parseArgs } from 'node:util';
import { startBroker } from './broker.ts';
import type { HubSpec } from './hub.ts';

// node local/event-hubs/main.ts: an Event Hubs namespace on this machine.

const HELP = `usage: node local/event-hubs/main.ts [OPTIONS]

An Event Hubs namespace on this machine, for Microsoft's clients with UseDevelopmentEmulator=true (AMQP 1.0 without TLS).

  --port N            (default 5672) 0 takes a free one
  --data DIR          where events are kept                    (default .framewatch/event-hubs)
  --hub NAME:N:GROUPS a hub with N partitions and consumer groups beside $Default, separated by commas; may be repeated
                      (default telemetry:2:functions and rows:2:adx)
  --retention-hours N events are deleted once they are older   (default 24)
  --retention-mb N    or once a hub holds more                 (default 512)
  --help`;

const DEFAULT_HUBS = ['telemetry:2:functions', 'rows:2:adx'];

function number(name: string, text: string, low: number, high: number): number {
  const value = Number(text);
  if (!(value >= low && value <= high))
    throw new Error(`--${name} is ${text}; expected a number from ${low} to ${high}`);
  return value;
}

function hubSpec(text: string): HubSpec {
  const [, name, partitions = '2', groups = ''] = /^([\w.-]+)(?::(\d+))?(?::([\w.,-]*))?$/.exec(text) ?? [];
  if (name === undefined) throw new Error(`--hub is ${text}; expected NAME:PARTITIONS:GROUP,GROUP`);
  return {
    name,
    partitionCount: number('hub', partitions, 1, 32),
    consumerGroups: groups.split(',').filter(Boolean),
  };
}

try {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '5672' },
      data: { type: 'string', default: '.framewatch/event-hubs' },
      hub: { type: 'string', multiple: true, default: DEFAULT_HUBS },
      'retention-hours': { type: 'string', default: '24' },
      'retention-mb': { type: 'string', default: '512' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) console.log(HELP);
  else {
    const broker = await startBroker({
      port: number('port', values.port, 0, 65_535),
      dir: values.data,
      hubs: values.hub.map(hubSpec),
      retentionMs: number('retention-hours', values['retention-hours'], 0.001, 2160) * 3_600_000,
      retentionBytes: number('retention-mb', values['retention-mb'], 1, 1_000_000) * 1024 * 1024,
      log: (line) => console.log(line),
    });
    console.log(`Event Hubs ready: ${broker.connectionString}`);
    const stop = (): void => {
      void broker.close().then(() => process.exit(0));
    };
    process.on('SIGTERM', stop);
    // Under a parent with a channel, Ctrl-C is the parent's to handle: it stops the senders first.
    process.on('SIGINT', () => process.connected || stop());
    process.on('disconnect', stop);
  }
} catch (error) {
  const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
  const hint = isTaken ? '; stop what listens there (the Event Hubs emulator?) or choose another with --port' : '';
  console.error(`${error instanceof Error ? error.message : String(error)}${hint}`);
  process.exitCode = 1;
}
