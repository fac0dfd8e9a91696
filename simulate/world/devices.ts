// What the audience watches with. Shares are of session starts.

type DeviceType = 'desktop' | 'mobile' | 'tablet' | 'tv' | 'console';

export interface Device {
  type: DeviceType;
  os: string;
  browser?: string;
  /** The embedding application; its name says that the session is simulated. */
  app: string;
  player: { name: string; ver: string };
  share: number;
  /** Highest step of LADDER the screen asks for. */
  topStep: number;
  /** Share of frames decoded but not shown. */
  dropShare: number;
  startupFactor: number;
}

export interface Step {
  kbps: number;
  w: number;
  h: number;
}

/** The renditions every title is encoded in. */
export const LADDER: readonly Step[] = [
  { kbps: 400, w: 426, h: 240 },
  { kbps: 900, w: 640, h: 360 },
  { kbps: 1800, w: 960, h: 540 },
  { kbps: 3200, w: 1280, h: 720 },
  { kbps: 5600, w: 1920, h: 1080 },
  { kbps: 14_000, w: 3840, h: 2160 },
];

const dash = { name: 'dash.js', ver: '5.2.1' };
const native = { name: 'native', ver: '3.4.0' };

export const DEVICES: readonly Device[] = [
  {
    type: 'tv',
    os: 'Tizen',
    app: 'sim-tv',
    player: dash,
    share: 0.15,
    topStep: 5,
    dropShare: 0.002,
    startupFactor: 1.25,
  },
  {
    type: 'tv',
    os: 'webOS',
    app: 'sim-tv',
    player: dash,
    share: 0.11,
    topStep: 5,
    dropShare: 0.003,
    startupFactor: 1.3,
  },
  {
    type: 'tv',
    os: 'Android TV',
    app: 'sim-tv',
    player: native,
    share: 0.1,
    topStep: 5,
    dropShare: 0.002,
    startupFactor: 1.1,
  },
  {
    type: 'mobile',
    os: 'iOS',
    browser: 'Mobile Safari',
    app: 'sim-mobile',
    player: native,
    share: 0.15,
    topStep: 3,
    dropShare: 0.001,
    startupFactor: 0.9,
  },
  {
    type: 'mobile',
    os: 'Android',
    browser: 'Chrome',
    app: 'sim-mobile',
    player: native,
    share: 0.16,
    topStep: 3,
    dropShare: 0.004,
    startupFactor: 1,
  },
  {
    type: 'desktop',
    os: 'Windows',
    browser: 'Chrome',
    app: 'sim-web',
    player: dash,
    share: 0.12,
    topStep: 4,
    dropShare: 0.002,
    startupFactor: 0.9,
  },
  {
    type: 'desktop',
    os: 'Windows',
    browser: 'Edge',
    app: 'sim-web',
    player: dash,
    share: 0.05,
    topStep: 4,
    dropShare: 0.002,
    startupFactor: 0.9,
  },
  {
    type: 'desktop',
    os: 'macOS',
    browser: 'Safari',
    app: 'sim-web',
    player: dash,
    share: 0.05,
    topStep: 4,
    dropShare: 0.001,
    startupFactor: 0.85,
  },
  {
    type: 'desktop',
    os: 'Linux',
    browser: 'Firefox',
    app: 'sim-web',
    player: dash,
    share: 0.02,
    topStep: 4,
    dropShare: 0.006,
    startupFactor: 0.95,
  },
  {
    type: 'tablet',
    os: 'iPadOS',
    browser: 'Safari',
    app: 'sim-mobile',
    player: native,
    share: 0.06,
    topStep: 4,
    dropShare: 0.001,
    startupFactor: 0.9,
  },
  {
    type: 'console',
    os: 'PlayStation',
    app: 'sim-tv',
    player: dash,
    share: 0.03,
    topStep: 5,
    dropShare: 0.001,
    startupFactor: 1.05,
  },
];

/** Releases in the field and their share of sessions. */
export const APP_VERSIONS: readonly { version: string; share: number }[] = [
  { version: '4.2.0', share: 0.68 },
  { version: '4.1.3', share: 0.23 },
  { version: '3.9.8', share: 0.09 },
];
