import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readOptions, UsageError } from './options.ts';
import { checkPorts, lockData } from './preflight.ts';

it('uses the well-known ports by default and shifts all of them by --port-base', () => {
  expect(readOptions([])?.ports).toMatchObject({ functions: 7071, kusto: 8080, blob: 10000, viewer: 3000 });
  const ports = Object.values(readOptions(['--port-base', '17000'])?.ports ?? {});
  expect(new Set(ports).size).toBe(ports.length);
  expect(Math.min(...ports)).toBe(17000);
});

it.each([
  [['--port-base', 'x']],
  [['--port-base', '80']],
  [['--backfill', 'soon']],
  [['--seed', '-1']],
  [['--nonsense']],
  [['extra']],
])('refuses %j saying what was expected', (argv) => {
  expect(() => readOptions(argv)).toThrow(UsageError);
});

it('names a taken port and the way out', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const ports = { functions: port, kusto: 0, blob: 0, queue: 0, viewer: 0, hubs: 0, azuriteBlob: 0 };
  await expect(checkPorts(ports)).rejects.toThrow(new RegExp(`${port}.*--port-base`, 's'));
  await new Promise((resolve) => server.close(resolve));
  await expect(checkPorts(ports)).resolves.toBeUndefined();
});

it('lets one stack at a time own the data, and forgives a lock left by a killed one', () => {
  const dir = mkdtempSync(join(tmpdir(), 'framewatch-lock-'));
  const release = lockData(dir, false);
  expect(() => lockData(dir, false)).toThrow(/in use by the stack with process id/);
  release();
  writeFileSync(join(dir, 'running.pid'), '999999999');
  expect(() => lockData(dir, false)()).not.toThrow();
  rmSync(dir, { recursive: true });
});
