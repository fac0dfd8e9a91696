import UAParser from 'ua-parser-js';
import type { Device, UserAgentHints, UserAgentReader } from '../pipeline/ports.ts';
import { Recent } from './recent.ts';

// Client hints are asked first, https://wicg.github.io/ua-client-hints/: browsers freeze their user agents.
// A parse costs 70 µs, a hit 0.2 µs, and a few hundred agents make up nearly all traffic.

const MAX_CACHED = 5000;
/** Longer agents are cut: parsers match regular expressions against them. */
const MAX_LENGTH = 512;
const MAX_HINT_LENGTH = 256;

const DEVICE_OF: Readonly<Record<string, Device['deviceType']>> = {
  mobile: 'mobile',
  tablet: 'tablet',
  smarttv: 'tv',
  console: 'console',
  wearable: 'other',
  embedded: 'other',
};
/** `Sec-CH-UA-Form-Factors`, the telling ones. */
const FORM_FACTORS: Readonly<Record<string, Device['deviceType']>> = {
  desktop: 'desktop',
  mobile: 'mobile',
  tablet: 'tablet',
  automotive: 'other',
  xr: 'other',
  watch: 'other',
};
const DESKTOP_OS = new Set([
  'Windows',
  'Mac OS',
  'macOS',
  'Linux',
  'Ubuntu',
  'Debian',
  'Fedora',
  'Chrome OS',
  'Chromium OS',
]);
/** Every Chromium browser names the engine beside itself, and a brand that stands for nobody. */
const ENGINE = 'Chromium';
const NOBODY = /not.{0,3}a.{0,3}brand/i;
/** Brands whose names in hints differ from those in user agents: one browser has one name. */
const BRAND_NAMES: Readonly<Record<string, string>> = {
  'Google Chrome': 'Chrome',
  'Microsoft Edge': 'Edge',
  'Opera GX': 'Opera',
  'Samsung Internet': 'Samsung Browser',
  'Android WebView': 'Chrome WebView',
};
const BRAND = /"((?:[^"\\]|\\.){1,64})"\s{0,2};\s{0,2}v=/g;
const BROWSER_LENGTH = 48;

/** `"Windows"` with its quotes, as structured headers carry strings. */
const unquoted = (value: string | undefined): string | undefined => {
  const text = value?.slice(0, MAX_HINT_LENGTH).trim().replace(/^"|"$/g, '');
  return text === undefined || text === '' || text === 'Unknown' ? undefined : text;
};

const nameOf = (name: string | undefined): string | undefined =>
  name === undefined || name === '' ? undefined : name.slice(0, BROWSER_LENGTH);

/** The browser among `"Chromium";v="140", "Google Chrome";v="140", "Not=A?Brand";v="24"`. */
function brandOf(list: string | undefined): string | undefined {
  const brands = [...(list ?? '').slice(0, MAX_HINT_LENGTH).matchAll(BRAND)].flatMap(([, name]) => name ?? []);
  const real = brands.filter((name) => !NOBODY.test(name));
  const brand = real.find((name) => name !== ENGINE) ?? real[0];
  if (brand === undefined) return undefined;
  return Object.hasOwn(BRAND_NAMES, brand) ? BRAND_NAMES[brand] : brand;
}

function formFactorOf(list: string | undefined): Device['deviceType'] | undefined {
  const names =
    (list ?? '')
      .slice(0, MAX_HINT_LENGTH)
      .toLowerCase()
      .match(/[a-z]+/g) ?? [];
  return names.map((name) => (Object.hasOwn(FORM_FACTORS, name) ? FORM_FACTORS[name] : undefined)).find(Boolean);
}

function parse(parser: UAParser.UAParserInstance, hints: UserAgentHints): Device {
  const { device, os, browser } = parser.setUA(hints.userAgent.slice(0, MAX_LENGTH)).getResult();
  const system = nameOf(unquoted(hints.platform) ?? os.name);
  const parsed = device.type === undefined ? undefined : DEVICE_OF[device.type];
  // A set-top box says `?0` like a desktop does; a tablet too, but its platform is Android.
  const hinted =
    hints.mobile === '?1'
      ? 'mobile'
      : hints.mobile === '?0' && system === 'Android' && parsed !== 'tv'
        ? 'tablet'
        : undefined;
  const isDesktop = system !== undefined && DESKTOP_OS.has(system);
  const fromAgent = parsed === 'tv' || parsed === 'console' ? parsed : undefined;
  return {
    deviceType: fromAgent ?? formFactorOf(hints.formFactors) ?? hinted ?? parsed ?? (isDesktop ? 'desktop' : undefined),
    os: system,
    browser: nameOf(brandOf(hints.brands) ?? browser.name),
  };
}

const keyOf = ({ userAgent, platform, mobile, brands, formFactors }: UserAgentHints): string =>
  [platform, mobile, brands, formFactors, userAgent].map((part) => (part ?? '').slice(0, MAX_LENGTH)).join('\n');

/** Reads client hints first, then the user agent; unknown parts are left out. */
export function userAgentReader(): UserAgentReader {
  const cache = new Recent<Device>(MAX_CACHED);
  let parser: UAParser.UAParserInstance | undefined;
  return {
    read(hints) {
      const { userAgent, platform, brands } = hints;
      if (userAgent === '' && platform === undefined && brands === undefined) return {};
      const key = keyOf(hints);
      let device = cache.get(key);
      if (!device) {
        parser ??= new UAParser();
        device = parse(parser, hints);
        cache.set(key, device);
      }
      return device;
    },
  };
}
