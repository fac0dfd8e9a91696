import { createSocket, type Socket } from 'node:dgram';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { domain } from '../domain.ts';
import { startArmServer, type ArmServer } from './arm-server.ts';
import { environment, run, SUBSCRIPTION } from './environment.ts';

const NAME = 'qoe.example.com';
const PROFILES = `${SUBSCRIPTION}/resourceGroups/rg-test/providers/Microsoft.Cdn/profiles`.toLowerCase();
const [TXT, CNAME] = [16, 5];

const labels = (name: string): Buffer =>
  Buffer.concat([...name.split('.').map((part) => Buffer.from([part.length, ...Buffer.from(part)])), Buffer.from([0])]);

/** A DNS server that knows these records (`TXT name` → value) and nothing else. RFC 1035 §4.1. */
async function startDns(records: ReadonlyMap<string, string>): Promise<{ address: string; socket: Socket }> {
  const socket = createSocket('udp4');
  socket.on('message', (query, from) => {
    const parts: string[] = [];
    let at = 12;
    for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
      parts.push(query.toString('latin1', at + 1, at + 1 + length));
      at += length + 1;
    }
    const type = query.readUInt16BE(at + 1);
    const value = records.get(`${type === TXT ? 'TXT' : type === CNAME ? 'CNAME' : 'other'} ${parts.join('.')}`);
    const data =
      value === undefined
        ? undefined
        : type === TXT
          ? Buffer.from([value.length, ...Buffer.from(value)])
          : labels(value);
    const head = Buffer.from(query.subarray(0, 12));
    // A response, recursion available; 3: no such name.
    head.writeUInt16BE(data ? 0x8180 : 0x8183, 2);
    head.writeUInt16BE(data ? 1 : 0, 6);
    head.writeUInt16BE(0, 10);
    const question = query.subarray(12, at + 5);
    const answer = data ? [Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 60, 0, data.length]), data] : [];
    socket.send(Buffer.concat([head, question, ...answer]), from.port, from.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return { address: `127.0.0.1:${socket.address().port}`, socket };
}

let server: ArmServer;
beforeEach(async () => {
  server = await startArmServer();
  server.lists.set(PROFILES, [{ name: 'afd-1' }]);
  server.lists.set(`${PROFILES}/afd-1/customdomains`, [
    {
      properties: {
        hostName: NAME,
        domainValidationState: 'Pending',
        validationProperties: { validationToken: 'proof' },
      },
    },
  ]);
});
afterEach(() => server.close());

const values = (more: Record<string, string> = { FRAMEWATCH_CUSTOM_DOMAIN: NAME }): Record<string, string> =>
  environment({
    AZURE_RESOURCE_MANAGER_URL: server.url,
    AZURE_RESOURCE_GROUP: 'rg-test',
    FRAMEWATCH_ENDPOINT: 'https://fde-1.azurefd.net',
    ...more,
  });

describe('infra:domain', () => {
  it.each([
    ['both records are there', { TXT: 'proof', CNAME: 'fde-1.azurefd.net' }, /ok +TXT[\s\S]+ok +CNAME/],
    [
      'the proof is another',
      { TXT: 'old', CNAME: 'fde-1.azurefd.net' },
      /warn TXT _dnsauth\.qoe\.example\.com: got old, expected proof/,
    ],
    [
      'there is nothing yet',
      {},
      /warn TXT[\s\S]+no record[\s\S]+warn CNAME qoe\.example\.com: got no record, expected fde-1\.azurefd\.net/,
    ],
  ])('%s', async (_, records, expected) => {
    const held = new Map(
      Object.entries(records).map(([type, value]) => [`${type} ${type === 'TXT' ? '_dnsauth.' : ''}${NAME}`, value]),
    );
    const dns = await startDns(held);
    try {
      const { code, output } = await run(domain, ['--dns', dns.address], values());
      expect(output).toMatch(expected);
      expect(code).toBe(0);
    } finally {
      dns.socket.close();
    }
  });

  it('without a domain there is nothing to do; one that Front Door does not know is a failure', async () => {
    expect(await run(domain, [], values({}))).toMatchObject({
      code: 0,
      output: expect.stringContaining('nothing to do') as string,
    });
    const other = await run(domain, [], values({ FRAMEWATCH_CUSTOM_DOMAIN: 'other.example.com' }));
    expect(other).toMatchObject({ code: 1, output: expect.stringContaining('azd provision') as string });
  });
});
