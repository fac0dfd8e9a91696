// Salts that several instances share through blob storage, with Azurite for storage.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestsOf } from '../../functions/adapters/digests.ts';
import { saltStore, storedSalts } from '../../functions/adapters/salt-store.ts';
import { storageAccount, type StorageAccount } from '../../functions/adapters/storage-account.ts';
import { devConnectionString, startAzurite, type Azurite } from '../../local/azurite/azurite.ts';

const PATIENT = { timeout: 20_000, interval: 100 };
const accountOf = (connection: string): StorageAccount =>
  storageAccount({ connection, isConnectionString: true, managedIdentityClientId: undefined });
let azurite: Azurite;
let storage: StorageAccount;

beforeAll(async () => {
  azurite = await startAzurite({ blobPort: 0, queuePort: 0 });
  storage = accountOf(azurite.connectionString());
});
afterAll(async () => azurite?.close());

describe('salts', () => {
  const DAY = 86_400_000;
  const noon = Date.UTC(2031, 2, 10, 12);
  const secret = 'a secret of this test run';
  const instance = (clock: { ms: number }, keepDays = 3) => {
    const salts = saltStore(storage, { now: () => clock.ms }, keepDays);
    const missing: string[] = [];
    const digests = digestsOf(secret, { salts, counters: { add: (name) => missing.push(name) } });
    return { salts, missing, of: (atMs: number) => digests.pseudonym('default', 'alice', atMs) };
  };

  it('instances that race for a day agree on its salt, and midnight changes every pseudonym', async () => {
    const clock = { ms: noon };
    const instances = Array.from({ length: 6 }, () => instance(clock));
    await Promise.all(instances.map(({ salts }) => salts.prepare(noon)));
    const today = new Set(instances.map(({ of }) => of(noon)));
    expect(today.size, 'one viewer is one viewer, whichever instance answers').toBe(1);
    expect([...today]).not.toContain(digestsOf(secret).pseudonym('default', 'alice', noon));
    const late = { ms: noon + 11 * 3_600_000 };
    const evening = instance(late);
    await evening.salts.prepare(late.ms);
    await expect.poll(() => evening.of(noon + DAY), PATIENT).toMatch(/^[\da-f]{32}$/);
    expect(today).not.toContain(evening.of(noon + DAY));
    expect(evening.of(late.ms)).toBe([...today][0]);
    expect(evening.missing.length, 'tomorrow is at hand before midnight').toBeLessThan(200);
  });

  it('a salt past its time is destroyed, and no instance makes it again', async () => {
    const clock = { ms: noon };
    await instance(clock).salts.prepare(noon);
    clock.ms = noon + 4 * DAY;
    const later = instance(clock);
    expect((await later.salts.rotate()).destroyed).toBeGreaterThan(0);
    await later.salts.prepare(noon);
    expect(later.of(noon)).toBeUndefined();
    const days = [...(await storedSalts(storage)).keys()].filter((day) => day * DAY > noon - DAY);
    expect(days.map((day) => new Date(day * DAY).toISOString().slice(0, 10)).sort()).toEqual([
      '2031-03-11',
      '2031-03-14',
      '2031-03-15',
    ]);
  });

  it('with storage away batches go on without pseudonyms, counted, and nobody waits twice', async () => {
    const away = accountOf(devConnectionString(1));
    const clock = { ms: noon };
    const salts = saltStore(away, { now: () => clock.ms }, 3);
    const missing: string[] = [];
    const digests = digestsOf(secret, { salts, counters: { add: (name) => missing.push(name) } });
    await digests.prepare?.(noon);
    expect(digests.pseudonym('default', 'alice', noon)).toBeUndefined();
    expect(missing).toEqual(['pseudonyms_missing_total']);
    const second = await Promise.race([
      digests.prepare?.(noon).then(() => 'at once'),
      new Promise((resolve) => setTimeout(resolve, 1000, 'waited')),
    ]);
    expect(second).toBe('at once');
  });
});
