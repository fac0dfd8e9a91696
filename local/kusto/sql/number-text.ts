// Numbers and bools from text, JSON text and other numbers, as the engine of Kusto converts them (seen on its emulator).
// Every argument is SQL that may be repeated.

const INTEGER_TEXT = "'\\s*[+-]?[0-9]+\\s*'";
const HEX_TEXT = "'\\s*0[xX][0-9a-fA-F]{1,16}\\s*'";
const LONG_MAX = '9223372036854775807';
const LONG_MIN = '(-9223372036854775807 - 1)';

/** `0x` and up to 16 digits; the highest bit is the sign. */
const hexOfText = (text: string): string =>
  `CAST(CAST(TRY_CAST(trim(${text}) AS UBIGINT) AS HUGEINT) - CASE WHEN TRY_CAST(trim(${text}) AS UBIGINT) > ${LONG_MAX} THEN 18446744073709551616 ELSE 0 END AS BIGINT)`;

/** A whole number, decimal or hexadecimal; null for anything else, `1.5` and `1e3` included. */
export const longOfText = (text: string): string =>
  `CASE WHEN regexp_full_match(${text}, ${INTEGER_TEXT}) THEN TRY_CAST(${text} AS BIGINT) WHEN regexp_full_match(${text}, ${HEX_TEXT}) THEN ${hexOfText(text)} END`;

/** Towards zero, held at the ends of the range; null for NaN and the infinities. */
export const longOfReal = (x: string): string =>
  `CASE WHEN NOT isfinite(${x}) THEN NULL WHEN ${x} >= 9223372036854775807 THEN ${LONG_MAX} WHEN ${x} <= -9223372036854775807 THEN ${LONG_MIN} ELSE TRY_CAST(trunc(${x}) AS BIGINT) END`;

export const intOfReal = (x: string): string =>
  `CASE WHEN NOT isfinite(${x}) THEN NULL WHEN ${x} >= 2147483647 THEN 2147483647 WHEN ${x} <= -2147483648 THEN (-2147483648)::INTEGER ELSE TRY_CAST(trunc(${x}) AS INTEGER) END`;

/** The lowest 32 bits. */
export const intOfLong = (x: string): string =>
  `CAST(CASE WHEN (${x} & 4294967295) > 2147483647 THEN (${x} & 4294967295) - 4294967296 ELSE ${x} & 4294967295 END AS INTEGER)`;

/** DuckDB takes `1_000` and `INF` for numbers, Kusto doesn't. */
export const realOfText = (text: string): string =>
  `CASE WHEN NOT contains(${text}, '_') AND NOT contains(${text}, 'INF') THEN TRY_CAST(${text} AS DOUBLE) END`;

/** The characters of a JSON string, right for those that could be a number or a bool. */
const inner = (json: string): string => `substr(${json}, 2, length(${json}) - 2)`;
const isText = (json: string): string => `${json} LIKE '"%'`;
const isWhole = (json: string): string => `regexp_full_match(${json}, '-?[0-9]+')`;
const bit = (json: string, type: string): string =>
  `WHEN ${json} IN ('true','false') THEN CAST(${json} = 'true' AS ${type})`;

export const longOfJson = (json: string): string =>
  `CASE WHEN ${isText(json)} THEN ${longOfText(inner(json))} ${bit(json, 'BIGINT')} WHEN ${isWhole(json)} AND TRY_CAST(${json} AS BIGINT) IS NOT NULL THEN TRY_CAST(${json} AS BIGINT) ELSE ${longOfReal(`TRY_CAST(${json} AS DOUBLE)`)} END`;

/** A JSON string must fit; a whole number loses its upper bits; a fraction is held at the ends of the range. */
export const intOfJson = (json: string): string =>
  `CASE WHEN ${isText(json)} THEN TRY_CAST(${longOfText(inner(json))} AS INTEGER) ${bit(json, 'INTEGER')} WHEN ${isWhole(json)} AND TRY_CAST(${json} AS BIGINT) IS NOT NULL THEN ${intOfLong(`TRY_CAST(${json} AS BIGINT)`)} ELSE ${intOfReal(`TRY_CAST(${json} AS DOUBLE)`)} END`;

export const realOfJson = (json: string): string =>
  `CASE WHEN ${isText(json)} THEN ${realOfText(inner(json))} ${bit(json, 'DOUBLE')} ELSE TRY_CAST(${json} AS DOUBLE) END`;

/** `true`, `false` in any case, or a whole number. */
export const boolOfText = (text: string): string =>
  `CASE WHEN lower(${text}) = 'true' THEN TRUE WHEN lower(${text}) = 'false' THEN FALSE ELSE (${longOfText(text)}) <> 0 END`;

export const boolOfJson = (json: string): string =>
  `CASE WHEN ${isText(json)} THEN ${boolOfText(inner(json))} WHEN ${json} IN ('true','false') THEN ${json} = 'true' ELSE TRY_CAST(${json} AS DOUBLE) <> 0 END`;

/** A finite number with as few digits as tell it from its neighbours; of several such numbers Kusto writes the one farthest from zero, `0.30000000000000007`. */
export function realText(x: string): string {
  const text = `CAST(${x} AS VARCHAR)`;
  const digits = `regexp_extract(${text}, '^[^e]*')`;
  const last = `CAST(right(${digits}, 1) AS BIGINT)`;
  const others = `list_transform(range(${last}, 10), lambda last_digit: left(${digits}, -1) || last_digit || substr(${text}, length(${digits}) + 1))`;
  return `CASE WHEN length(${text}) < 17 OR ${text} LIKE '%.0' THEN ${text} ELSE list_last(list_filter(${others}, lambda longer: CAST(longer AS DOUBLE) = ${x})) END`;
}
