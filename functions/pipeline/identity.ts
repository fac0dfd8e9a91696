import { networkOf } from './network.ts';
import { cutSecrets } from './secrets.ts';

// What may name a person, and how it is taken out of text that is stored.

/** Keys whose values are identity wherever they turn up in unknown data. Compared by their letters and digits, without case. */
const IDENTITY_KEYS = new Set([
  'ip',
  'ipaddress',
  'clientip',
  'remoteip',
  'xforwardedfor',
  'email',
  'mail',
  'phone',
  'phonenumber',
  'vid',
  'viewerid',
  'userid',
  'username',
  'customerid',
  'customeruserid',
  'visitorid',
  'accountid',
  'subscriberid',
  'deviceid',
  'advertisingid',
  'idfa',
  'gaid',
  'firstname',
  'lastname',
  'fullname',
  'password',
  'token',
  'accesstoken',
  'authorization',
  'cookie',
  'setcookie',
  // As CDN logs call them; queries carry tokens.
  'cip',
  'cliip',
  'socketip',
  'cscookie',
  'cookies',
  'ua',
  'useragent',
  'csuseragent',
  'requestuseragent',
  'clientrequestuseragent',
  'querystr',
  'csuriquery',
  'clientrequesturi',
  'referer',
  'referrer',
  'csreferer',
  'requestreferer',
  'clientrequestreferer',
  // All headers of a request, cookies among them.
  'csheaders',
  'requestheaders',
  // Finer than a city.
  'latitude',
  'longitude',
  'clientlatitude',
  'clientlongitude',
  'postalcode',
  'zipcode',
]);

/** Keys that were looked at: a format has a few dozen. */
const known = new Map<string, boolean>();
const MAX_KNOWN = 1000;

const normal = (key: string): string => key.replace(/[^a-z\d]/gi, '').toLowerCase();

/** Custom keys carry a prefix, as CMCD wants it: `com.example-vid`; flattened ones a path: `network.client_ip`. */
const unprefixed = (key: string): string => key.slice(Math.max(key.lastIndexOf('-'), key.lastIndexOf('.')) + 1);

export function isIdentityKey(key: string): boolean {
  if (key.length > 64) return false;
  let isIdentity = known.get(key);
  if (isIdentity === undefined) {
    isIdentity = IDENTITY_KEYS.has(normal(key)) || IDENTITY_KEYS.has(normal(unprefixed(key)));
    if (known.size >= MAX_KNOWN) known.clear();
    known.set(key, isIdentity);
  }
  return isIdentity;
}

const URL_IN_TEXT = /\b[a-z][a-z0-9+.-]{1,10}:\/\/[^\s"<>\\]+/gi;

/** Reduces every URL in a text to its host: paths and queries carry tokens, titles and people. */
export function cutUrls(text: string): string {
  return text.includes('://') ? text.replace(URL_IN_TEXT, (url) => hostOf(url) ?? '') : text;
}

/** Host of a URL or of a bare `host/path`; undefined when there is none. */
export function hostOf(url: string): string | undefined {
  const rest = url.slice(url.indexOf('://') === -1 ? 0 : url.indexOf('://') + 3);
  const authority = rest.split(/[/?#\\]/, 1)[0] ?? '';
  const host = authority.slice(authority.lastIndexOf('@') + 1);
  return host === '' ? undefined : host.toLowerCase();
}

const IPV4 = /\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b/g;
const IPV6 = /\b(?:[0-9a-f]{1,4}:){3,7}(?:[0-9a-f]{1,4}|:)|\b(?:[0-9a-f]{1,4}:){1,6}:[0-9a-f:]{0,40}/gi;
/** Begins at the start of a word only: from every letter of a long one it would take quadratic time. */
const EMAIL = /(?<![\w.+%-])[\w.+%-]+(?:@|%40)[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}/g;
const KEYED = /"([\w.-]{2,64})"\s{0,4}:\s{0,4}("(?:[^"\\]|\\.)*"?|-?\d{1,24})/g;

/** Cookies by their usual names. */
const COOKIE = /^(?:session|sess|auth|jwt|csrf|xsrf|[a-z]*sessid|jsessionid)$/i;
const PAIR = /\b([\w.-]{2,64})=("(?:[^"\\]|\\.)*"?|[^\s&;,"']+)/g;

const cutMails = (text: string): string =>
  text.includes('@') || text.includes('%40') ? text.replace(EMAIL, '…') : text;

/** What may be an address of IPv6; whether it is one, its groups say. */
const COLONS = /(?<![\w:.])(?=[\da-f]{0,4}:)[\da-f:]{4,39}(?![\w:])/gi;

/** Takes addresses of the network out of a text; times of the day and time codes stay. */
const cutAddresses = (text: string): string => {
  const rest = text.replace(IPV4, '…');
  return rest.includes(':') ? rest.replace(COLONS, (found) => (networkOf(found) === undefined ? found : '…')) : rest;
};

/** Free text that is stored: URLs become their hosts; addresses of mail and network, and secrets, go. */
export const freeText = (text: string): string => cutSecrets(cutAddresses(cutMails(cutUrls(text))));

/** A version may look like an address. */
export const versionText = (text: string): string => cutSecrets(cutMails(cutUrls(text)));

/**
 * Takes identity out of text that could not be parsed: values of identity keys, addresses, e-mails, URLs.
 * Parsed data goes through {@link isIdentityKey} field by field instead.
 */
export function scrubText(text: string): string {
  return freeText(text)
    .replace(KEYED, (match, key: string) => (isIdentityKey(key) ? `"${key}":"…"` : match))
    .replace(PAIR, (match, key: string) => (isIdentityKey(key) || COOKIE.test(key) ? `${key}=…` : match))
    .replace(IPV4, '…')
    .replace(IPV6, '…');
}
