// Seeded damage: queries cut and mangled, requests with wrong bodies, headers, paths and encodings. The same seed makes the same run.
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';

export interface Random {
  /** A whole number from 0 to below `below`. */
  int(below: number): number;
  pick<T>(list: readonly T[]): T;
}

/** Mulberry32: small, and good enough to choose damage. */
export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const int = (below: number): number => Math.floor(next() * below);
  return { int, pick: (list) => list[int(list.length)] as (typeof list)[number] };
}

const ODD = ['(', ')', '|', "'", '"', '{', '}', '[', ']', '..', '\u0000', 'é', '😀', '-1', ' by ', '<|', '\\', '//', '1e999', ';', '$', '@', '==', '\n', '99999999999999999999', 'dynamic(', 'let ', '*', ',', '\ud800']; // prettier-ignore
const OPERATORS = ['where true', 'summarize count()', 'summarize by 1', 'extend x = 1', 'project x', 'take 1', 'top 1 by x', 'sort by x', 'distinct *', 'mv-expand x', 'mv-apply e = x on (take 1)', 'join kind=inner (print x = 1) on x', 'union (print x = 1)', 'make-series count() on x step 1', 'parse x with * "a" b', 'render timechart', 'evaluate bag_unpack(x)', 'getschema', 'serialize r = row_number()', 'as T', 'count', 'project-away x', 'lookup (print x = 1) on x', 'scan with (step s: true;)', 'partition by x (take 1)', 'invoke f()', 'sample 1', 'reduce by x']; // prettier-ignore
const TOKEN = /[A-Za-z_][\w-]*|\d+(?:\.\d+)?|"[^"\n]*"|'[^'\n]*'|\s+|[^\s\w]/g;

/** One query, damaged. */
export function damagedQuery(random: Random, seeds: readonly string[]): string {
  const seed = random.pick(seeds);
  const at = random.int(seed.length + 1);
  const tokens = seed.match(TOKEN) ?? [seed];
  switch (random.int(9)) {
    case 0:
      return seed.slice(0, at);
    case 1:
      return seed.slice(at);
    case 2:
      return seed.slice(0, at) + random.pick(ODD) + seed.slice(at + random.int(3));
    case 3:
      return tokens.toSpliced(random.int(tokens.length), 1).join('');
    case 4: {
      const [a, b] = [random.int(tokens.length), random.int(tokens.length)];
      return tokens
        .with(a, tokens[b] ?? '')
        .with(b, tokens[a] ?? '')
        .join('');
    }
    case 5:
      return `${seed} | ${random.pick(OPERATORS)} | ${random.pick(OPERATORS)}`;
    case 6: {
      const other = random.pick(seeds);
      return seed.slice(0, at) + other.slice(random.int(other.length + 1));
    }
    case 7:
      return tokens.map((token) => (random.int(12) === 0 && /^\d+$/.test(token) ? random.pick(['0', '-1', '9223372036854775807', '1e308', 'long(null)', 'real(nan)']) : token)).join(''); // prettier-ignore
    default: {
      const token = random.pick(tokens);
      return tokens.map((one) => (one === token ? random.pick(tokens) : one)).join('');
    }
  }
}

export interface DamagedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

