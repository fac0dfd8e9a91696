// Geohash: longitude and latitude halved in turn, five bits a letter.

const LETTERS = '0123456789bcdefghjkmnpqrstuvwxyz';

/** Geohash of a place, '' for coordinates or lengths out of range. Lengths 1 to 18. */
export function geohashOf(longitude: number, latitude: number, length = 5n): string {
  const count = Number(length);
  if (!(Math.abs(longitude) <= 180) || !(Math.abs(latitude) <= 90) || !(count >= 1 && count <= 18)) return '';
  const ranges = [
    { low: -180, high: 180, value: longitude },
    { low: -90, high: 90, value: latitude },
  ];
  let hash = '';
  let bits = 0;
  for (let bit = 0; bit < count * 5; bit++) {
    const range = ranges[bit % 2];
    if (!range) break;
    const middle = (range.low + range.high) / 2;
    const upper = range.value >= middle;
    if (upper) range.low = middle;
    else range.high = middle;
    bits = (bits << 1) | Number(upper);
    if (bit % 5 === 4) {
      hash += LETTERS[bits] ?? '';
      bits = 0;
    }
  }
  return hash;
}

interface Cell {
  readonly west: number;
  readonly east: number;
  readonly south: number;
  readonly north: number;
}

/** The rectangle of a geohash; null when it is none. Kusto refuses the letter a, which has no place in the alphabet. */
function cellOf(hash: string): Cell | null {
  const letters = hash.toLowerCase().split('');
  if (letters.length < 1 || letters.length > 18) return null;
  const sides = [
    { low: -180, high: 180 },
    { low: -90, high: 90 },
  ];
  let bit = 0;
  for (const letter of letters) {
    const value = LETTERS.indexOf(letter);
    if (value < 0) return null;
    for (let shift = 4; shift >= 0; shift--) {
      const side = sides[bit % 2];
      if (side) {
        const middle = (side.low + side.high) / 2;
        if ((value >> shift) % 2 === 1) side.low = middle;
        else side.high = middle;
      }
      bit += 1;
    }
  }
  const [x, y] = sides as [{ low: number; high: number }, { low: number; high: number }];
  return { west: x.low, east: x.high, south: y.low, north: y.high };
}

/** Its middle as a GeoJSON point. */
export function geohashCentre(hash: string): object | null {
  const cell = cellOf(hash);
  return cell && { type: 'Point', coordinates: [(cell.west + cell.east) / 2, (cell.south + cell.north) / 2] };
}

/** Its rectangle as a GeoJSON polygon. */
export function geohashPolygon(hash: string): object | null {
  const cell = cellOf(hash);
  if (cell === null) return null;
  const { west, east, south, north } = cell;
  const corners = [
    [west, south],
    [east, south],
    [east, north],
    [west, north],
    [west, south],
  ];
  return { type: 'Polygon', coordinates: [corners] };
}

/** In the order of the documented example: south-west, north-west, south-east, north, west, north-east, east, south. */
const AROUND: readonly (readonly [east: number, north: number])[] = [
  [-1, -1],
  [-1, 1],
  [1, -1],
  [0, 1],
  [-1, 0],
  [1, 1],
  [1, 0],
  [0, -1],
];

/** The eight cells around; which ones lie beyond a pole is not documented. */
export function geohashNeighbours(hash: string): string[] | null {
  const cell = cellOf(hash);
  if (cell === null) return null;
  const [width, height] = [cell.east - cell.west, cell.north - cell.south];
  const [x, y] = [(cell.west + cell.east) / 2, (cell.south + cell.north) / 2];
  if (cell.north >= 90 || cell.south <= -90) throw new Error('geo_geohash_neighbors: of a cell at a pole');
  return AROUND.map(([east, north]) => {
    const longitude = ((((x + east * width + 180) % 360) + 360) % 360) - 180;
    return geohashOf(longitude, y + north * height, BigInt(hash.length));
  });
}
