import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { BlobServiceClient } from '@azure/storage-blob';
import { QueueServiceClient } from '@azure/storage-queue';
import { expect, test } from 'vitest';
import { startAzurite } from './azurite.ts';

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

test(
  'blobs and queues written before close are there after a restart on the same folder',
  { timeout: 60_000 },
  async () => {
    const dir = await mkdtemp(join(tmpdir(), 'azurite-'));
    const first = await startAzurite({ dir });
    const container = BlobServiceClient.fromConnectionString(first.connectionString()).getContainerClient('kept');
    await container.create();
    await container.getBlockBlobClient('a b/å.txt').upload('hello', 5);
    await QueueServiceClient.fromConnectionString(first.connectionString()).createQueue('jobs');
    // Straight after the acknowledgement: Azurite's own autosave runs only every five seconds.
    await first.close();
    expect(await first.exited).toBe(0);

    const second = await startAzurite({ dir });
    const again = BlobServiceClient.fromConnectionString(second.connectionString()).getContainerClient('kept');
    expect((await again.getBlockBlobClient('a b/å.txt').downloadToBuffer()).toString()).toBe('hello');
    await second.close();
    await rm(dir, { recursive: true });
  },
);

test('a taken port is named in the error and leaves no process behind', { timeout: 60_000 }, async () => {
  const squatter = createServer();
  await new Promise<void>((resolve) => squatter.listen(0, '127.0.0.1', resolve));
  const address = squatter.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  await expect(startAzurite({ inMemory: true, blobPort: port })).rejects.toThrow(`port ${port} on 127.0.0.1 is taken`);
  squatter.close();
});

test('Azurite ends when the process that started it is killed', { timeout: 60_000 }, async () => {
  const script = `
    import { startAzurite } from ${JSON.stringify(new URL('azurite.ts', import.meta.url).href)};
    const azurite = await startAzurite({ inMemory: true });
    console.log(azurite.pid);
    setInterval(() => {}, 1000);`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const pid = await new Promise<number>((resolve) => parent.stdout.once('data', (text) => resolve(Number(text))));
  expect(isAlive(pid)).toBe(true);
  parent.kill('SIGKILL');
  for (let tries = 0; tries < 400 && isAlive(pid); tries++) await wait(100);
  expect(isAlive(pid)).toBe(false);
});
