import { Random } from '../random.ts';
import { APP_VERSIONS, type Device, DEVICES } from '../world/devices.ts';
import { type Content, drawContent } from '../world/catalog.ts';
import { type Cdn, CDNS, countryOf, type Network, type Region } from '../world/regions.ts';

const MINUTE = 60_000;
/** Longer viewings are cut here, so that a look back by this much finds every session still going on. */
const LONGEST_PLAY_MS = 180 * MINUTE;
export const LOOKBACK_MS = 330 * MINUTE;

/** What is settled about a session before it meets the network. */
export interface Plan {
  /** Names the session in this audience, whatever happens to it. */
  key: string;
  /** Epoch ms. */
  start: number;
  region: Region;
  network: Network;
  cdn: Cdn;
  device: Device;
  content: Content;
  appVersion: string;
  viewerId: string;
  /** The viewer's own line: factor on stalls, mean 1. */
  lineFactor: number;
  /** How long the viewer means to watch, and whether that is the end of the title. */
  playMs: number;
  isWholeTitle: boolean;
  /** How long the viewer waits for the first frame. */
  patienceMs: number;
}

const LINE_SIGMA = 0.6;
const HOUSEHOLDS = 9000;

const drawPlay = (random: Random, content: Content): Pick<Plan, 'playMs' | 'isWholeTitle'> => {
  const { durationMs } = content;
  if (durationMs === undefined) {
    const playMs = Math.min(random.logNormal(34 * MINUTE, 0.8), LONGEST_PLAY_MS);
    return { playMs: Math.round(playMs), isWholeTitle: false };
  }
  // Some leave in the first minutes, about half see the credits, the rest stop anywhere between.
  const kind = random.unit();
  if (kind < 0.17) return { playMs: Math.round(random.exponential(3 * MINUTE)) + 5000, isWholeTitle: false };
  if (kind < 0.42) return { playMs: Math.round(durationMs * random.between(0.1, 0.95)), isWholeTitle: false };
  return { playMs: Math.min(durationMs, LONGEST_PLAY_MS), isWholeTitle: true };
};

/** Draws who watches what where. The same key always gives the same plan, whatever incidents there are. */
export const planOf = (key: string, start: number, region: Region): Plan => {
  const random = new Random(`${key} plan`);
  const country = countryOf(region);
  const network = random.pick(country.networks, ({ share }) => share);
  const cdn = random.pick(CDNS, (name) => country.cdns[name]);
  const device = random.pick(DEVICES, ({ share }) => share);
  const content = drawContent(random);
  const appVersion = random.pick(APP_VERSIONS, ({ share }) => share).version;
  return {
    key,
    start,
    region,
    network,
    cdn,
    device,
    content,
    appVersion,
    viewerId: `${region.region}-${random.integer(1, Math.round(HOUSEHOLDS * region.share))}`,
    lineFactor: random.logNormal(1, LINE_SIGMA) * Math.exp(-(LINE_SIGMA ** 2) / 2),
    ...drawPlay(random, content),
    patienceMs: Math.round(random.logNormal(14_000, 0.5)),
  };
};
