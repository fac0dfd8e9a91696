// `npm run infra:domain`: the two DNS records that a domain of your own needs, and whether they are there.
import { Resolver } from 'node:dns/promises';
import { armOf, type Arm } from './support/arm.ts';
import { hookMain, type Hook, type HookRun } from './support/command.ts';

interface DnsRecord {
  readonly type: 'CNAME' | 'TXT';
  readonly name: string;
  readonly value: string;
}

const CDN = '2025-06-01';

/** Front Door asks for a text record that proves the domain, and a name that leads to its endpoint. */
const recordsOf = (domain: string, endpoint: string, token: string): DnsRecord[] => [
  { type: 'TXT', name: `_dnsauth.${domain}`, value: token },
  { type: 'CNAME', name: domain, value: new URL(endpoint).host },
];

const ABSENT = new Set(['ENODATA', 'ENOTFOUND', 'NXDOMAIN']);

/** Values of a name as the DNS tells them; none when there is no such record. */
async function lookUp(resolver: Resolver, { type, name }: DnsRecord): Promise<string[]> {
  try {
    const found = type === 'TXT' ? await resolver.resolveTxt(name) : await resolver.resolveCname(name);
    return found.map((one) => (typeof one === 'string' ? one : one.join('')));
  } catch (error) {
    if (error instanceof Error && 'code' in error && ABSENT.has(String(error.code))) return [];
    throw error;
  }
}

interface CustomDomain {
  readonly properties?: {
    readonly hostName?: string;
    readonly domainValidationState?: string;
    readonly validationProperties?: { readonly validationToken?: string };
  };
}

/** The domain as Front Door knows it. */
async function domainOf(arm: Arm, name: string, { settings }: HookRun): Promise<CustomDomain['properties']> {
  const group = `/subscriptions/${settings.need('AZURE_SUBSCRIPTION_ID')}/resourceGroups/${settings.need('AZURE_RESOURCE_GROUP')}`;
  for (const { name: profile } of await arm.list(`${group}/providers/Microsoft.Cdn/profiles`, CDN)) {
    const path = `${group}/providers/Microsoft.Cdn/profiles/${String(profile)}/customDomains`;
    const domains = (await arm.list(path, CDN)) as readonly CustomDomain[];
    const found = domains.find(({ properties }) => properties?.hostName?.toLowerCase() === name.toLowerCase());
    if (found) return found.properties;
  }
  return undefined;
}

/** The hook itself, for tests. */
export const domain: Hook = {
  name: 'domain',
  help: `npm run infra:domain -- [options]
Says which DNS records the domain in FRAMEWATCH_CUSTOM_DOMAIN needs, and whether the DNS has them. Without a domain: nothing to do.

  --dns SERVER      ask this server (address, or address:port) instead of the machine's own`,
  options: { dns: { type: 'string' } },
  async run(run) {
    const { settings, report, option } = run;
    const name = settings.get('FRAMEWATCH_CUSTOM_DOMAIN');
    if (name === undefined) {
      report.note('no domain of your own: nothing to do');
      return;
    }
    const known = await domainOf(armOf(settings), name, run);
    const token = known?.validationProperties?.validationToken;
    if (known === undefined || token === undefined) {
      report.fail(name, { expected: 'a domain of the Front Door', got: 'none', advice: 'azd provision' });
      return;
    }
    report.ok(name, `validation ${known.domainValidationState ?? 'unknown'}`);
    const resolver = new Resolver({ timeout: 3000, tries: 2 });
    const server = option('dns');
    if (server !== undefined) resolver.setServers([server]);
    for (const record of recordsOf(name, settings.need('FRAMEWATCH_ENDPOINT'), token)) {
      const found = await lookUp(resolver, record);
      const what = `${record.type} ${record.name}`;
      if (found.some((one) => one.replace(/\.$/, '').toLowerCase() === record.value.toLowerCase()))
        report.ok(what, record.value);
      // A warning: the deployment is done, and records take their time.
      else
        report.warn(what, {
          expected: record.value,
          got: found.length === 0 ? 'no record' : found.join(', '),
          advice: `make it where ${name} is kept; Azure issues the certificate some minutes later. Then: npm run infra:domain`,
        });
    }
  },
};

if (import.meta.main) await hookMain(domain);
