import {
  arrayConcat,
  arrayIff,
  arrayIndexOf,
  arrayReverse,
  arrayRotateLeft,
  arrayShiftLeft,
  arraySlice,
  arraySort,
  arraySplit,
  arraySum,
  repeat,
  zip,
} from '../scalars/arrays.ts';
import {
  bagHasKey,
  bagKeys,
  bagMerge,
  bagRemoveKeys,
  bagSetKey,
  bagZip,
  dynamicToJson,
  treePath,
} from '../scalars/bags.ts';
import { jaccardIndex, setDifference, setEquals, setHasElement, setIntersect, setUnion } from '../scalars/sets.ts';
import type { Value } from '../sql/value.ts';
import type { CallSite, ScalarFunction } from './function-types.ts';

type Text = string | null;

/** A list that DuckDB holds is cut there: as JSON text, a series of two weeks would be written and read for its last few points. */
function sliceOfList([array, start, end]: readonly Value[], site: CallSite): Value | undefined {
  const [from, to] = [start?.constant, end?.constant];
  if (!array?.list || typeof from !== 'bigint' || typeof to !== 'bigint') return undefined;
  const list = site.atom(array.sql);
  const first = from < 0n ? `greatest(len(${list}) - ${-from}, 0) + 1` : `${from + 1n}`;
  const last = to < 0n ? `greatest(len(${list}) - ${-to - 1n}, 0)` : `${to + 1n}`;
  // A last place before the first one means none; to list_slice a 0 may mean something else.
  return {
    sql: `CASE WHEN ${last} < ${first} THEN list_slice(${list}, 2, 1) ELSE list_slice(${list}, ${first}, ${last}) END`,
    type: 'dynamic',
    list: array.list,
  };
}

const BAGS: readonly ScalarFunction[] = [
  { kind: 'js', name: 'bag_keys', args: ['json'], result: 'json', call: bagKeys },
  {
    kind: 'js',
    name: 'bag_merge',
    args: ['json', 'json'],
    rest: 'json',
    nulls: 'see',
    result: 'json',
    call: (...bags: Text[]) => bagMerge(bags),
  },
  { kind: 'js', name: 'bag_remove_keys', args: ['json', 'json'], result: 'json', call: bagRemoveKeys },
  {
    kind: 'js',
    name: 'bag_set_key',
    args: ['json', 'string', 'json'],
    nulls: 'see',
    result: 'json',
    call: (bag: Text, key: string, value: Text) => bagSetKey(bag, key, value ?? 'null'),
  },
  { kind: 'js', name: 'bag_has_key', args: ['json', 'string'], result: 'bool', call: bagHasKey },
  { kind: 'js', name: 'bag_zip', args: ['json', 'json'], nulls: 'see', result: 'json', call: bagZip },
  { kind: 'js', name: 'treepath', args: ['json'], result: 'json', call: treePath },
  { kind: 'js', name: 'dynamic_to_json', args: ['json'], result: 'string', call: dynamicToJson },
];

