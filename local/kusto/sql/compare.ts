// Comparison with KQL's null rules: `==` and `!=` answer null only when both sides are null; `<` and its like are three-valued.

import type { Value } from './value.ts';

const isNull = (value: Value): boolean => value.constant === null && value.type !== 'string';

/** `a == b` or `a != b`; `predicate`: null may be given for false. Both sides have the same physical type; `b` and `a` may be repeated. */
export function equality(a: Value, b: Value, negate: boolean, predicate: boolean): string {
  if (isNull(a) || isNull(b)) {
    // Against a null literal the answer is null when the other side is null, else false (true for !=).
    const other = isNull(a) ? b : a;
    if (isNull(other)) return 'CAST(NULL AS BOOLEAN)';
    return `CASE WHEN ${other.sql} IS NOT NULL THEN ${negate ? 'TRUE' : 'FALSE'} END`;
  }
  const plain = `(${a.sql} ${negate ? '<>' : '='} ${b.sql})`;
  if (a.notNull === true && b.notNull === true) return plain;
  if (!negate && predicate) return plain;
  if (a.notNull === true || b.notNull === true) {
    return negate ? `(${a.sql} IS DISTINCT FROM ${b.sql})` : `coalesce(${plain}, FALSE)`;
  }
  const total = `${a.sql} IS ${negate ? '' : 'NOT '}DISTINCT FROM ${b.sql}`;
  return `CASE WHEN ${a.sql} IS NOT NULL OR ${b.sql} IS NOT NULL THEN ${total} END`;
}
