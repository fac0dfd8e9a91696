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
