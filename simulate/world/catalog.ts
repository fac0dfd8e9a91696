import { Random } from '../random.ts';

/** One title or channel of the service. */
export interface Content {
  id: string;
  title: string;
  streamType: 'v' | 'l' | 'll';
  /** Channels have none. */
  durationMs?: number;
  /** Weight of its popularity. */
  weight: number;
}

const TITLES = 180;
const CHANNELS = ['News 24', 'Sport One', 'Sport Two', 'Music Live', 'City Cam', 'Kids'];
const ZIPF_EXPONENT = 0.95;
const LIVE_SHARE = 0.22;
const FIRST = [
  'Silent',
  'Northern',
  'Golden',
  'Hidden',
  'Last',
  'Paper',
  'Distant',
  'Broken',
  'Electric',
  'Winter',
  'Crimson',
  'Second',
];
const SECOND = [
  'Harbour',
  'Garden',
  'Signal',
  'Orchard',
  'Border',
  'Letters',
  'Machine',
  'River',
  'Kitchen',
  'Empire',
  'Station',
  'Summer',
  'Detective',
  'Island',
  'Choir',
];

const titles = (): Content[] =>
  Array.from({ length: TITLES }, (_, rank) => {
    const random = new Random(`title ${rank}`);
    const isFilm = random.chance(0.35);
    const minutes = isFilm ? random.between(82, 140) : random.between(21, 58);
    const name = `${FIRST[rank % FIRST.length]} ${SECOND[(rank * 7) % SECOND.length]}`;
    return {
      id: `title-${String(rank + 1).padStart(3, '0')}`,
      title: isFilm ? name : `${name} S${1 + (rank % 4)}E${1 + (rank % 9)}`,
      streamType: 'v',
      durationMs: Math.round(minutes * 60_000),
      // Zipf: the r-th most popular title is asked for in proportion to 1 / r^s.
      weight: (rank + 1) ** -ZIPF_EXPONENT,
    };
  });

/** Everything on offer, the same in every run; weights sum to 1. */
const CATALOG: readonly Content[] = (() => {
  const onDemand = titles();
  const total = onDemand.reduce((sum, { weight }) => sum + weight, 0);
  const live = CHANNELS.map((title, rank): Content => {
    const share = LIVE_SHARE * ((CHANNELS.length - rank) / ((CHANNELS.length * (CHANNELS.length + 1)) / 2));
    return { id: `channel-${rank + 1}`, title, streamType: title.startsWith('Sport') ? 'll' : 'l', weight: share };
  });
  return [...live, ...onDemand.map((content) => ({ ...content, weight: (content.weight / total) * (1 - LIVE_SHARE) }))];
})();

const cumulative = CATALOG.map(
  (
    (sum) => (content: Content) =>
      (sum += content.weight)
  )(0),
);

/** A content by popularity; by bisection, since it is drawn for every session. */
export const drawContent = (random: Random): Content => {
  const point = random.unit() * (cumulative.at(-1) ?? 1);
  let [low, high] = [0, CATALOG.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((cumulative[middle] ?? 0) <= point) low = middle + 1;
    else high = middle;
  }
  const content = CATALOG[low];
  if (content === undefined) throw new Error('the catalog is empty');
  return content;
};
