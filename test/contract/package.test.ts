// The deployment package, alone: in a folder outside the repository, with no node_modules above it, in a process that has
// nothing in its environment but the settings that infra/ gives the function app in Azure.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { globSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { zipOf } from '../../infra/hooks/code.ts';
import { kql } from '../../infra/hooks/kql.ts';
import { smoke } from '../../infra/hooks/smoke.ts';
import { run } from '../../infra/hooks/test/environment.ts';
import { startKusto, type KustoServer } from '../../local/kusto/http/server.ts';
import { deployKql } from '../../scripts/kql-deploy.ts';
import { openCluster } from '../../scripts/kql/cluster.ts';
import { packageApp } from '../../scripts/package-app.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const HOST = join(ROOT, 'local', 'functions-host', 'main.ts');
/** Flex Consumption downloads and unpacks the package at every cold start. */
const MAX_ZIP_BYTES = 2 * 1024 * 1024;

let folder: string;
let externals: readonly string[];
let kusto: KustoServer;
let host: ChildProcess;
let url: string;
let output = '';

/** Values for one machine of the settings that function-app.bicep sets; a setting without a value here fails the test. */
const VALUES: Readonly<Record<string, () => string>> = {
  FRAMEWATCH_KUSTO_URL: () => kusto.url,
  FRAMEWATCH_KUSTO_DATABASE: () => 'framewatch',
  FRAMEWATCH_KEYS: () => '{"server":{"tenant":"default","trusted":true}}',
  FRAMEWATCH_PSEUDONYM_SECRET: () => 'a secret of this test run',
  FRAMEWATCH_TOKEN_SECRETS: () => '{"first":"a secret of tokens, of this test run"}',
  FRAMEWATCH_IDENTITY_CLIENT_ID: () => '00000000-0000-4000-8000-000000000003',
  FRAMEWATCH_HUB__fullyQualifiedNamespace: () => 'evhns.servicebus.windows.net',
  FRAMEWATCH_HUB__clientId: () => '00000000-0000-4000-8000-000000000003',
  FRAMEWATCH_BLOB_CONNECTION: () => 'https://stland.blob.core.windows.net/',
  FRAMEWATCH_DROP_CONTAINERS: () => 'telemetry=default',
  FRAMEWATCH_EVENT_TOPIC: () => '/subscriptions/0/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/stland',
};

/** Literal values as the Bicep has them, the rest from {@link VALUES}. */
function azureSettings(): Record<string, string> {
  const text = readFileSync(join(ROOT, 'infra', 'modules', 'function-app.bicep'), 'utf8');
  const settings = [...text.matchAll(/^\s+(FRAMEWATCH_\w+): (.+)$/gm)];
  expect(settings.length).toBeGreaterThan(10);
  const choices: Readonly<Record<string, string>> = {
    'string(functions.lingerMs)': '4',
    'string(functions.kustoMaxCalls)': '2',
    "empty(subnetId) ? 'false' : 'true'": 'true',
    'functions.sink': 'kusto',
  };
  return Object.fromEntries(
    settings.map(([, name = '', expression = '']) => {
      const literal =
        /^'([^'$]*)'$/.exec(expression)?.[1] ??
        choices[expression] ??
        (expression.startsWith('hasFrontDoor') ? '' : undefined);
      const value = VALUES[name]?.() ?? literal;
      if (value === undefined) throw new Error(`${name}: ${expression} has no value in this test`);
      return [name, value];
    }),
  );
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'framewatch-package-'));
  ({ externals } = await packageApp(folder));
  kusto = await startKusto({ file: ':memory:', port: 0 });
  await deployKql({ cluster: kusto.url, database: 'framewatch', log: () => undefined, skipValidation: true });
  // Nothing of this process's environment; timers and hub are off, there is no storage account and no namespace behind this app.
  const off = ['detect', 'reconcileBlobs', 'drainSpill', 'rotateSalts', 'telemetryHub'].map((name) => [
    `AzureWebJobs.${name}.Disabled`,
    'true',
  ]);
  host = spawn(process.execPath, [HOST, '--app', folder, '--port', '0'], {
    cwd: folder,
    env: { ...azureSettings(), ...(Object.fromEntries(off) as Record<string, string>) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  host.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  host.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  url = await new Promise<string>((resolve, reject) => {
    const look = setInterval(() => {
      const found = /http:\/\/[\w.]+:\d+/.exec(output)?.[0];
      if (found === undefined) return;
      clearInterval(look);
      resolve(found);
    }, 50);
    host.once('exit', (code) => reject(new Error(`the host ended with ${String(code)}:\n${output}`)));
  });
});

afterAll(async () => {
  if (host.exitCode === null && host.signalCode === null) {
    host.kill('SIGTERM');
    await once(host, 'exit');
  }
  await kusto.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('the deployment package, alone', () => {
  it('holds host.json, package.json and code, no dependency, nothing native, no source', () => {
    const files = globSync('**/*', { cwd: folder }).filter((file) => statSync(join(folder, file)).isFile());
    expect(files).toContain('host.json');
    expect(
      files.filter((file) => !/^(host\.json|package\.json|dist\/functions\/([\w.-]+\.js|package\.json))$/.test(file)),
    ).toEqual([]);
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<string, unknown>;
    for (const name of ['dependencies', 'devDependencies', 'optionalDependencies', 'scripts', 'workspaces'])
      expect(manifest).not.toHaveProperty(name);
    expect(files).toContain(manifest['main']);
  });

  it('asks the platform for Node’s own modules and the Functions runtime, and for nothing else', () => {
    const builtin = new Set(builtinModules.flatMap((name) => [name, `node:${name}`]));
    expect(externals.length).toBeGreaterThan(5);
    expect(externals.filter((name) => !builtin.has(name))).toEqual(['@azure/functions-core']);
  });

  it('every part of it loads, those too that are loaded at first use', () => {
    const chunks = globSync('dist/functions/*.js', { cwd: folder }).filter((file) => !file.endsWith('/index.js'));
    const script = `for (const file of ${JSON.stringify(chunks)}) await import(${JSON.stringify(`file://${folder}/`)} + file);`;
    const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      cwd: folder,
      env: {},
      encoding: 'utf8',
    });
    expect(stderr).not.toMatch(/ERR_MODULE_NOT_FOUND|Cannot find/);
    expect(status).toBe(0);
  });

  it('is small: a cold start downloads it', () => {
    expect(zipOf(folder).length).toBeLessThan(MAX_ZIP_BYTES);
  });

  it('answers livez and readyz', async () => {
    expect((await fetch(`${url}/api/livez`)).status).toBe(200);
    // The first look loads the Kusto client, which takes its time on a busy machine.
    const readyz = async (): Promise<number> => (await fetch(`${url}/api/readyz`)).status;
    await expect.poll(readyz, { timeout: 60_000, interval: 500 }).toBe(200);
  });

  it('registers the functions of functions.manifest.json, all of them and no other', async () => {
    const listed = (await (await fetch(`${url}/admin/functions`)).json()) as { name: string }[];
    const manifest = JSON.parse(readFileSync(join(ROOT, 'functions.manifest.json'), 'utf8')) as { name: string }[];
    const names = (list: readonly { name: string }[]): string[] =>
      list.map(({ name }) => name).toSorted((a, b) => a.localeCompare(b));
    expect(names(listed)).toEqual(names(manifest));
  });

  it('takes an event and stores it as a row', async () => {
    const sent = Date.now();
    const answer = await fetch(`${url}/api/v1/events`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain', 'x-framewatch-key': 'server' },
      body: JSON.stringify({
        v: 1,
        h: { sid: '6f0f6d0e-6c0a-4c0e-9d55-0d2f5a1f4b11', t0: sent, sent },
        e: [{ k: 'custom', n: 0, t: 0, name: 'package' }],
      }),
    });
    expect([answer.status, await answer.json()]).toEqual([202, expect.objectContaining({ accepted: 1 })]);
  });
});

