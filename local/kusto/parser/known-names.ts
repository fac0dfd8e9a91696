// Everything that Microsoft's parser knows by name: what docs/kql-support.md holds the engine against.

import { items, language, type NetList } from './language.ts';

/** A parameter of a signature, as far as a sample value can be chosen from it. */
export interface KnownParameter {
  readonly name: string;
  /** `Declared`, `Scalar`, `Integer`, `DynamicArray`, `CommonScalar` … */
  readonly kind: string;
  /** Types when `kind` is `Declared`. */
  readonly types: readonly string[];
  /** `Expression`, `Literal`, `Constant`, `StarAllowed`, `Aggregate`, `Column` … */
  readonly argument: string;
  readonly least: number;
  readonly most: number;
  /** Fixed words that it takes. */
  readonly values: readonly string[];
}

export interface KnownFunction {
  readonly name: string;
  readonly isHidden: boolean;
  readonly isObsolete: boolean;
  readonly signatures: readonly (readonly KnownParameter[])[];
}

export interface KnownNames {
  readonly scalars: readonly KnownFunction[];
  readonly aggregates: readonly KnownFunction[];
  readonly plugins: readonly KnownFunction[];
  /** Class names of the parser's tabular operators. */
  readonly operators: readonly string[];
  readonly joinKinds: readonly string[];
  /** Names of management commands, as the parser calls them: `ShowTables`. */
  readonly commands: readonly string[];
}

type List<T> = readonly T[] | NetList<T>;
interface RawParameter {
  readonly Name: string;
  readonly TypeKind: number;
  readonly ArgumentKind: number;
  readonly DeclaredTypes: List<{ readonly Name: string }> | null;
  readonly MinOccurring: number;
  readonly MaxOccurring: number;
  readonly Values: List<unknown> | null;
}
interface RawFunction {
  readonly Name: string;
  readonly IsHidden: boolean;
  readonly IsObsolete: boolean;
  readonly Signatures: List<{ readonly Parameters: List<RawParameter> }>;
}
type Enumeration = Readonly<Record<string, unknown>>;
interface RawLanguage {
  readonly Functions: { readonly All: List<RawFunction> };
  readonly Aggregates: { readonly All: List<RawFunction> };
  readonly PlugIns: { readonly All: List<RawFunction> };
  readonly EngineCommands: { readonly All: List<{ readonly Name: string }> };
  readonly KustoFacts: { readonly JoinKinds: List<string> };
  readonly Symbols: { readonly ParameterTypeKind: Enumeration; readonly ArgumentKind: Enumeration };
  readonly Syntax: Readonly<Record<string, unknown>>;
}

const listOf = <T>(list: List<T> | null): readonly T[] =>
  list === null ? [] : Array.isArray(list) ? (list as readonly T[]) : items(list as NetList<T>);

const nameIn = (enumeration: Enumeration, value: number): string =>
  Object.entries(enumeration).find(([, number]) => number === value)?.[0] ?? '';

/** Reads the parser's registries; loads the parser when it is not there yet. */
export function knownNames(): KnownNames {
  const raw = language() as unknown as RawLanguage;
  const { ParameterTypeKind, ArgumentKind } = raw.Symbols;
  const parameter = (one: RawParameter): KnownParameter => ({
    name: one.Name,
    kind: nameIn(ParameterTypeKind, one.TypeKind),
    types: listOf(one.DeclaredTypes).map(({ Name }) => Name),
    argument: nameIn(ArgumentKind, one.ArgumentKind),
    least: one.MinOccurring,
    most: one.MaxOccurring,
    values: listOf(one.Values).filter((value) => typeof value === 'string'),
  });
  const functions = (all: List<RawFunction>): KnownFunction[] =>
    listOf(all).map((one) => ({
      name: one.Name,
      isHidden: one.IsHidden,
      isObsolete: one.IsObsolete,
      signatures: listOf(one.Signatures).map((signature) => listOf(signature.Parameters).map(parameter)),
    }));
  return {
    scalars: functions(raw.Functions.All),
    aggregates: functions(raw.Aggregates.All),
    plugins: functions(raw.PlugIns.All),
    operators: Object.keys(raw.Syntax)
      .filter((name) => /^[A-Z]\w+Operator$/.test(name) && !/^(?:BadQuery|Query)Operator$/.test(name))
      .toSorted(),
    joinKinds: listOf(raw.KustoFacts.JoinKinds),
    commands: [...new Set(listOf(raw.EngineCommands.All).map(({ Name }) => Name))],
  };
}
