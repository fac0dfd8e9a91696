// Writes small files in MaxMind's database format, https://maxmind.github.io/MaxMind-DB/: 24-bit records, IPv6 tree.

type Value = string | number | readonly Value[] | { readonly [key: string]: Value };

const TYPE = { text: 2, map: 7, uint32: 6, array: 11 } as const;
const SEPARATOR = Buffer.alloc(16);
const MARKER = Buffer.concat([Buffer.from([0xab, 0xcd, 0xef]), Buffer.from('MaxMind.com')]);

function control(type: number, size: number): Buffer {
  const head = type > 7 ? [0, type - 7] : [type << 5];
  if (size < 29) return Buffer.from([head[0]! | size, ...head.slice(1)]);
  if (size > 284) throw new Error('longer than this writer knows');
  return Buffer.from([head[0]! | 29, ...head.slice(1), size - 29]);
}

function encode(value: Value): Buffer {
  if (typeof value === 'string')
    return Buffer.concat([control(TYPE.text, Buffer.byteLength(value)), Buffer.from(value)]);
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return Buffer.concat([control(TYPE.uint32, 4), bytes]);
  }
  if (Array.isArray(value)) return Buffer.concat([control(TYPE.array, value.length), ...value.map(encode)]);
  const entries = Object.entries(value);
  return Buffer.concat([
    control(TYPE.map, entries.length),
    ...entries.flatMap(([key, item]) => [encode(key), encode(item)]),
  ]);
}

/** The 128 bits of an address; IPv4 lies in ::/96. */
function bitsOf(address: string): number[] {
  const bytes = address.includes(':')
    ? address.split('::').map((half) =>
        half
          .split(':')
          .filter(Boolean)
          .flatMap((group) => [parseInt(group, 16) >> 8, parseInt(group, 16) & 255]),
      )
    : [[], address.split('.').map(Number)];
  const [head = [], tail = []] = bytes;
  const all = [...head, ...Array.from({ length: 16 - head.length - tail.length }, () => 0), ...tail];
  return all.flatMap((byte) => Array.from({ length: 8 }, (_bit, at) => (byte >> (7 - at)) & 1));
}

/** A database of `network/prefix` → record. */
export function mmdb(records: Readonly<Record<string, Value>>): Buffer {
  const nodes: (number | { data: number } | undefined)[][] = [[undefined, undefined]];
  const data: Buffer[] = [];
  let size = 0;
  for (const [network, record] of Object.entries(records)) {
    const [address = '', prefix = ''] = network.split('/');
    const depth = Number(prefix) + (address.includes(':') ? 0 : 96);
    let node = 0;
    for (const [at, bit] of bitsOf(address).slice(0, depth).entries()) {
      if (at === depth - 1) nodes[node]![bit] = { data: size };
      else {
        nodes[node]![bit] ??= nodes.push([undefined, undefined]) - 1;
        node = nodes[node]![bit] as number;
      }
    }
    const bytes = encode(record);
    data.push(bytes);
    size += bytes.length;
  }
  const tree = Buffer.alloc(nodes.length * 6);
  for (const [index, pair] of nodes.entries())
    for (const [side, target] of pair.entries()) {
      const value =
        target === undefined ? nodes.length : typeof target === 'number' ? target : nodes.length + 16 + target.data;
      tree.writeUIntBE(value, index * 6 + side * 3, 3);
    }
  const metadata = encode({
    node_count: nodes.length,
    record_size: 24,
    ip_version: 6,
    database_type: 'Test',
    languages: ['en'],
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: 1,
    description: { en: 'of a test' },
  });
  return Buffer.concat([tree, SEPARATOR, ...data, MARKER, metadata]);
}
