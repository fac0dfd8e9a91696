// Sample values for the parameters of any signature: by the parameter's name where the name says what is wanted, else by its type.
import type { KnownParameter } from '../../local/kusto/parser/known-names.ts';
import type { TableInfo } from '../../local/kusto/types.ts';

/** The one row that probes run over: a column of every type. */
export const PROBE_TABLE: TableInfo = {
  name: 'Probe',
  relation: 'Probe',
  ingestedAt: '_at',
  columns: Object.entries({
    B: 'bool',
    I: 'int',
    L: 'long',
    R: 'real',
    S: 'string',
    D: 'datetime',
    T: 'timespan',
    J: 'dynamic',
    A: 'dynamic',
    G: 'guid',
    C: 'decimal',
  } as const).map(([name, type]) => ({ name, type })),
};

/** Values of that row for DuckDB, in the order of its columns, and the time at which it came in. */
export const PROBE_ROW = [
  'true, 3, 5, 0.5',
  "'a,b c'",
  '639029810450000000, 36000000000',
  `'{"a":1}', '[1.0,2.0,3.0,5.0]'`,
  "'74be27de-1e4e-49d9-b579-fe0b331d3642', 1.5",
  '639029810450000000',
].join(', ');

const BY_TYPE: Readonly<Record<string, readonly string[]>> = {
  bool: ['B'],
  int: ['I'],
  long: ['L'],
  real: ['R'],
  decimal: ['C'],
  string: ['S'],
  datetime: ['D'],
  timespan: ['T'],
  dynamic: ['A', 'J'],
  guid: ['G'],
  type: ['typeof(long)'],
};

const BY_KIND: Readonly<Record<string, readonly string[]>> = {
  Scalar: ['L', 'S', 'A', 'J', 'D'],
  Any: ['L', 'S', 'A'],
  Integer: ['L'],
  RealOrDecimal: ['R'],
  StringOrDynamic: ['S', 'J'],
  StringOrArray: ['S', 'A'],
  IntegerOrArray: ['L', 'A'],
  DynamicArray: ['A'],
  DynamicBag: ['J'],
  Number: ['L', 'R'],
  NumberOrBool: ['B', 'L'],
  Summable: ['L', 'T'],
  Orderable: ['L', 'D'],
  NotRealOrBool: ['L', 'S'],
  NotDynamic: ['S', 'L'],
  NotBool: ['L', 'S'],
  Parameter0: ['L', 'S', 'A', 'D'],
  Parameter1: ['L', 'S', 'A', 'D'],
  Parameter2: ['L', 'S', 'A', 'D'],
  CommonScalar: ['L', 'S'],
  CommonNumber: ['L'],
  CommonSummable: ['L'],
  CommonOrderable: ['L'],
  CommonScalarOrDynamic: ['L', 'A'],
  Tabular: ['(print y = 1)'],
};

/** Constants for what engines want to know beforehand. */
const CONSTANTS: Readonly<Record<string, readonly string[]>> = {
  bool: ['true'],
  int: ['1'],
  long: ['1', '2'],
  real: ['1.0', '0.5'],
  decimal: ['decimal(1.5)'],
  string: ['"a"'],
  datetime: ['datetime(2026-01-01)'],
  timespan: ['1h'],
  dynamic: ['dynamic([1,2])', 'dynamic({"a":1})'],
  guid: ['guid(74be27de-1e4e-49d9-b579-fe0b331d3642)'],
  type: ['typeof(long)'],
};

/** One unit of each kind that `convert_…` takes. */
const UNITS = ['Degree', 'Europe/Vienna', 'Joule', 'Newton', 'Meter', 'Gram', 'MeterPerSecond', 'Kelvin', 'Liter'].map(
  (unit) => `"${unit}"`,
);

/** Names that say more than their type. */
const BY_NAME: readonly (readonly [RegExp, readonly string[]])[] = [
  [/^(?:regex|lookup_regex|rewrite|lookup)$/, ['"(a)"']],
  [/^(?:normalize|center)$/, ['true']],
  [/^method$/, ['"ctukey"']],
  [/^parser$/, ['"windows"']],
  [/^units?$/, ['"KB"']],
  [/^(?:series[12]_magnitude|ignore_val|missing_value_placeholder)$/, ['1.0']],
  [/^rewrite_pattern$/, ['"x"']],
  [/^captureGroups?$/, ['1', 'dynamic([1])']],
  [/^(?:jsonPath|path)$/, ['"$.a"']],
  [/^json_?[tT]ext$/, ['"{}"']],
  [/^timezone$/, ['"Europe/Vienna"']],
  [/^from$|^to$/, UNITS],
  [/^match$/, ['"a"']],
  [/^part$/, ['"day"']],
  [/^url$|^encoded_url$/, ['"https://example.org/a?b=1"']],
  [/^(?:ip|ip1|ip2|start_ip|end_ip)$/, ['"192.168.1.1"', '"fe80::1"']],
  [/^ip_range$|^ranges$|^ips$|^ip_prefix(?:es)?$/, ['"192.168.1.0/24"', 'dynamic(["192.168.1.0/24"])', '"192.168."']],
  [/^format$/, ['"yyyy-MM-dd"', '"h"']],
  [/^xml_text$/, ['"<a>1</a>"']],
  [/^kind$/, ['"normal"', '"ctukey"']],
  [/^trend$/, ['"linefit"']],
  [/^base64_string$/, ['"YWJjZGVmZ2hpamtsbW5vcA=="']],
  [/^percentiles?\d?$/, ['50', 'dynamic([50])']],
  [/^(?:min|max)_percentile$/, ['10']],
  [/^seasonality_threshold$|^threshold$|^accuracy$/, ['0.6', '1']],
  [/^(?:period|test_points|min_period|max_period|num_periods|season\w*)$/, ['2']],
  [/^degree$/, ['2']],
  [/^searchList$|^replacementList$/, ['"abc"', '"xyz"']],
  [/^wkt$/, ['"POINT (1 2)"']],
  [/^offset$|^shift\w*$|^rotate_count$|^startingIndex$|^occurrence$|^seed$/, ['1']],
  [/^version$/, ['"1.2.3"']],
  [/^predicate$|^if$|^condition$/, ['B', 'true']],
];

/** Values worth trying, the likely first. */
export function samplesOf(parameter: KnownParameter): readonly string[] {
  const takesText = parameter.types.length === 0 || parameter.types.includes('string');
  const named = (BY_NAME.find(([pattern]) => pattern.test(parameter.name))?.[1] ?? []).filter(
    (value) => takesText || !value.startsWith('"'),
  );
  const words = parameter.values.map((value) => (value.startsWith('"') ? value : `"${value}"`));
  if (parameter.argument === 'StarOnly') return ['*'];
  if (parameter.argument === 'Aggregate') return ['count()'];
  const types = parameter.kind === 'Declared' ? parameter.types : [];
  const columns = types.length > 0 ? types.flatMap((type) => BY_TYPE[type] ?? []) : (BY_KIND[parameter.kind] ?? ['L']);
  const constants = types.flatMap((type) => CONSTANTS[type] ?? []);
  const number = types.length === 0 && /Number|Integer|Scalar|Common|Summable|Orderable/.test(parameter.kind);
  const needsConstant = /Literal|Constant/.test(parameter.argument);
  const star = parameter.argument === 'StarAllowed' ? ['*'] : [];
  const plain = needsConstant ? [...constants, ...columns] : [...columns, ...constants];
  return [...new Set([...words.slice(0, 2), ...named, ...plain, ...(number ? ['1', '2'] : []), ...star])];
}
