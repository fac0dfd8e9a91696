import type { Place } from './evaluate/values.ts';

/** One thing that is wrong, as a linter would say it. */
export interface Finding {
  /** The check that found it. */
  readonly check: string;
  /** Ids of the public rules it stands for, when it does. */
  readonly rule?: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly what: string;
  readonly got: string;
  readonly expected: string;
}

/** @param detail `[what, got, expected]` */
export function finding(
  check: string,
  place: Place,
  detail: readonly [what: string, got: string, expected: string],
  rule?: string,
): Finding {
  const [what, got, expected] = detail;
  const { file, line, column } = place;
  return { check, ...(rule === undefined ? {} : { rule }), file, line, column, what, got, expected };
}

/** The same thing found in several scenarios is one thing. */
export function distinct(findings: readonly Finding[]): Finding[] {
  const seen = new Map(findings.map((each) => [JSON.stringify(each), each]));
  return [...seen.values()].sort(
    (a, b) => a.file.localeCompare(b.file) || a.line - b.line || a.check.localeCompare(b.check),
  );
}

/** One line for people and editors. */
export const lineOf = ({ file, line, column, check, rule, what, got, expected }: Finding): string =>
  `${file}:${line}:${column}  ${check}${rule === undefined ? '' : ` (${rule})`}  ${what}: got ${got}, expected ${expected}`;
