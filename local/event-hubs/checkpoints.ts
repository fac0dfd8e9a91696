import { mkdirSync, readFileSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { join } from 'node:path';

// How far each partition has been read. The real host keeps this in blobs of AzureWebJobsStorage; a file of this machine survives
// a kill that Azurite does not.

export interface HubCheckpoints {
  /** Sequence number of the last event that is done; undefined: none yet. */
  read(key: string): number | undefined;
  /** Resolves when it is on the disk. */
  save(key: string, sequenceNumber: number): Promise<void>;
}

function load(path: string): Record<string, number> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return {};
  }
  const known: unknown = JSON.parse(text);
  if (typeof known !== 'object' || known === null) throw new Error(`${path} holds no checkpoints; move it away`);
  const checkpoints: Record<string, number> = {};
  for (const [key, value] of Object.entries(known)) if (Number.isSafeInteger(value)) checkpoints[key] = Number(value);
  return checkpoints;
}

async function replace(path: string, text: string): Promise<void> {
  const file = await open(`${path}.new`, 'w');
  try {
    await file.writeFile(text);
    await file.datasync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
}

/** @throws when the file is damaged: beginning anew in silence would deliver everything again */
export function hubCheckpoints(dir: string): HubCheckpoints {
  mkdirSync(dir, { recursive: true });
  const path = join(dir, 'hub-checkpoints.json');
  const known = load(path);
  let writing: Promise<void> = Promise.resolve();
  return {
    read: (key) => known[key],
    save(key, sequenceNumber) {
      known[key] = sequenceNumber;
      writing = writing.catch(() => undefined).then(() => replace(path, `${JSON.stringify(known, undefined, 1)}\n`));
      return writing;
    },
  };
}