describe('the hooks that azd runs after a deployment, against it', () => {
  const smokeArgs = (key: string): string[] => ['--endpoint', url, '--kusto', kusto.url, '--key', key, '--wait', '20'];

  it('infra:smoke posts an event and reads it back', async () => {
    const { code, output: said } = await run(smoke, smokeArgs('server'), {});
    expect(said).toMatch(/ok +door: .* 202[\s\S]*ok +row: in http/);
    expect(code).toBe(0);
  });

  it('infra:smoke fails when the door lets nobody in', async () => {
    const { code, output: said } = await run(smoke, [...smokeArgs('stranger'), '--wait', '1'], {});
    expect(said).toMatch(/FAIL infra:smoke: the door never answered 202; last: 403/);
    expect(code).toBe(1);
  });

  it('infra:smoke fails when the row does not appear', async () => {
    const other = openCluster(kusto.url, 'other');
    await other.command('.create database other', '');
    await other.command('.create-merge table PlaybackEvents (SessionId: string)');
    other.close();
    const args = ['--endpoint', url, '--kusto', kusto.url, '--database', 'other', '--key', 'server', '--wait', '1'];
    const { code, output: said } = await run(smoke, args, {});
    expect(said).toMatch(/FAIL row: got nothing after 1 s[\s\S]*readyz/);
    expect(code).toBe(1);
  });

  it('infra:smoke from outside a closed network asks readyz, and infra:kql does not stop azd', async () => {
    const closed = { FRAMEWATCH_NETWORK_ISOLATION: 'true' };
    const looked = await run(smoke, ['--endpoint', url, '--kusto', 'http://127.0.0.1:9'], closed);
    expect(looked).toMatchObject({ code: 0, output: expect.stringMatching(/ok +readyz/) as string });
    const stamp = { resourceGroup: 'rg', kustoUri: 'http://127.0.0.1:9', databaseName: 'framewatch' };
    const stamps = { FRAMEWATCH_STAMPS: JSON.stringify([stamp]) };
    const warned = await run(kql, [], { ...closed, ...stamps });
    expect(warned).toMatchObject({ code: 0, output: expect.stringMatching(/warn .*no(ne|t).*network/s) as string });
    expect(await run(kql, [], stamps)).toMatchObject({ code: 1 });
  });

  it('infra:kql puts back what differs, and then finds nothing to do', async () => {
    const cluster = openCluster(kusto.url, 'framewatch');
    await cluster.command(
      '.alter-merge table RejectedEvents policy retention softdelete = 3d recoverability = enabled',
    );
    cluster.close();
    const dry = await run(kql, ['--cluster', kusto.url, '--dry-run'], {});
    expect(dry).toMatchObject({
      code: 0,
      output: expect.stringMatching(/would change policy RejectedEvents/) as string,
    });
    const first = await run(kql, ['--cluster', kusto.url], {});
    expect(first).toMatchObject({
      code: 0,
      output: expect.stringMatching(/1 commands applied, nothing differs/) as string,
    });
    const second = await run(kql, ['--cluster', kusto.url], {});
    expect(second).toMatchObject({ code: 0, output: expect.stringMatching(/all in place/) as string });
  });
});
