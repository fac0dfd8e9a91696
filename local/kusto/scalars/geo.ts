// Distances and angles on the sphere that Kusto takes the Earth for. The radius is that of its examples, which is S2's.

const RADIUS_METRES = 6_371_010;
const RADIANS = Math.PI / 180;

/** A place as a unit vector. */
type Vector = readonly [x: number, y: number, z: number];

const isPlace = (longitude: number, latitude: number): boolean =>
  Math.abs(longitude) <= 180 && Math.abs(latitude) <= 90;

function vectorOf(longitude: number, latitude: number): Vector {
  const [l, p] = [longitude * RADIANS, latitude * RADIANS];
  return [Math.cos(p) * Math.cos(l), Math.cos(p) * Math.sin(l), Math.sin(p)];
}

const dot = (a: Vector, b: Vector): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const cross = (a: Vector, b: Vector): Vector => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];
const norm = (a: Vector): number => Math.sqrt(dot(a, a));
const angleBetween = (a: Vector, b: Vector): number => Math.atan2(norm(cross(a, b)), dot(a, b));

/** Metres between two places; null when one is none. */
export function distanceOf(lon1: number, lat1: number, lon2: number, lat2: number): number | null {
  if (!isPlace(lon1, lat1) || !isPlace(lon2, lat2)) return null;
  return RADIUS_METRES * angleBetween(vectorOf(lon1, lat1), vectorOf(lon2, lat2));
}

/** Whether a place is within so many metres of another; null when something is out of range. */
export function isInCircle(lon: number, lat: number, lon0: number, lat0: number, radius: number): boolean | null {
  const distance = distanceOf(lon, lat, lon0, lat0);
  return distance === null || !(radius > 0) ? null : distance <= radius;
}

/** Clockwise angle from north at the first place to the way to the second, from 0 to 2π; null where it is not defined. */
export function azimuthOf(lon1: number, lat1: number, lon2: number, lat2: number): number | null {
  if (!isPlace(lon1, lat1) || !isPlace(lon2, lat2)) return null;
  const apart = angleBetween(vectorOf(lon1, lat1), vectorOf(lon2, lat2));
  // The same place, or the opposite one.
  if (apart < 1e-15 || Math.PI - apart < 1e-15) return null;
  const [p1, p2, l] = [lat1 * RADIANS, lat2 * RADIANS, (lon2 - lon1) * RADIANS];
  const angle = Math.atan2(
    Math.sin(l) * Math.cos(p2),
    Math.cos(p1) * Math.sin(p2) - Math.sin(p1) * Math.cos(p2) * Math.cos(l),
  );
  return angle < 0 ? angle + 2 * Math.PI : angle;
}

/** Clockwise angle at the second place from the way to the first to the way to the third. */
export function angleOf(...places: readonly [number, number, number, number, number, number]): number | null {
  const [lon1, lat1, lon2, lat2, lon3, lat3] = places;
  const [back, on] = [azimuthOf(lon2, lat2, lon1, lat1), azimuthOf(lon2, lat2, lon3, lat3)];
  if (back === null || on === null) return null;
  return on < back ? on - back + 2 * Math.PI : on - back;
}

/** Places of the lines of a GeoJSON LineString or MultiLineString; null when it is no valid one. */
function linesOf(shape: unknown): Vector[][] | null {
  if (typeof shape !== 'object' || shape === null) return null;
  const { type, coordinates } = shape as { type?: unknown; coordinates?: unknown };
  const lists = type === 'LineString' ? [coordinates] : type === 'MultiLineString' ? coordinates : null;
  if (!Array.isArray(lists) || lists.length === 0) return null;
  const lines = lists.map((list) => placesOf(list));
  return lines.every((line) => line !== null) ? lines : null;
}

function placesOf(list: unknown): Vector[] | null {
  if (!Array.isArray(list) || list.length < 2) return null;
  const places = (list as unknown[]).map((item) => {
    const [longitude, latitude] = Array.isArray(item) ? (item as unknown[]) : [];
    if (typeof longitude !== 'number' || typeof latitude !== 'number' || !isPlace(longitude, latitude)) return null;
    return vectorOf(longitude, latitude);
  });
  return places.every((place) => place !== null) ? places : null;
}

const edgesOf = (line: readonly Vector[]): [Vector, Vector][] =>
  line.slice(1).map((place, i) => [line[i] as Vector, place]);

/** Metres along a line; of several lines Kusto measures their union, which is refused. */
export function lengthOf(shape: unknown): number | null {
  const lines = linesOf(shape);
  if (lines === null) return null;
  if (lines.length > 1) throw new Error('geo_line_length: of several lines, whose common parts would count once');
  const edges = lines.flatMap(edgesOf);
  return RADIUS_METRES * edges.reduce((sum, [a, b]) => sum + angleBetween(a, b), 0);
}

/** Angle between a place and the shorter arc from `a` to `b`. */
function toEdge(place: Vector, a: Vector, b: Vector): number {
  const ends = Math.min(angleBetween(place, a), angleBetween(place, b));
  const pole = cross(a, b);
  const size = norm(pole);
  if (size === 0) return ends;
  // The foot of the perpendicular lies on the arc when it is on the inner side of both ends.
  const isBeside = dot(cross(pole, a), place) > 0 && dot(cross(b, pole), place) > 0;
  return isBeside ? Math.abs(Math.asin(Math.min(1, Math.max(-1, dot(pole, place) / size)))) : ends;
}

/** Metres from a place to the nearest point of a line. */
export function distanceToLine(longitude: number, latitude: number, shape: unknown): number | null {
  const lines = linesOf(shape);
  if (lines === null || !isPlace(longitude, latitude)) return null;
  const place = vectorOf(longitude, latitude);
  const edges = lines.flatMap(edgesOf);
  return RADIUS_METRES * edges.reduce((least, [a, b]) => Math.min(least, toEdge(place, a, b)), Infinity);
}
