import type { AddressInfo, Server, Socket } from 'node:net';
import rhea, { type Connection, type Container, type EventContext, type Sender } from 'rhea';
import { receiverAddress, senderAddress } from './addresses.ts';
import { eventsOf } from './amqp-message.ts';
import { ConsumerLink } from './consumer-link.ts';
import { Hub, type HubSpec } from './hub.ts';
import { answerRequest } from './management.ts';
import { partitionOfKey } from './partition-hash.ts';
import { refusalOfConsumer, type AmqpFault } from './rules.ts';
import { parseSelector } from './selector.ts';

// An Event Hubs namespace on this machine: AMQP 1.0 without TLS, as Microsoft's clients speak it with `UseDevelopmentEmulator=true`.

export interface BrokerOptions {
  readonly port: number;
  readonly host?: string;
  readonly dir: string;
  readonly hubs: readonly HubSpec[];
  readonly retentionMs?: number;
  /** Of each hub. */
  readonly retentionBytes?: number;
  readonly log?: (line: string) => void;
}

export interface Broker {
  readonly port: number;
  /** For Microsoft's clients. The key is checked by nobody. */
  readonly connectionString: string;
  /** Until then every send is refused with `server-busy`, as beyond the throughput that was bought. 0 ends it. */
  throttleUntil(ms: number): void;
  /** Ends every connection as the service does before maintenance. */
  disconnectAll(): void;
  close(): Promise<void>;
}

const MAX_MESSAGE_BYTES = 1024 * 1024;
const MAX_FRAME_BYTES = 64 * 1024;
/** Messages a producer may have under way on one link. */
const PRODUCER_CREDIT = 300;
const DAY_MS = 86_400_000;
const GOODBYE_MS = 1000;
const DEFAULT_RETENTION_BYTES = 512 * 1024 * 1024;
const EPOCH = 'com.microsoft:epoch';
const RUNTIME_METRIC = 'com.microsoft:enable-receiver-runtime-metric';
const IDEMPOTENT = 'com.microsoft:idempotent-producer';
const SELECTOR = 'apache.org:selector-filter:string';
const BUSY: AmqpFault = {
  condition: 'com.microsoft:server-busy',
  description: 'The request was terminated because the entity is being throttled. Wait 4 seconds and try again.',
};

type Bag = Readonly<Record<string, unknown>>;
const bagOf = (value: unknown): Bag => (typeof value === 'object' && value !== null ? (value as Bag) : {});
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
const listOf = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? value : value === undefined || value === null ? [] : [value];
const nodeOf = (address: string): '$cbs' | '$management' | undefined =>
  address === '$cbs' ? '$cbs' : /(^|\/)\$management$/.test(address) ? '$management' : undefined;

class Namespace {
  readonly #hubs: ReadonlyMap<string, Hub>;
  readonly #log: (line: string) => void;
  readonly #connections = new Set<Connection>();
  readonly #consumers = new Map<Sender, ConsumerLink>();
  #turn = 0;
  #throttledUntilMs = 0;

  constructor(hubs: ReadonlyMap<string, Hub>, log: (line: string) => void) {
    this.#hubs = hubs;
    this.#log = log;
  }

  throttleUntil(ms: number): void {
    this.#throttledUntilMs = ms;
  }

