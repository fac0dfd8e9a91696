import type { Scenario } from '../context.ts';
import { isObject, textOf, type Value } from '../evaluate/values.ts';

// Rules of PSRule for Azure (https://azure.github.io/PSRule.Rules.Azure), Checkov (CKV_AZURE_…) and Template Analyzer (TA-…) that fit what we deploy.

export interface PolicyRule {
  /** Ids of the public rules. */
  readonly ids: string;
  /** Resource type it is about. */
  readonly type: string;
  /** Property it looks at. */
  readonly path: string;
  /** What is expected, in words. */
  readonly expected: string;
  readonly allows: (value: Value | undefined, scenario: Scenario) => boolean;
  /** When it holds; always, if absent. */
  readonly when?: (scenario: Scenario) => boolean;
}

type Row = readonly [
  ids: string,
  path: string,
  expected: string | number | boolean | ((value: Value | undefined, scenario: Scenario) => boolean),
  words?: string | undefined,
  when?: PolicyRule['when'],
];

/** Rules of one resource type, a row each. */
export const rows = (type: string, list: readonly Row[]): PolicyRule[] =>
  list.map(([ids, path, expected, words, when]) => ({
    ids,
    type,
    path,
    expected: words ?? JSON.stringify(expected),
    allows: typeof expected === 'function' ? expected : (value) => value === expected,
    ...(when ? { when } : {}),
  }));

/** Private endpoints instead of public ones. */
export const isolated = ({ isIsolated }: Scenario): boolean => isIsolated;
/** Profiles that carry real traffic. */
export const forReal = ({ profile }: Scenario): boolean => profile !== 'dev';
/** Some kind of managed identity. */
export const managed = (value: Value | undefined): boolean => /^(System|User)Assigned/.test(textOf(value ?? null));
/** A number not below this. */
export const atLeast =
  (least: number) =>
  (value: Value | undefined): boolean =>
    typeof value === 'number' && value >= least;
/** An object with that property. */
export const has = (value: Value | undefined, name: string): boolean => isObject(value) && name in value;
