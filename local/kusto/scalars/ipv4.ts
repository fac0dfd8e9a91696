import { elementsOf, stringOf } from './json-text.ts';

export interface Ipv4 {
  /** Unsigned 32 bit, not masked. */
  readonly address: number;
  /** 0..32; 32 when none is written. */
  readonly prefix: number;
}

/** `a.b.c.d` or `a.b.c.d/prefix`; undefined when it is none. */
export function parseIpv4(text: string): Ipv4 | undefined {
  const found = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?:\/(\d{1,2}))?$/.exec(text.trim());
  if (!found) return undefined;
  const parts = found.slice(1, 5).map(Number);
  const prefix = found[5] === undefined ? 32 : Number(found[5]);
  if (prefix > 32 || parts.some((part) => part > 255)) return undefined;
  return { address: parts.reduce((sum, part) => sum * 256 + part, 0), prefix };
}

/** Keeps the leading `prefix` bits. */
export function maskIpv4(address: number, prefix: number): number {
  const size = 2 ** (32 - prefix);
  return Math.floor(address / size) * size;
}

export function printIpv4(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
}

function isPrefix(prefix: number): boolean {
  return Number.isInteger(prefix) && prefix >= 0 && prefix <= 32;
}

/** `parse_ipv4`: the address under its own prefix, as a number; null when it is none. */
export function ipv4Number(text: string, prefix = 32): number | null {
  const ip = parseIpv4(text);
  return ip && isPrefix(prefix) ? maskIpv4(ip.address, Math.min(ip.prefix, prefix)) : null;
}

/** `ipv4_compare`: −1, 0 or 1 under the shortest of the three prefixes; null when a text is no address or the prefix is out of 0..32. */
export function ipv4Compare(left: string, right: string, prefix = 32): number | null {
  const a = parseIpv4(left);
  const b = parseIpv4(right);
  if (!a || !b || !isPrefix(prefix)) return null;
  const bits = Math.min(a.prefix, b.prefix, prefix);
  return Math.sign(maskIpv4(a.address, bits) - maskIpv4(b.address, bits));
}

/** `ipv4_is_in_range`; null when a text is no address. */
export function ipv4IsInRange(address: string, range: string): boolean | null {
  const order = ipv4Compare(address, range);
  return order === null ? null : order === 0;
}

/** Texts of arguments of which each is a string or an array of strings (JSON text). */
export function textsOf(arguments_: readonly (string | null)[]): string[] {
  return arguments_.flatMap((argument) => (elementsOf(argument) ?? [argument]).flatMap((text) => stringOf(text) ?? []));
}

/** `ipv4_is_in_any_range`; null when the address is none. Ranges that are none are passed over. */
export function ipv4IsInAnyRange(address: string, ranges: readonly string[]): boolean | null {
  if (!parseIpv4(address)) return null;
  return ranges.some((range) => ipv4IsInRange(address, range) === true);
}

const PRIVATE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'].map((text) => parseIpv4(text) as Ipv4);

/** `ipv4_is_private`: in a network of RFC 1918; null when it is no address. */
export function ipv4IsPrivate(text: string): boolean | null {
  const ip = parseIpv4(text);
  if (!ip) return null;
  const address = maskIpv4(ip.address, ip.prefix);
  return PRIVATE.some((network) => maskIpv4(address, network.prefix) === network.address);
}

/** `format_ipv4` and `format_ipv4_mask`; '' when it is no address or the prefix is out of 0..32. */
export function formatIpv4(text: string, prefix: number | undefined, withMask: boolean): string {
  const ip = /^\d+$/.test(text) && Number(text) < 2 ** 32 ? { address: Number(text), prefix: 32 } : parseIpv4(text);
  if (!ip || !isPrefix(prefix ?? 32)) return '';
  const bits = Math.min(ip.prefix, prefix ?? 32);
  const address = printIpv4(maskIpv4(ip.address, bits));
  return withMask ? `${address}/${bits}` : address;
}

/** `ipv4_range_to_cidr_list`: the fewest networks that cover both ends and all between; null when a text is no address. */
export function rangeToCidrs(from: string, to: string): string[] | null {
  const first = parseIpv4(from);
  const last = parseIpv4(to);
  if (!first || !last) return null;
  const out: string[] = [];
  let at = first.address;
  while (at <= last.address) {
    let bits = 0;
    while (bits < 32 && at % 2 ** (bits + 1) === 0 && at + 2 ** (bits + 1) - 1 <= last.address) bits++;
    out.push(`${printIpv4(at)}/${32 - bits}`);
    at += 2 ** bits;
  }
  return out;
}

/** Addresses in a text that letters and digits do not touch. */
function addressesIn(text: string): string[] {
  const found = text.match(/(?<![A-Za-z0-9])\d{1,3}(?:\.\d{1,3}){3}(?![A-Za-z0-9])/g) ?? [];
  return found.filter((address) => parseIpv4(address) !== undefined);
}

/** `has_any_ipv4`. */
export function hasAnyIpv4(text: string, addresses: readonly string[]): boolean {
  const found = addressesIn(text);
  return addresses.some((address) => found.includes(address));
}

/** `has_any_ipv4_prefix`: a prefix is a whole address, or some of its numbers with the dot after them. */
export function hasAnyIpv4Prefix(text: string, prefixes: readonly string[]): boolean {
  const found = addressesIn(text);
  return prefixes.some((prefix) => {
    const whole = parseIpv4(prefix) !== undefined;
    if (!whole && !/^(?:\d{1,3}\.){1,3}$/.test(prefix)) return false;
    return found.some((address) => (whole ? address === prefix : address.startsWith(prefix)));
  });
}