  disconnectAll(): void {
    for (const connection of this.#connections)
      connection.close({
        condition: 'amqp:connection:forced',
        description: 'The connection was closed for maintenance.',
      });
  }

  listen(container: Container): void {
    container.on('connection_open', ({ connection }: EventContext) => this.#connections.add(connection));
    container.on('receiver_open', (context: EventContext) => this.#openProducer(context));
    container.on('sender_open', (context: EventContext) => this.#openConsumer(context));
    container.on('message', (context: EventContext) => this.#onMessage(context));
    container.on('sendable', ({ sender }: EventContext) => sender && this.#consumers.get(sender)?.pump());
    container.on('sender_close', ({ sender }: EventContext) => sender && this.#forget(sender));
    container.on('session_close', ({ session }: EventContext) => this.#forgetAll((link) => link.session === session));
    for (const event of ['connection_close', 'connection_error', 'disconnected'])
      container.on(event, ({ connection }: EventContext) => {
        this.#connections.delete(connection);
        this.#forgetAll((link) => link.connection === connection);
      });
    // Without listeners rhea writes to the console or ends the process.
    container.on('protocol_error', (error: Error) => this.#log(`a client broke the protocol: ${error.message}`));
    container.on('error', (error: Error) => this.#log(`a link failed: ${error.message}`));
  }

  #hubOf(name: string): Hub | undefined {
    return this.#hubs.get(name.toLowerCase());
  }

  #forget(link: Sender): void {
    this.#consumers.get(link)?.close();
    this.#consumers.delete(link);
  }

  #forgetAll(isGone: (link: Sender) => boolean): void {
    for (const link of this.#consumers.keys()) if (isGone(link)) this.#forget(link);
  }

  /** A client opens a link to send on. */
  #openProducer({ receiver }: EventContext): void {
    if (!receiver) return;
    const target = textOf(bagOf(receiver.target)['address']);
    receiver.set_target({ address: target });
    if (nodeOf(target)) return;
    const address = senderAddress(target);
    const hub = address && this.#hubOf(address.hub);
    if (!hub || (address.partition ?? 0) >= hub.spec.partitionCount)
      receiver.close({
        condition: 'amqp:not-found',
        description: `The messaging entity '${target}' could not be found.`,
      });
    // Refused by name as the protocol asks, not left out silently: numbers of producers are not kept here (docs/local-vs-azure.md).
    else if (listOf(receiver.desired_capabilities).includes(IDEMPOTENT))
      receiver.close({ condition: 'amqp:not-implemented', description: 'idempotent producers are not implemented' });
  }

  /** A client opens a link to receive on. */
  #openConsumer({ sender }: EventContext): void {
    if (!sender) return;
    const source = bagOf(sender.source);
    const text = textOf(source['address']);
    sender.set_source({ address: text });
    if (nodeOf(text)) return;
    const opened = this.#consumerOf(sender, text, bagOf(source['filter'])[SELECTOR]);
    if (!(opened instanceof ConsumerLink)) sender.close(opened);
    else {
      this.#consumers.set(sender, opened);
      opened.pump();
    }
  }

  #consumerOf(sender: Sender, text: string, filter: unknown): ConsumerLink | AmqpFault {
    const address = receiverAddress(text);
    const hub = address && this.#hubOf(address.hub);
    if (!hub || address.partition >= hub.spec.partitionCount)
      return { condition: 'amqp:not-found', description: `The messaging entity '${text}' could not be found.` };
    const { consumerGroup, partition } = address;
    if (![...hub.spec.consumerGroups, '$Default'].some((name) => name.toLowerCase() === consumerGroup.toLowerCase()))
      return {
        condition: 'amqp:not-found',
        description: `hub ${hub.spec.name} has no consumer group ${consumerGroup}`,
      };
    const selector = textOf(bagOf(filter)['value'] ?? filter);
    const start = selector === '' ? { by: 'latest' as const } : parseSelector(selector);
    if (!start) return { condition: 'com.microsoft:argument-error', description: `not a position: ${selector}` };
    const epoch = bagOf(sender.properties)[EPOCH];
    const options = {
      hub,
      consumerGroup: consumerGroup.toLowerCase(),
      partition,
      from: hub.locate(partition, start),
      epoch: epoch === undefined || epoch === null ? undefined : Number(epoch),
      wantsRuntimeInfo: listOf(sender.desired_capabilities).includes(RUNTIME_METRIC),
    };
    const { refusal, displaced } = refusalOfConsumer(options, [...this.#consumers.values()]);
    for (const { consumer, fault } of displaced) {
      this.#consumers.delete(consumer.link);
      consumer.close(fault);
    }
    return refusal ?? new ConsumerLink(sender, options);
  }

  #onMessage({ message, delivery, receiver, connection }: EventContext): void {
    if (!message || !delivery || !receiver) return;
    const target = textOf(bagOf(receiver.target)['address']);
    const node = nodeOf(target);
    if (node) {
      delivery.accept();
      const replyTo: unknown = message['reply_to'];
      const reply = connection.find_sender((link: { name: string }) => link.name === replyTo);
      if (reply) answerRequest(node, message, reply, (name) => this.#hubOf(name));
      return;
    }
    const refuse = (fault: AmqpFault): void => delivery.reject(fault);
    // rhea hands on what has a format of its own as bytes, and takes plain messages apart.
    const transfer = Buffer.isBuffer(message) ? message : rhea.message.encode(message);
    this.#store(target, transfer, delivery.format).then(
      (fault) => (fault ? refuse(fault) : delivery.accept()),
      (error: unknown) => {
        this.#log(`an event could not be stored: ${String(error)}`);
        refuse({ condition: 'amqp:internal-error', description: 'the event could not be stored' });
      },
    );
  }

  /** Resolves when the events of a transfer are on the disk, or with the reason why they are refused. */
  async #store(target: string, transfer: Buffer, format: number): Promise<AmqpFault | undefined> {
    if (Date.now() < this.#throttledUntilMs) return BUSY;
    const address = senderAddress(target);
    const hub = address && this.#hubOf(address.hub);
    if (!hub)
      return { condition: 'amqp:not-found', description: `The messaging entity '${target}' could not be found.` };
    if (transfer.length > MAX_MESSAGE_BYTES)
      return {
        condition: 'amqp:link:message-size-exceeded',
        description: `The received message of ${transfer.length} bytes exceeds the limit of ${MAX_MESSAGE_BYTES}.`,
      };
    let received;
    try {
      received = eventsOf(transfer, format);
    } catch (error) {
      return { condition: 'amqp:decode-error', description: error instanceof Error ? error.message : String(error) };
    }
    const { messages, partitionKey } = received;
    const partition =
      address.partition ??
      (partitionKey === undefined
        ? this.#turn++ % hub.spec.partitionCount
        : partitionOfKey(partitionKey, hub.spec.partitionCount));
    await hub.append(partition, messages, partitionKey);
    return undefined;
  }
}

const listen = (server: Server): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.once('listening', () => resolve((server.address() as AddressInfo).port));
  });

/**
 * Starts the stand-in.
 * @throws when the port is taken or the data are damaged
 */
export async function startBroker(options: BrokerOptions): Promise<Broker> {
  const { retentionMs = DAY_MS, retentionBytes = DEFAULT_RETENTION_BYTES, dir } = options;
  const opened = await Promise.all(options.hubs.map((spec) => Hub.open({ ...spec, dir, retentionMs, retentionBytes })));
  const namespace = new Namespace(
    new Map(opened.map((hub) => [hub.spec.name.toLowerCase(), hub])),
    options.log ?? (() => undefined),
  );
  const container = rhea.create_container({ id: 'framewatch-event-hubs', max_frame_size: MAX_FRAME_BYTES });
  const mechanisms = container.sasl_server_mechanisms as Record<string, unknown> & {
    enable_anonymous(): void;
    enable_plain(check: () => boolean): void;
  };
  mechanisms.enable_anonymous();
  mechanisms.enable_plain(() => true);
  mechanisms['MSSBCBS'] = mechanisms['ANONYMOUS'];
  namespace.listen(container);
  const host = options.host ?? '127.0.0.1';
  const server = container.listen({
    port: options.port,
    host,
    receiver_options: { autoaccept: false, credit_window: PRODUCER_CREDIT, max_message_size: MAX_MESSAGE_BYTES },
  });
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const port = await listen(server);
  return {
    port,
    connectionString: `Endpoint=sb://${host}:${port};SharedAccessKeyName=local;SharedAccessKey=local;UseDevelopmentEmulator=true;`,
    throttleUntil: (ms) => namespace.throttleUntil(ms),
    disconnectAll: () => namespace.disconnectAll(),
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      namespace.disconnectAll();
      // A client that does not answer the goodbye must not keep the server.
      const patience = setTimeout(() => sockets.forEach((socket) => socket.destroy()), GOODBYE_MS);
      await closed;
      clearTimeout(patience);
      await Promise.all(opened.map((hub) => hub.close()));
    },
  };
}