const PATHS = ['/v1/rest/query', '/v2/rest/query', '/v1/rest/mgmt', '/v1/rest/ingest/framewatch/Nums?streamFormat=json', '/v1/rest/ingest/framewatch/Nums?streamFormat=multijson', '/v1/rest/ingest/framewatch/Nums?streamFormat=csv', '/v1/rest/ingest/framewatch/Nums?streamFormat=xml', '/v1/rest/ingest/framewatch/Nums?streamFormat=json&mappingName=None', '/v1/rest/ingest/framewatch/Nums?streamFormat=json&sourceKind=uri', '/v1/rest/ingest/%ff/x?streamFormat=json', '/v1/rest/ingest/framewatch/', '/v1/rest/ingest/nowhere/Nums?streamFormat=csv', '/v2/rest/mgmt', '/v1/rest/query/', '//v1/rest/query', '/v1/rest/query?x=%zz', '/%00', '/v3/rest/query', '/v1/rest/auth/metadata', '/v1/rest/ping', '/']; // prettier-ignore
const HEADERS: readonly (readonly [string, readonly string[]])[] = [
  ['content-encoding', ['gzip', 'deflate', 'br', 'identity', 'zstd', 'gzip, gzip', '']],
  [
    'content-type',
    ['application/json', 'text/plain', 'application/octet-stream', 'application/json; charset=utf-16', ';;'],
  ],
  ['x-ms-client-request-id', ['KNC.execute;1', 'x'.repeat(3000), 'ä', '', '\u00ff\u00fe']],
  ['x-ms-version', ['2024-12-12', '-1']],
  ['accept-encoding', ['gzip', 'br;q=1, gzip;q=0', '*', 'gzip;q=x']],
  ['authorization', ['Bearer x', 'Basic', '']],
  ['transfer-encoding', ['chunked']],
];
const METHODS = ['POST', 'POST', 'POST', 'POST', 'POST', 'POST', 'GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'];
const VALUES: readonly unknown[] = [
  null,
  0,
  -1,
  1e308,
  '',
  'x',
  [],
  {},
  true,
  '\u0000',
  [[]],
  { a: { b: 1 } },
  'é'.repeat(50),
];
const DATA = ['{"N":1,"Name":"a"}\n{"N":2}', '1,a\n2,"b\n3', '{"N":', '[{"N":1},{"N":"x"}]', '[', '\ufeff{"N":1}', '1,2,3,4', '', '\n\n', '{"N":1}{"N":2}', 'null', '"x"', '{"N":1e999}', '\u0000\u0001']; // prettier-ignore

function jsonBody(random: Random, csl: string): string {
  const body: Record<string, unknown> = {
    db: 'framewatch',
    csl,
    properties: { Options: { servertimeout: '00:00:05' }, Parameters: {} },
  };
  switch (random.int(8)) {
    case 0:
      return JSON.stringify({
        ...body,
        [random.pick(['db', 'csl', 'properties', 'Csl', '__proto__'])]: random.pick(VALUES),
      });
    case 1:
      return JSON.stringify({
        ...body,
        properties: { [random.pick(['Options', 'options', 'Parameters', 'OPTIONS'])]: random.pick(VALUES) },
      });
    case 2: {
      const name = random.pick(['servertimeout', 'truncationmaxrecords', 'truncationmaxsize', 'query_take_max_records', 'notruncation', 'norequesttimeout', 'query_language']); // prettier-ignore
      const Options = {
        servertimeout: '00:00:05',
        [name]: random.pick([...VALUES, '00:00:01', '-00:00:01', '99999999.00:00:00', 'NaN']),
      };
      return JSON.stringify({ ...body, properties: { Options } });
    }
    case 3: {
      const text = JSON.stringify(body);
      return text.slice(0, random.int(text.length));
    }
    case 4:
      return JSON.stringify({ ...body, properties: JSON.stringify(body['properties']).slice(random.int(3)) });
    case 5:
      return JSON.stringify(random.pick(VALUES));
    default:
      return JSON.stringify(body);
  }
}

function encoded(random: Random, body: string): Buffer {
  const bytes = Buffer.from(body);
  switch (random.int(10)) {
    case 0:
      return gzipSync(bytes);
    case 1: {
      const packed = gzipSync(bytes);
      return packed.subarray(0, random.int(packed.length + 1));
    }
    case 2:
      return deflateSync(bytes);
    case 3:
      return brotliCompressSync(bytes);
    case 4:
      return Buffer.from(body, 'utf16le');
    case 5: {
      const broken = Buffer.from(bytes);
      if (broken.length > 0) broken[random.int(broken.length)] = random.int(256);
      return broken;
    }
    default:
      return bytes;
  }
}

/** One request with something wrong about it, or nothing. */
export function damagedRequest(random: Random, queries: readonly string[]): DamagedRequest {
  const path = random.pick(random.int(2) === 0 ? PATHS.slice(0, 3) : PATHS);
  const body =
    path.includes('/ingest/') && random.int(3) > 0
      ? random.pick(DATA)
      : jsonBody(random, damagedQuery(random, queries));
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  for (let i = random.int(3); i > 0; i--) {
    const [name, values] = random.pick(HEADERS);
    headers[name] = random.pick(values);
  }
  return { method: random.pick(METHODS), path, headers, body: encoded(random, body) };
}
