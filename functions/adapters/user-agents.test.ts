import { expect, it } from 'vitest';
import type { Device, UserAgentHints } from '../pipeline/ports.ts';
import { userAgentReader } from './user-agents.ts';

const CHROME =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';
const brands = (name: string): string =>
  `"Chromium";v="140.0.7339.81", "${name}";v="140.0.7339.81", "Not=A?Brand";v="24.0.0.0"`;

const agents: readonly [what: string, hints: UserAgentHints, device: Device][] = [
  [
    'Chrome on Windows 11, by hints',
    { userAgent: CHROME, platform: '"Windows"', mobile: '?0', brands: brands('Google Chrome') },
    { deviceType: 'desktop', os: 'Windows', browser: 'Chrome' },
  ],
  [
    'Edge, which hides in Chrome’s agent',
    { userAgent: CHROME, platform: '"macOS"', mobile: '?0', brands: brands('Microsoft Edge') },
    { deviceType: 'desktop', os: 'macOS', browser: 'Edge' },
  ],
  [
    'Brave, told by its brand alone',
    { userAgent: CHROME, platform: '"Linux"', mobile: '?0', brands: brands('Brave') },
    { deviceType: 'desktop', os: 'Linux', browser: 'Brave' },
  ],
  [
    'Safari on an iPhone, no hints',
    {
      userAgent:
        'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1',
    },
    { deviceType: 'mobile', os: 'iOS', browser: 'Mobile Safari' },
  ],
  [
    'Chrome on a Pixel, agent frozen to “K”',
    {
      userAgent:
        'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36',
      platform: '"Android"',
      mobile: '?1',
      brands: brands('Google Chrome'),
    },
    { deviceType: 'mobile', os: 'Android', browser: 'Chrome' },
  ],
  [
    'Samsung Internet on a Galaxy tablet',
    {
      userAgent:
        'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Safari/537.36',
      platform: '"Android"',
      mobile: '?0',
      brands: brands('Samsung Internet'),
    },
    { deviceType: 'tablet', os: 'Android', browser: 'Samsung Browser' },
  ],
  [
    'a headset, by its form factor',
    {
      userAgent:
        'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) OculusBrowser/38.0 Chrome/136.0.0.0 VR Safari/537.36',
      platform: '"Android"',
      mobile: '?0',
      formFactors: '"XR"',
    },
    { deviceType: 'other', os: 'Android', browser: 'Oculus Browser' },
  ],
  [
    'LG webOS TV',
    {
      userAgent:
        'Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/108.0.5359.211 Safari/537.36 WebAppManager',
    },
    { deviceType: 'tv', os: 'webOS', browser: 'Chrome' },
  ],
  [
    'Samsung Tizen TV',
    {
      userAgent:
        'Mozilla/5.0 (SMART-TV; LINUX; Tizen 7.0) AppleWebKit/537.36 (KHTML, like Gecko) 94.0.4606.31/7.0 TV Safari/537.36',
    },
    { deviceType: 'tv', os: 'Tizen', browser: 'Safari' },
  ],
  [
    'Fire TV',
    {
      userAgent:
        'Mozilla/5.0 (Linux; Android 9; AFTMM Build/PS7233; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/128.0.0.0 Mobile Safari/537.36',
      platform: '"Android"',
      mobile: '?1',
    },
    { deviceType: 'tv', os: 'Android', browser: 'Chrome WebView' },
  ],
  [
    'Chromecast with Google TV',
    {
      userAgent:
        'Mozilla/5.0 (Linux; Android 12.0; Build/STTL.240206.002) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/114.0.0.0 Safari/537.36 CrKey/1.56.500000 DeviceType/AndroidTV',
    },
    { deviceType: 'tv', os: 'Android', browser: 'Chrome' },
  ],
  [
    'PlayStation 5',
    {
      userAgent:
        'Mozilla/5.0 (PlayStation; PlayStation 5/8.20) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/15.4 Safari/605.1.15',
    },
    { deviceType: 'console', os: 'PlayStation', browser: 'Safari' },
  ],
  [
    'Xbox, which says Windows in its hints',
    {
      userAgent:
        'Mozilla/5.0 (Windows NT 10.0; Win64; x64; Xbox; Xbox Series X) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edge/44.18363.8131',
      platform: '"Windows"',
      mobile: '?0',
    },
    { deviceType: 'console', os: 'Windows', browser: 'Edge' },
  ],
  [
    'something of its own',
    { userAgent: 'our-player/3.1' },
    { deviceType: undefined, os: undefined, browser: undefined },
  ],
  ['nothing at all', { userAgent: '' }, {}],
];

it.each(agents)('%s', (_what, hints, device) => {
  const reader = userAgentReader();
  expect(reader.read(hints)).toEqual(device);
  expect(reader.read(hints), 'the cache gives what the parse gave').toEqual(device);
});

it('hints of any text neither throw nor hang', () => {
  const reader = userAgentReader();
  for (const text of ['"'.repeat(5000), '"a;v='.repeat(2000), '\\'.repeat(3000), '"__proto__";v="1"', '"constructor"'])
    expect(() =>
      reader.read({ userAgent: text, brands: text, platform: text, formFactors: text, mobile: text }),
    ).not.toThrow();
  expect(reader.read({ userAgent: '', brands: '"toString";v="1"' }).browser).toBe('toString');
});
