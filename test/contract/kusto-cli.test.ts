import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as readAll } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startKusto, type KustoServer } from '../../local/kusto/http/server.ts';

const cli = (name: string): string => fileURLToPath(new URL(`../../local/kusto/cli/${name}`, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'kql-'));
let server: KustoServer;

interface Outcome {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

async function run(program: string, args: readonly string[], input = ''): Promise<Outcome> {
  const env = { ...process.env, KQL_CLUSTER: server.url, KQL_DATABASE: 'framewatch' };
  const child = spawn(process.execPath, [cli(program), ...args], { env });
  child.stdin.end(input);
  const ended = once(child, 'exit');
  const [out, err] = await Promise.all([readAll(child.stdout), readAll(child.stderr)]);
  await ended;
  return { code: child.exitCode, out, err };
}
const kql = (args: readonly string[], input?: string): Promise<Outcome> => run('kql.js', args, input);

beforeAll(async () => {
  server = await startKusto({ file: ':memory:', port: 0 });
});

afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

const TYPES = `print l = 9007199254740993, s = 'a,"b"', d = datetime(2026-01-02T03:04:05.6789012Z), t = 90m, b = true, j = dynamic({"x":[1,2]}), r = 1.5, n = long(null)`;

describe('kql', () => {
  it('csv keeps every digit of long, datetime and timespan, and quotes', async () => {
    expect(await kql([TYPES])).toEqual({
      code: 0,
      err: '',
      out: 'l,s,d,t,b,j,r,n\n9007199254740993,"a,""b""",2026-01-02T03:04:05.6789012Z,01:30:00,true,"{""x"":[1,2]}",1.5,\n',
    });
  });

  it('json is an array of objects with exact numbers', async () => {
    const { out } = await kql(['--format', 'json', TYPES]);
    expect(out).toContain('"l":9007199254740993,');
    expect(JSON.parse(out)).toMatchObject([{ s: 'a,"b"', b: true, j: { x: [1, 2] }, n: null }]);
    expect((await kql(['--format', 'json', 'print x = 1 | where x > 1'])).out).toBe('[]\n');
  });

  it('table aligns columns, numbers to the right, one line a row', async () => {
    const { out } = await kql(['--format', 'table', `datatable(name:string, n:long)['a', 5, 'long\\nname', 1234]`]);
    expect(out).toBe('name          n\n─────────  ────\na             5\nlong⏎name  1234\n');
  });

  it('reads a file, standard input and parameters; a command goes to management', async () => {
    const file = join(folder, 'q.kql');
    writeFileSync(file, 'declare query_parameters(n:long, s:string);\nprint a = n + 1, b = s');
    expect((await kql(['-f', file, '-p', 'n=41', '--parameter', 's=x=y'])).out).toBe('a,b\n42,x=y\n');
    expect((await kql(['-f', '-'], 'print a = 1')).out).toBe('a\n1\n');
    expect((await kql([], '// a comment\n.create table Cli (A:string)')).code).toBe(0);
    expect((await kql(['.show tables | project TableName'])).out).toBe('TableName\nCli\n');
  });

  it('a mistake is shown with its line and a caret under the column, and the exit code tells', async () => {
    const { code, out, err } = await kql(['range x from 1 to 2 step 1\n| where Nope == 1']);
    expect([code, out]).toEqual([1, '']);
    expect(err).toMatch(/Nope.*\n\n2 \| \| where Nope == 1\n {12}\^\n$/s);
    const command = await kql(['.create tabel T (A:string)']);
    expect(command.code).toBe(1);
    expect(command.err).toContain('.create tabel');
    expect((await kql(['--format', 'xml', 'print 1'])).code).toBe(2);
    expect((await kql(['print 1', '-p', 'x'])).code).toBe(2);
    expect((await kql(['-f', join(folder, 'missing.kql')])).code).toBe(2);
    expect(await kql([], '  ')).toMatchObject({ code: 2, err: expect.stringContaining('empty') as string });
  });

  it('an endpoint that is not there has its own exit code', async () => {
    const closed = createServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const { port } = closed.address() as AddressInfo;
    closed.close();
    const { code, err } = await kql(['-c', `http://127.0.0.1:${port}`, 'print 1']);
    expect([code, err]).toEqual([3, expect.stringContaining('cannot be reached')]);
  });
});

describe('framewatch-kusto', () => {
  it('starts the engine on a free port, says where, and stops on SIGTERM', async () => {
    const child = spawn(process.execPath, [cli('framewatch-kusto.js'), '--port', '0'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const url = /http:\/\/\S+/.exec(line.toString())?.[0] ?? '';
    expect((await kql(['-c', url, 'print a = 1'])).out).toBe('a\n1\n');
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
    expect(child.exitCode).toBe(0);
  });

  it('a mistake in its arguments is told with --help', async () => {
    const { code, err } = await run('framewatch-kusto.js', ['--prot', '1']);
    expect(code).toBe(2);
    expect(err).toContain('--help');
  });
});
