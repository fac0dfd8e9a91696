import { angleOf, azimuthOf, distanceOf, distanceToLine, isInCircle, lengthOf } from '../scalars/geo.ts';
import { geohashCentre, geohashNeighbours, geohashOf, geohashPolygon } from '../scalars/geohash.ts';
import type { ArgumentKind, JsScalar } from './function-types.ts';

const numbers = (count: number): ArgumentKind[] => Array.from({ length: count }, () => 'number');

/** The fifth argument asks for an ellipsoid, whose formula is not documented. */
function distance(lon1: number, lat1: number, lon2: number, lat2: number, isSpheroid = false): number | null {
  if (isSpheroid) throw new Error('geo_distance_2points: use_spheroid=true');
  return distanceOf(lon1, lat1, lon2, lat2);
}

/** Geospatial functions on the sphere. */
export const JS_GEO: readonly JsScalar[] = [
  {
    kind: 'js',
    name: 'geo_point_to_geohash',
    args: ['number', 'number', 'long'],
    required: 2,
    result: 'string',
    call: geohashOf,
  },
  { kind: 'js', name: 'geo_geohash_to_central_point', args: ['string'], result: 'dynamic', call: geohashCentre },
  { kind: 'js', name: 'geo_geohash_to_polygon', args: ['string'], result: 'dynamic', call: geohashPolygon },
  { kind: 'js', name: 'geo_geohash_neighbors', args: ['string'], result: 'dynamic', call: geohashNeighbours },
  {
    kind: 'js',
    name: 'geo_distance_2points',
    args: [...numbers(4), 'bool'],
    required: 4,
    result: 'real',
    call: distance,
  },
  { kind: 'js', name: 'geo_point_in_circle', args: numbers(5), result: 'bool', call: isInCircle },
  { kind: 'js', name: 'geo_azimuth', args: numbers(4), result: 'real', call: azimuthOf },
  { kind: 'js', name: 'geo_angle', args: numbers(6), result: 'real', call: angleOf },
  { kind: 'js', name: 'geo_line_length', args: ['dynamic'], result: 'real', call: lengthOf },
  {
    kind: 'js',
    name: 'geo_distance_point_to_line',
    args: ['number', 'number', 'dynamic'],
    result: 'real',
    call: distanceToLine,
  },
];
