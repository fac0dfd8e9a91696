import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readConfig } from './config.ts';

const good = {
  FRAMEWATCH_KUSTO_URL: 'http://127.0.0.1:8080/',
  FRAMEWATCH_KEYS: '{"demo":{"tenant":"t","origins":["https://www.example.com"]}}',
  FRAMEWATCH_PSEUDONYM_SECRET: 'sixteen characters',
};
const messageOf = (env: Record<string, string | undefined>): string => {
  try {
    readConfig(env);
    return '';
  } catch (error) {
    return error instanceof Error ? error.message : '';
  }
};

describe('readConfig', () => {
  it('needs three settings and fills in the rest', () => {
    const config = readConfig(good);
    expect(config.kusto).toMatchObject({ url: 'http://127.0.0.1:8080', database: 'framewatch' });
    expect(config.keys).toEqual([
      {
        key: 'demo',
        tenant: 't',
        origins: ['https://www.example.com'],
        isTrusted: false,
        eventsPerSecond: 20_000,
        needsToken: false,
      },
    ]);
    expect(config.blob).toBeUndefined();
    expect(Object.isFrozen(config)).toBe(true);
  });

  it('tells every problem at once, where to set it, and no secret', () => {
    const message = messageOf({
      FRAMEWATCH_KUSTO_URL: 'localhost:8080',
      FRAMEWATCH_KEYS: '{"demo-key-1":{"tenant":"t"},"x":5}',
      FRAMEWATCH_PSEUDONYM_SECRET: 'canary',
      FRAMEWATCH_LINGER_MS: 'soon',
      FRAMEWATCH_LONGEST_LINGER_MS: '1h',
      FRAMEWATCH_KUSTO_GZIP: 'yes',
      FRAMEWATCH_BLOB_CONNECTION: 'AccountName=a;AccountKey=canary',
      FRAMEWATCH_DROP_CONTAINERS: 'NO=t',
      FRAMEWATCH_EDGE_HEADERS: 'planet=x',
    });
    for (const name of [
      'KUSTO_URL',
      'KEYS["demo…"].origins',
      'KEYS["x…"]',
      'PSEUDONYM_SECRET',
      'LINGER_MS',
      'LONGEST_LINGER_MS',
      'KUSTO_GZIP',
      'DROP_CONTAINERS',
      'EDGE_HEADERS',
    ]) {
      expect(message).toContain(`FRAMEWATCH_${name}`);
    }
    expect(message).toContain('local.settings.json');
    expect(message).not.toMatch(/canary|demo-key-1/);
  });

  it('takes one or two secrets of tokens, shows none of them, and wants them when a key needs tokens', () => {
    const secrets = (value: unknown): Record<string, string> => ({
      ...good,
      FRAMEWATCH_TOKEN_SECRETS: JSON.stringify(value),
    });
    const [one, two] = ['canary'.repeat(6), 'canari'.repeat(6)];
    expect(readConfig(good).tokenSecrets).toBeUndefined();
    expect(readConfig(secrets({ a: one, b: two })).tokenSecrets).toEqual({ a: one, b: two });
    for (const bad of [{}, { a: 'canary' }, { a: one, b: two, c: one }, { '': one }, [one], { a: 1 }]) {
      expect(messageOf(secrets(bad))).toContain('FRAMEWATCH_TOKEN_SECRETS');
      expect(messageOf(secrets(bad))).not.toContain('canary');
    }
    const keys = '{"k":{"tenant":"t","origins":["https://www.example.com"],"token":true}}';
    expect(messageOf({ ...good, FRAMEWATCH_KEYS: keys })).toContain('FRAMEWATCH_TOKEN_SECRETS');
    expect(readConfig({ ...secrets({ a: one }), FRAMEWATCH_KEYS: keys }).keys[0]?.needsToken).toBe(true);
  });

  it.each(['not json', '[]', '"x"', ''])('refuses the keys %j', (keys) => {
    expect(messageOf({ ...good, FRAMEWATCH_KEYS: keys })).toContain('FRAMEWATCH_KEYS');
  });

  it.each(['https://example.com/', 'example.com', '*', 'https://example.com/path'])(
    'refuses the origin %j',
    (origin) => {
      expect(
        messageOf({ ...good, FRAMEWATCH_KEYS: JSON.stringify({ k: { tenant: 't', origins: [origin] } }) }),
      ).toContain('origins');
    },
  );

  it('accepts the example settings', () => {
    const text = readFileSync(join(import.meta.dirname, '..', 'local.settings.example.json'), 'utf8');
    const { Values } = JSON.parse(text) as { Values: Record<string, string> };
    expect(readConfig(Values).blob).toMatchObject({ drops: { telemetry: 'default' }, graceMs: 30_000 });
  });
});
