// The write keys in the key vault: the JSON object of FRAMEWATCH_KEYS as secret `framewatch-keys`.
import type { Http } from './http.ts';

export interface WriteKeyEntry {
  readonly tenant: string;
  readonly origins?: readonly string[];
  readonly trusted?: boolean;
  readonly eventsPerSecond?: number;
}

export type WriteKeys = Readonly<Record<string, WriteKeyEntry>>;

const urlOf = (vaultUri: string): string => `${vaultUri.replace(/\/$/, '')}/secrets/framewatch-keys?api-version=7.4`;

export async function readWriteKeys(http: Http, vaultUri: string): Promise<WriteKeys> {
  const { body } = await http(urlOf(vaultUri));
  const value = (body as { value?: unknown } | undefined)?.value;
  if (typeof value !== 'string') throw new Error('the key vault answered without a value for framewatch-keys');
  return JSON.parse(value) as WriteKeys;
}

export async function storeWriteKeys(http: Http, vaultUri: string, keys: WriteKeys): Promise<void> {
  await http(urlOf(vaultUri), {
    method: 'PUT',
    json: { value: JSON.stringify(keys), contentType: 'application/json' },
  });
}

/** A key for senders without an origin. */
export async function serverKeyOf(http: Http, vaultUri: string): Promise<string> {
  const keys = await readWriteKeys(http, vaultUri);
  const found = Object.entries(keys).find(([, { trusted }]) => trusted === true)?.[0];
  if (found === undefined)
    throw new Error(
      'framewatch-keys holds no trusted key. Make one: npm run infra:keys -- --add --trusted --tenant default',
    );
  return found;
}
