import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { BlobServiceClient } from '@azure/storage-blob';
import { type BlobEvent, blobEvent } from './blob-event.ts';

export interface PollerOptions {
  client: BlobServiceClient;
  publish: (event: BlobEvent) => void;
  /** Least time between two looks; slow looks stretch it, so that listing takes at most a fifth of the time. */
  everyMs: number;
  /** Containers never looked into. */
  except: readonly string[];
  /** Keeps what has been seen, so that a restart tells only of what is new. */
  stateDir?: string | undefined;
  log: (line: string) => void;
}

/** A line cut short by a kill is left out: its blob is told of once more. */
const entryOf = (line: string): [string, string][] => {
  try {
    return [JSON.parse(line) as [string, string]];
  } catch {
    return [];
  }
};

const openSeen = (stateDir: string | undefined) => {
  const seen = new Map<string, string>();
  const file = stateDir === undefined ? undefined : join(stateDir, 'seen.ndjson');
  if (stateDir !== undefined && file !== undefined) {
    mkdirSync(stateDir, { recursive: true });
    let text = '';
    try {
      text = readFileSync(file, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    for (const [key, eTag] of text.split('\n').flatMap(entryOf)) seen.set(key, eTag);
  }
  return {
    has: (key: string, eTag: string) => seen.get(key) === eTag,
    add: (key: string, eTag: string) => {
      seen.set(key, eTag);
      if (file !== undefined) appendFileSync(file, `${JSON.stringify([key, eTag])}\n`);
    },
  };
};

/** Finds uploads by listing all blobs and comparing ETags: for a Blob service that the proxy cannot stand before. */
export const startPoller = (options: PollerOptions): { sweeps: () => number; close: () => Promise<void> } => {
  const { client, publish, everyMs, except, log } = options;
  const seen = openSeen(options.stateDir);
  const stop = new AbortController();
  let sweeps = 0;

  const sweep = async (): Promise<void> => {
    const abortSignal = stop.signal;
    for await (const { name: container } of client.listContainers({ abortSignal })) {
      if (except.includes(container)) continue;
      const containerClient = client.getContainerClient(container);
      for await (const item of containerClient.listBlobsFlat({ abortSignal })) {
        const { etag: eTag, contentType, contentLength, blobType } = item.properties;
        const key = `${container}/${item.name}`;
        if (seen.has(key, eTag)) continue;
        const url = containerClient.getBlobClient(item.name).url;
        // The listing does not say by which call it came; most come by PutBlob.
        publish(
          blobEvent(
            { api: 'PutBlob', container, blob: item.name },
            { url, eTag, contentType, contentLength, blobType },
          ),
        );
        seen.add(key, eTag);
      }
    }
    sweeps++;
  };

  const run = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      const began = Date.now();
      try {
        await sweep();
      } catch (error) {
        if (!stop.signal.aborted) log(`cannot list the blobs: ${String(error)}`);
      }
      await wait(Math.max(everyMs, 4 * (Date.now() - began)), undefined, { signal: stop.signal }).catch(
        () => undefined,
      );
    }
  };

  const running = run();
  return {
    sweeps: () => sweeps,
    close: async () => {
      stop.abort();
      await running;
    },
  };
};
