import type { EventHubConsumerClient } from '@azure/event-hubs';
import type { HubCheckpoints } from '../event-hubs/checkpoints.ts';
import { HubReader, READER_RETRIES } from '../event-hubs/hub-reader.ts';
import type { RegisteredFunction } from './core-api.ts';
import { inputOf } from './event-hubs-input.ts';
import { triggerOf, type InvocationInput, type Invoker } from './invoke.ts';
import type { HostLog } from './log.ts';
import { delayOf, retryPolicy } from './retry-policy.ts';

// The eventHub trigger: each partition is read by itself, in batches, through Microsoft's own client. As in the real host the
// checkpoint advances when the function has ended, with or without an error, once its retry policy is exhausted; while the policy
// retries, the partition waits. A host that is stopping sets no checkpoint for what has not succeeded.
// https://learn.microsoft.com/azure/azure-functions/functions-reliable-event-processing

type Env = Readonly<Record<string, string | undefined>>;

export interface HubTriggerOptions {
  readonly invoker: Invoker;
  readonly log: HostLog;
  readonly env: Env;
  readonly checkpoints: HubCheckpoints;
  readonly maxEventBatchSize: number;
}

/** `%NAME%` stands for a setting. */
function expanded(text: unknown, env: Env): string {
  return String(text).replace(/%([^%]+)%/g, (_match, name: string) => {
    const value = env[name];
    if (value === undefined) throw new Error(`setting "${name}" is not set`);
    return value;
  });
}

interface Binding {
  readonly connection: string;
  readonly hub: string;
  readonly consumerGroup: string;
}

function bindingOf(target: RegisteredFunction, env: Env): Binding {
  const { options } = triggerOf(target);
  return {
    connection: String(options['connection']),
    hub: expanded(options['eventHubName'], env),
    consumerGroup: expanded(options['consumerGroup'] ?? '$Default', env),
  };
}

/** As the real host reads it: a connection string under the name itself, or the parts of a connection by identity. */
async function connect({ connection, hub, consumerGroup }: Binding, env: Env): Promise<EventHubConsumerClient> {
  const { EventHubConsumerClient: Client } = await import('@azure/event-hubs');
  const retryOptions = READER_RETRIES;
  const text = env[connection];
  if (text !== undefined && text !== '') return new Client(consumerGroup, text, hub, { retryOptions });
  const namespace = env[`${connection}__fullyQualifiedNamespace`];
  if (namespace === undefined || namespace === '')
    throw new Error(
      `Event Hub account connection string '${connection}' does not exist. Make sure that it is a defined App Setting.`,
    );
  const { DefaultAzureCredential, ManagedIdentityCredential } = await import('@azure/identity');
  const clientId = env[`${connection}__clientId`];
  const credential =
    env[`${connection}__credential`] === 'managedidentity'
      ? new ManagedIdentityCredential(clientId === undefined ? {} : { clientId })
      : new DefaultAzureCredential();
  return new Client(consumerGroup, namespace, hub, credential, { retryOptions });
}

/** Calls the function, and again by its retry policy. True when it has succeeded. */
async function invoke(
  target: RegisteredFunction,
  input: InvocationInput,
  { invoker }: HubTriggerOptions,
  reader: HubReader,
): Promise<boolean> {
  const policy = retryPolicy(target.metadata.retryOptions);
  for (let retry = 0; ; retry++) {
    const { ok } = await invoker.invoke(target, input);
    if (ok) return true;
    if (!policy || (policy.maxRetryCount >= 0 && retry >= policy.maxRetryCount)) return false;
    await reader.pause(delayOf(policy, retry));
    if (reader.isStopped) return false;
  }
}

function readerOf(target: RegisteredFunction, options: HubTriggerOptions): HubReader {
  const { name } = target.metadata;
  const trigger = triggerOf(target).options;
  const binding = bindingOf(target, options.env);
  const reader: HubReader = new HubReader({
    key: [name, binding.hub, binding.consumerGroup].join('/'),
    checkpoints: options.checkpoints,
    maxBatchSize: options.maxEventBatchSize,
    connect: () => connect(binding, options.env),
    async process(partition, events) {
      // One message a call: the calls run side by side, and the checkpoint waits for all of them.
      const batches = trigger['cardinality'] === 'many' ? [events] : events.map((event) => [event]);
      const inputs = batches.map((batch) => inputOf(trigger, batch, { ...binding, partition }));
      const verdicts = await Promise.all(inputs.map((input) => invoke(target, input, options, reader)));
      return !reader.isStopped || verdicts.every(Boolean);
    },
    say: (level, message) => options.log.write(level, 'Host.Triggers.EventHubs', `${name}: ${message}`),
  });
  return reader;
}

/** Listens for all functions with an eventHub trigger. Returns what stops them. */
export function startEventHubs(
  targets: readonly RegisteredFunction[],
  options: HubTriggerOptions,
): () => Promise<void> {
  const readers = targets.map((target) => readerOf(target, options));
  for (const reader of readers) void reader.start();
  return async () => {
    await Promise.all(readers.map((reader) => reader.stop()));
  };
}