const ARRAYS: readonly ScalarFunction[] = [
  {
    kind: 'js',
    name: 'array_concat',
    args: ['json'],
    rest: 'json',
    nulls: 'see',
    result: 'json',
    call: (...arrays: Text[]) => arrayConcat(arrays),
  },
  ...['array_iff', 'array_iif'].map((name): ScalarFunction => ({
    kind: 'js',
    name,
    args: ['json', 'json', 'json'],
    nulls: 'see',
    result: 'json',
    call: arrayIff,
  })),
  {
    kind: 'js',
    name: 'array_index_of',
    args: ['json', 'json', 'int', 'int', 'int'],
    required: 2,
    result: 'long',
    call: (array: string, value: string, start?: number, length?: number, occurrence?: number) => {
      const index = arrayIndexOf(array, value, start, length, occurrence);
      return index === null ? null : BigInt(index);
    },
  },
  { kind: 'js', name: 'array_reverse', args: ['json'], result: 'json', call: arrayReverse },
  { kind: 'js', name: 'array_rotate_left', args: ['json', 'int'], result: 'json', call: arrayRotateLeft },
  {
    kind: 'js',
    name: 'array_rotate_right',
    args: ['json', 'int'],
    result: 'json',
    call: (array: string, by: number) => arrayRotateLeft(array, -by),
  },
  {
    kind: 'js',
    name: 'array_shift_left',
    args: ['json', 'int', 'json'],
    required: 2,
    nulls: 'see',
    result: 'json',
    call: (array: Text, by: number | null, fill?: Text) => (by === null ? null : arrayShiftLeft(array, by, fill)),
  },
  {
    kind: 'js',
    name: 'array_shift_right',
    args: ['json', 'int', 'json'],
    required: 2,
    nulls: 'see',
    result: 'json',
    call: (array: Text, by: number | null, fill?: Text) => (by === null ? null : arrayShiftLeft(array, -by, fill)),
  },
  {
    kind: 'js',
    name: 'array_slice',
    args: ['json', 'int', 'int'],
    result: 'json',
    inSql: sliceOfList,
    call: arraySlice,
  },
  { kind: 'js', name: 'array_split', args: ['json', 'json'], result: 'json', call: arraySplit },
  { kind: 'js', name: 'array_sum', args: ['json'], result: 'real', call: arraySum },
  {
    kind: 'js',
    name: 'zip',
    args: ['json', 'json'],
    rest: 'json',
    nulls: 'see',
    result: 'json',
    call: (...arrays: Text[]) => zip(arrays),
  },
  { kind: 'js', name: 'repeat', args: ['json', 'int'], result: 'json', call: repeat },
];

/** The last argument says whether nulls come last; it arrives as JSON text like the arrays before it. */
function sortCall(descending: boolean): (...args: Text[]) => Text[] {
  return (...args) => {
    const last = args.at(-1);
    const flag = args.length > 1 && (last === 'true' || last === 'false');
    return arraySort(flag ? args.slice(0, -1) : args, descending, last !== 'false');
  };
}

/** Hidden behind `array_sort_asc` and `array_sort_desc`: an array of all the sorted arrays. */
const SORTS: readonly ScalarFunction[] = [false, true].map((descending): ScalarFunction => ({
  kind: 'js',
  name: `internal_array_sort_${descending ? 'desc' : 'asc'}`,
  args: ['json'],
  rest: 'json',
  nulls: 'see',
  result: 'json',
  call: (...args: Text[]) =>
    `[${sortCall(descending)(...args)
      .map((array) => array ?? 'null')
      .join(',')}]`,
}));

const SETS: readonly ScalarFunction[] = [
  {
    kind: 'js',
    name: 'set_union',
    args: ['json', 'json'],
    required: 1,
    rest: 'json',
    nulls: 'see',
    result: 'json',
    call: (...sets: Text[]) => setUnion(sets),
  },
  {
    kind: 'js',
    name: 'set_intersect',
    args: ['json', 'json'],
    required: 1,
    rest: 'json',
    nulls: 'see',
    result: 'json',
    call: (...sets: Text[]) => setIntersect(sets),
  },
  {
    kind: 'js',
    name: 'set_difference',
    args: ['json', 'json'],
    required: 1,
    rest: 'json',
    nulls: 'see',
    result: 'json',
    call: (...sets: Text[]) => setDifference(sets),
  },
  { kind: 'js', name: 'set_has_element', args: ['json', 'json'], result: 'bool', call: setHasElement },
  { kind: 'js', name: 'set_equals', args: ['json', 'json'], result: 'bool', call: setEquals },
  { kind: 'js', name: 'jaccard_index', args: ['json', 'json'], result: 'real', call: jaccardIndex },
];

/** Functions on arrays and bags, in JavaScript on their JSON text. */
export const JS_DYNAMIC: readonly ScalarFunction[] = [...BAGS, ...ARRAYS, ...SORTS, ...SETS];
