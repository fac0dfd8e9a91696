// A proxy for what is not HTTP: the AMQP connection between the host and the hub, harmed byte by byte.
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** What happens to the bytes from the hub to its client. `down` refuses, `dns` is set elsewhere. */
export type WireFault = 'down' | 'reset' | 'hang' | 'slow' | 'latency' | 'slicer' | 'half answer' | 'garbage';

export const WIRE_FAULTS: readonly WireFault[] = [
  'reset',
  'hang',
  'slow',
  'latency',
  'half answer',
  'garbage',
  'down',
  'slicer',
];

export interface WireProxy {
  readonly port: number;
  inject(fault: WireFault): Promise<void>;
  heal(): Promise<void>;
  close(): Promise<void>;
}

const SLOW_BYTES = 512;
const SLOW_MS = 25;
const LATENCY_MS = 400;
const SLICE_BYTES = 7;
const HALF_AFTER_BYTES = 300;

async function writeAll(to: Socket, bytes: Buffer, size: number, pauseMs: number): Promise<void> {
  for (let start = 0; start < bytes.length && !to.destroyed; start += size) {
    to.write(bytes.subarray(start, start + size));
    await sleep(pauseMs);
  }
}

/** Starts a proxy before `127.0.0.1:targetPort`. A fault strikes connections that are open as well as new ones. */
export async function startWireProxy(targetPort: number): Promise<WireProxy> {
  const pairs = new Set<Socket>();
  let fault: WireFault | undefined;
  const harm = async (to: Socket, bytes: Buffer, seen: number): Promise<void> => {
    const now = fault;
    if (now === 'hang') return;
    if (now === 'slow') await writeAll(to, bytes, SLOW_BYTES, SLOW_MS);
    else if (now === 'slicer') await writeAll(to, bytes, SLICE_BYTES, 1);
    else if (now === 'half answer' && seen > HALF_AFTER_BYTES) {
      to.write(bytes.subarray(0, bytes.length >> 1));
      to.end();
    } else if (now === 'garbage') to.write(Buffer.alloc(bytes.length, '<'));
    else {
      if (now === 'latency') await sleep(LATENCY_MS);
      to.write(bytes);
    }
  };
  const server = createServer((client) => {
    const upstream = connect(targetPort, '127.0.0.1');
    for (const socket of [client, upstream]) {
      pairs.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
      socket.once('close', () => {
        pairs.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    if (fault === 'reset') {
      client.resetAndDestroy();
      return;
    }
    client.pipe(upstream);
    let seen = 0;
    let writing = Promise.resolve();
    upstream.on('data', (bytes: Buffer) => {
      seen += bytes.length;
      const before = seen;
      writing = writing.then(() => harm(client, bytes, before));
    });
  });
  const listen = (port: number): Promise<number> =>
    new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', () => {
        server.off('error', reject);
        resolve((server.address() as AddressInfo).port);
      });
    });
  const cut = (): void => {
    for (const socket of pairs) socket.resetAndDestroy();
  };
  const down = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = new Promise((resolve) => server.close(resolve));
    cut();
    await closed;
  };
  const port = await listen(0);
  return {
    port,
    async inject(next) {
      fault = next;
      if (next === 'down') await down();
      else if (next === 'reset') cut();
    },
    async heal() {
      const was = fault;
      fault = undefined;
      // Bytes that were swallowed or replaced leave a stream that nobody can go on with.
      if (was === 'hang' || was === 'garbage') cut();
      if (!server.listening) await listen(port);
    },
    close: down,
  };
}
