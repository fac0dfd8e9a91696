// A client's address is cut to its network before anything else sees it: /24 of IPv4, /48 of IPv6.

const IPV4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/;
/** Longest textual IPv6 address with an embedded IPv4 one, brackets and port. */
const LONGEST = 64;
const KEPT_GROUPS = 3;

function ipv4Network(text: string): string | undefined {
  const parts = IPV4.exec(text)?.slice(1, 5);
  return parts?.every((part) => Number(part) <= 255) ? `${parts.slice(0, 3).map(Number).join('.')}.0` : undefined;
}

/** The groups before and after `::`, or all eight. */
function ipv6Groups(text: string): string[] | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [head = [], tail = []] = halves.map((half) => (half === '' ? [] : half.split(':')));
  const missing = 8 - head.length - tail.length;
  const isComplete = halves.length === 2 ? missing >= 1 : missing === 0;
  const groups = [...head, ...Array.from({ length: Math.max(0, missing) }, () => '0'), ...tail];
  return isComplete && groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group)) ? groups : undefined;
}

/**
 * The network of an address as proxies and logs write it (`203.0.113.9`, `203.0.113.9:5210`, `[2001:db8::1]:443`, `::ffff:203.0.113.9`).
 * Undefined when it is no address.
 */
export function networkOf(address: unknown): string | undefined {
  if (typeof address !== 'string' || address.length > LONGEST) return undefined;
  const text = address
    .trim()
    .replace(/^\[(.*)\](?::\d{1,5})?$/, '$1')
    .replace(/%[\w.-]*$/, '');
  const mapped = /^::ffff:(\d[\d.]*)$/i.exec(text)?.[1];
  const plain = mapped ?? text.replace(/^([\d.]+):\d{1,5}$/, '$1');
  if (!plain.includes(':')) return ipv4Network(plain);
  // The last two groups may be written as an IPv4 address; they are not kept.
  const groups = ipv6Groups(plain.replace(/(?:\d{1,3}\.){3}\d{1,3}$/, '0:0'));
  return groups && `${groups.slice(0, KEPT_GROUPS).join(':').toLowerCase()}::`;
}

/** The address that the last proxy saw: the entries before it are the sender's own word. */
export const lastHop = (forwardedFor: string | null): string | undefined => forwardedFor?.split(',').at(-1)?.trim();
