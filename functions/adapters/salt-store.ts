import { randomBytes } from 'node:crypto';
import type { ContainerClient } from '@azure/storage-blob';
import type { Clock } from '../pipeline/ports.ts';
import type { Salts } from './digests.ts';
import { kept } from './kept.ts';
import { statusOf, type StorageAccount } from './storage-account.ts';

// A random salt for each UTC day, made by whichever instance needs it first, shared by all, destroyed when the rows of that
// day are gone. See docs/adr/0008-salts-that-are-destroyed.md.

const CONTAINER = 'salts';
const DAY_MS = 86_400_000;
const SALT_BYTES = 32;
/** Longest wait of a batch for its salt; without it the batch goes on, its viewers without pseudonyms. */
const WAIT_MS = 2000;
/** After a failure nobody waits for so long. */
const PAUSE_MS = 5000;
/** Tomorrow's salt is fetched so early that storage may be away around midnight. */
const AHEAD_MS = 6 * 3_600_000;
const NAME = /^\d{4}-\d\d-\d\d$/;

const dayOf = (atMs: number): number => Math.floor(atMs / DAY_MS);
const nameOf = (day: number): string => new Date(day * DAY_MS).toISOString().slice(0, 10);

export interface SaltStore extends Salts {
  /** Resolves when salts could be read now. */
  ping(): Promise<void>;
  /** Makes the salts of today and tomorrow, destroys those past their time. Their numbers. */
  rotate(): Promise<{ readonly kept: number; readonly destroyed: number }>;
}

/** The day's salt: ours when nobody was earlier, theirs otherwise. */
async function fetched(container: ContainerClient, day: number): Promise<Buffer> {
  const blob = container.getBlockBlobClient(nameOf(day));
  const abortSignal = AbortSignal.timeout(WAIT_MS);
  const salt = randomBytes(SALT_BYTES);
  try {
    await blob.upload(salt, SALT_BYTES, { conditions: { ifNoneMatch: '*' }, abortSignal });
    return salt;
  } catch (error) {
    const status = statusOf(error);
    if (status !== 409 && status !== 412) throw error;
  }
  const stored = await blob.downloadToBuffer(0, undefined, { abortSignal });
  if (stored.length !== SALT_BYTES) throw new Error(`the salt of ${nameOf(day)} has ${stored.length} bytes`);
  return stored;
}

/** Waits for work that goes on by itself, but not for ever. */
async function atMost(ms: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const enough = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work, enough]);
  clearTimeout(timer);
}

async function containerOf(account: StorageAccount): Promise<ContainerClient> {
  const container = (await account.client()).getContainerClient(CONTAINER);
  await container.createIfNotExists({ abortSignal: AbortSignal.timeout(WAIT_MS) });
  return container;
}

/** Every salt that is kept, by its day since the epoch. */
export async function storedSalts(account: StorageAccount): Promise<Map<number, Buffer>> {
  const container = (await account.client()).getContainerClient(CONTAINER);
  const salts = new Map<number, Buffer>();
  if (!(await container.exists())) return salts;
  for await (const { name } of container.listBlobsFlat())
    if (NAME.test(name)) salts.set(dayOf(Date.parse(name)), await container.getBlobClient(name).downloadToBuffer());
  return salts;
}

/** Salts of one storage account, kept for `keepDays` days after their own. */
export function saltStore(account: StorageAccount, clock: Clock, keepDays: number): SaltStore {
  const salts = new Map<number, Buffer>();
  const loading = new Map<number, Promise<void>>();
  let pauseUntilMs = -Infinity;
  const { get: container } = kept(() => containerOf(account));
  const isKept = (day: number): boolean => day >= dayOf(clock.now()) - keepDays;
  const load = async (day: number): Promise<void> => {
    try {
      salts.set(day, await fetched(await container(), day));
    } catch {
      pauseUntilMs = clock.now() + PAUSE_MS;
    } finally {
      loading.delete(day);
    }
  };
  const loaded = (day: number): Promise<void> => {
    const running = loading.get(day) ?? load(day);
    if (!salts.has(day)) loading.set(day, running);
    return running;
  };
  const isAway = (): boolean => clock.now() < pauseUntilMs;
  return {
    of: (day) => salts.get(day),
    async prepare(atMs) {
      const today = dayOf(clock.now());
      const tomorrow = today + 1;
      if (tomorrow * DAY_MS - clock.now() < AHEAD_MS && !salts.has(tomorrow) && !isAway()) void loaded(tomorrow);
      const day = dayOf(atMs);
      // What is older has lost its salt for good: making another would only look like a pseudonym.
      if (salts.has(day) || !isKept(day) || isAway()) return;
      await atMost(WAIT_MS, loaded(day));
    },
    ping: async () => void (await (await container()).getProperties()),
    async rotate() {
      const client = await container();
      const today = dayOf(clock.now());
      for (const day of [today, today + 1]) salts.set(day, await fetched(client, day));
      let kept = 0;
      let destroyed = 0;
      for await (const { name } of client.listBlobsFlat()) {
        const day = NAME.test(name) ? dayOf(Date.parse(name)) : Number.NaN;
        if (day >= today - keepDays) kept++;
        else if (day < today - keepDays) {
          await client.getBlobClient(name).deleteIfExists();
          salts.delete(day);
          destroyed++;
        }
      }
      return { kept, destroyed };
    },
  };
}
