// The blob door with storage in memory: the same inflating, splitting, dialects, chunks and checkpoints as in the app.
import { Readable } from 'node:stream';
import { inflated } from '../../functions/adapters/blob-reader.ts';
import { runBlob, type BlobRunOptions, type BlobRunResult } from '../../functions/pipeline/blob-run.ts';
import type { BlobReader, Checkpoint, Checkpoints } from '../../functions/pipeline/ports.ts';
import { core } from './door.ts';
import { memoryKusto, type Gate, type MemoryKusto } from './memory-kusto.ts';

export interface BlobDoor {
  readonly kusto: MemoryKusto;
  /** Reads a blob of these bytes to its end. */
  readonly run: (
    name: string,
    body: Uint8Array,
  ) => Promise<{ result: BlobRunResult; checkpoint: Checkpoint | undefined }>;
}

export function blobDoor(gate?: Gate, onSave: (checkpoint: Checkpoint) => void = () => undefined): BlobDoor {
  const kusto = memoryKusto(gate);
  const bodies = new Map<string, Uint8Array>();
  const saved = new Map<string, Checkpoint>();
  const reader: BlobReader = {
    stat: ({ name }) =>
      Promise.resolve({ etag: `"${name}"`, size: bodies.get(name)?.length ?? 0, modifiedMs: Date.now() }),
    open: ({ name }) => inflated(Readable.from([bodies.get(name) ?? new Uint8Array(0)])),
    quarantine: () => Promise.resolve(),
  };
  const checkpoints: Checkpoints = {
    claim: ({ name }) =>
      Promise.resolve({
        checkpoint: saved.get(name),
        save: (checkpoint: Checkpoint) => {
          onSave(checkpoint);
          return Promise.resolve(void saved.set(name, checkpoint));
        },
        release: () => Promise.resolve(),
      }),
    postpone: () => Promise.resolve(),
    postponed: () => Promise.resolve([]),
    forget: () => Promise.resolve(),
    unfinished: () => Promise.resolve([]),
  };
  const options: BlobRunOptions = { ...core(kusto), reader, checkpoints, tenants: { telemetry: 't1' } };
  return {
    kusto,
    async run(name, body) {
      bodies.set(name, body);
      const result = await runBlob({ container: 'telemetry', name }, 60_000, options);
      const checkpoint = saved.get(name);
      bodies.delete(name);
      saved.delete(name);
      return { result, checkpoint };
    },
  };
}
