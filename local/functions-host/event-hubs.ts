import type { EventHubConsumerClient, ReceivedEventData, Subscription } from '@azure/event-hubs';
import type { HubCheckpoints } from './checkpoints.ts';
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

const FIRST_RECONNECT_MS = 500;
const SLOWEST_RECONNECT_MS = 10_000;
/** What is under way when a connection goes is known lost by this limit alone. */
const TIMEOUT_MS = 10_000;

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
  const retryOptions = { maxRetries: 2, timeoutInMs: TIMEOUT_MS };
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

class HubListener {
  readonly #target: RegisteredFunction;
  readonly #options: HubTriggerOptions;
  readonly #binding: Binding;
  readonly #stopped = new AbortController();
  #client: EventHubConsumerClient | undefined;
  readonly #subscriptions = new Map<string, Subscription>();

  constructor(target: RegisteredFunction, options: HubTriggerOptions) {
    this.#target = target;
    this.#options = options;
    this.#binding = bindingOf(target, options.env);
  }

  get #isStopped(): boolean {
    return this.#stopped.signal.aborted;
  }

  #say(level: string, message: string): void {
    this.#options.log.write(level, 'Host.Triggers.EventHubs', `${this.#target.metadata.name}: ${message}`);
  }

  /** Resolves early when the listener stops. */
  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#stopped.signal.addEventListener('abort', () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  /** Keeps trying until the namespace answers. */
  async start(): Promise<void> {
    for (let wait = FIRST_RECONNECT_MS; !this.#isStopped; wait = Math.min(wait * 2, SLOWEST_RECONNECT_MS)) {
      try {
        this.#client ??= await connect(this.#binding, this.#options.env);
        for (const partition of await this.#client.getPartitionIds()) this.#subscribe(partition);
        return;
      } catch (error) {
        this.#say(
          'error',
          `the listener was unable to start: ${error instanceof Error ? error.message : String(error)}`,
        );
        await this.#pause(wait);
      }
    }
  }

  #keyOf(partition: string): string {
    const { hub, consumerGroup } = this.#binding;
    return [this.#target.metadata.name, hub, consumerGroup, partition].join('/');
  }

  #subscribe(partition: string): void {
    if (!this.#client || this.#isStopped) return;
    const done = this.#options.checkpoints.read(this.#keyOf(partition));
    const subscription = this.#client.subscribe(
      partition,
      {
        processEvents: (events) => (events.length === 0 ? Promise.resolve() : this.#process(partition, events)),
        processError: (error) => this.#reconnect(partition, error),
      },
      {
        startPosition: done === undefined ? { offset: '-1' } : { sequenceNumber: done },
        maxBatchSize: this.#options.maxEventBatchSize,
        skipParsingBodyAsJson: true,
      },
    );
    this.#subscriptions.set(partition, subscription);
  }

  /** Begins anew behind the last checkpoint, after a while. */
  async #reconnect(partition: string, error: Error): Promise<void> {
    const subscription = this.#subscriptions.get(partition);
    if (this.#isStopped || !subscription) return;
    this.#subscriptions.delete(partition);
    this.#say('warning', `partition ${partition} is read anew: ${error.message}`);
    // Closing waits for this very handler, so it must not be waited for here.
    void subscription
      .close()
      .catch(() => undefined)
      .then(() => this.#pause(FIRST_RECONNECT_MS))
      .then(() => this.#subscribe(partition));
    await Promise.resolve();
  }

  async #process(partition: string, events: readonly ReceivedEventData[]): Promise<void> {
    const { options } = triggerOf(this.#target);
    const origin = { ...this.#binding, partition };
    // One message a call: the calls run side by side, and the checkpoint waits for all of them.
    const batches = options['cardinality'] === 'many' ? [events] : events.map((event) => [event]);
    const verdicts = await Promise.all(batches.map((batch) => this.#invoke(inputOf(options, batch, origin))));
    if (this.#isStopped && verdicts.includes(false)) return;
    const last = events.at(-1)?.sequenceNumber;
    if (last === undefined) return;
    await this.#options.checkpoints.save(this.#keyOf(partition), last).catch((error: unknown) => {
      this.#say('error', `the checkpoint of partition ${partition} was not saved: ${String(error)}`);
    });
  }

  /** True when the function succeeded, at once or by its retry policy. */
  async #invoke(input: InvocationInput): Promise<boolean> {
    const policy = retryPolicy(this.#target.metadata.retryOptions);
    for (let retry = 0; ; retry++) {
      const { ok } = await this.#options.invoker.invoke(this.#target, input);
      if (ok) return true;
      if (this.#isStopped || !policy || (policy.maxRetryCount >= 0 && retry >= policy.maxRetryCount)) return false;
      await this.#pause(delayOf(policy, retry));
      if (this.#isStopped) return false;
    }
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await Promise.all(
      [...this.#subscriptions.values()].map((subscription) => subscription.close().catch(() => undefined)),
    );
    await this.#client?.close().catch(() => undefined);
  }
}

/** Listens for all functions with an eventHub trigger. Returns what stops them. */
export function startEventHubs(
  targets: readonly RegisteredFunction[],
  options: HubTriggerOptions,
): () => Promise<void> {
  const listeners = targets.map((target) => new HubListener(target, options));
  for (const listener of listeners) void listener.start();
  return async () => {
    await Promise.all(listeners.map((listener) => listener.stop()));
  };
}
