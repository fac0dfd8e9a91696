// The only file that knows how Microsoft's parser is loaded and what its objects look like.
// Its own declarations (34,000 lines) are not used: this is the small part that the compiler reads.
// The min.js pair takes half the memory of the other one; `main` of the package fails under a bare require.

import { createRequire } from 'node:module';

/** A .NET list. */
export interface NetList<T> {
  readonly Count: number;
  getItem(index: number): T;
}

export interface TypeSymbol {
  readonly Name: string;
  /** Of table and tuple types. */
  readonly Columns?: NetList<ColumnSymbol>;
}

export interface ColumnSymbol {
  readonly Name: string;
  readonly Type: TypeSymbol;
}

export interface Diagnostic {
  readonly Code: string;
  readonly Severity: string;
  readonly Start: number;
  readonly Length: number;
  readonly Message: string;
}

/** A node or token of the bound tree. Which properties are there depends on its kind (see `kindOf`). */
export interface Syntax {
  readonly IsToken?: boolean;
  readonly Text?: string;
  /** White space and comments before a token. */
  readonly Trivia?: string;
  readonly ValueText?: string;
  readonly SimpleName?: string;
  readonly TextStart: number;
  readonly Width: number;
  readonly ChildCount: number;
  /** The node around this one; none at the root of a text. */
  readonly Parent?: Syntax | null;
  GetChild(index: number): Syntax | null;
  readonly ResultType?: TypeSymbol | null;
  readonly ReferencedSymbol?: TypeSymbol | null;
  readonly IsConstant?: boolean;
  GetCalledFunctionBody(): Syntax | null;
  /** Lists. */
  readonly Count?: number;
  getItem?(index: number): Syntax;
  readonly Element?: Syntax;
  readonly Element$1?: Syntax;

  readonly AggregatesClause?: Syntax | null;
  readonly Aggregates?: Syntax | null;
  readonly ArgumentList?: Syntax | null;
  readonly Arguments?: Syntax | null;
  readonly AsIdentifier?: Syntax | null;
  readonly Assignments?: Syntax | null;
  readonly Body?: Syntax | null;
  readonly ByClause?: Syntax | null;
  readonly ByExpression?: Syntax | null;
  readonly Clauses?: Syntax | null;
  readonly Column?: Syntax | null;
  readonly Columns?: Syntax | null;
  readonly ComputationClause?: Syntax | null;
  readonly Condition?: Syntax | null;
  readonly ConditionClause?: Syntax | null;
  readonly ContextIdClause?: Syntax | null;
  readonly DataScope?: Syntax | null;
  readonly Declarations?: Syntax | null;
  readonly DeclareClause?: Syntax | null;
  readonly DefaultExpression?: Syntax | null;
  readonly DefaultValue?: Syntax | null;
  readonly Expression?: Syntax | null;
  readonly Expressions?: Syntax | null;
  readonly First?: Syntax | null;
  readonly From?: Syntax | null;
  readonly Function?: Syntax | null;
  readonly FunctionCall?: Syntax | null;
  readonly Id?: Syntax | null;
  readonly InClause?: Syntax | null;
  readonly Keys?: Syntax | null;
  readonly KindParameter?: Syntax | null;
  readonly Left?: Syntax | null;
  readonly LookupClause?: Syntax | null;
  readonly MakeSeriesFromClause?: Syntax | null;
  readonly MakeSeriesStepClause?: Syntax | null;
  readonly MakeSeriesToClause?: Syntax | null;
  readonly Name?: Syntax | null;
  readonly NameAndType?: Syntax | null;
  readonly NameEquals?: Syntax | null;
  readonly Names?: Syntax | null;
  readonly NullsClause?: Syntax | null;
  readonly NullsKeyword?: Syntax | null;
  readonly FirstOrLastKeyword?: Syntax | null;
  readonly OfExpression?: Syntax | null;
  readonly OnClause?: Syntax | null;
  readonly Operand?: Syntax | null;
  readonly Operator?: Syntax | null;
  readonly OrderByClause?: Syntax | null;
  readonly Ordering?: Syntax | null;
  readonly AscOrDescKeyword?: Syntax | null;
  readonly Pairs?: Syntax | null;
  readonly Parameter?: Syntax | null;
  readonly ParameterValues?: Syntax | null;
  readonly Parameters?: Syntax | null;
  readonly PartitionByClause?: Syntax | null;
  readonly PathParameter?: Syntax | null;
  readonly PathValue?: Syntax | null;
  readonly Pattern?: Syntax | null;
  readonly Patterns?: Syntax | null;
  readonly Properties?: Syntax | null;
  readonly Project?: Syntax | null;
  readonly ProjectAway?: Syntax | null;
  readonly Query?: Syntax | null;
  readonly RangeClause?: Syntax | null;
  readonly Right?: Syntax | null;
  readonly RowLimit?: Syntax | null;
  readonly RowLimitClause?: Syntax | null;
  readonly ScanStepOutput?: Syntax | null;
  readonly OutputKind?: Syntax | null;
  readonly Schema?: Syntax | null;
  readonly Second?: Syntax | null;
  readonly Selector?: Syntax | null;
  readonly Statements?: Syntax | null;
  readonly Step?: Syntax | null;
  readonly Steps?: Syntax | null;
  readonly Subquery?: Syntax | null;
  readonly To?: Syntax | null;
  readonly ToTypeOf?: Syntax | null;
  readonly Token?: Syntax | null;
  readonly Type?: Syntax | null;
  readonly TypeOf?: Syntax | null;
  readonly Types?: Syntax | null;
  readonly Value?: Syntax | null;
  readonly ValueClause?: Syntax | null;
  readonly Values?: Syntax | null;
  readonly ViewKeyword?: Syntax | null;
  readonly WithClause?: Syntax | null;
  readonly WithOthersClause?: Syntax | null;
}

export interface Code {
  readonly Syntax: Syntax;
  readonly ResultType: TypeSymbol | null;
  GetDiagnostics(): NetList<Diagnostic>;
}

/** Opaque: what names a query may use. */
export interface GlobalState {
  WithDatabase(database: object): GlobalState;
  /** The same, but bound bodies of stored functions are kept from one analysis to the next. */
  WithCache(): GlobalState;
}

interface Language {
  readonly KustoCode: { ParseAndAnalyze(text: string, globals: GlobalState): Code };
  readonly GlobalState: { readonly Default: GlobalState };
  readonly Symbols: {
    readonly TableSymbol: { From(schema: string): { WithName(name: string): object } };
    readonly MaterializedViewSymbol: {
      $ctor3: new (name: string, schema: string, query: string, docs: string) => object;
    };
    readonly FunctionSymbol: { $ctor16: new (name: string, parameters: string, body: string, docs: string) => object };
    readonly DatabaseSymbol: { ctor: new (name: string, members: readonly object[]) => object };
  };
}

interface BridgeLibrary {
  getTypeName(value: unknown): string;
  unbox(value: unknown): unknown;
}

let loaded: { language: Language; bridge: BridgeLibrary } | undefined;

function load(): { language: Language; bridge: BridgeLibrary } {
  if (!loaded) {
    // A process that began from a snapshot has them already.
    if (!('Kusto' in globalThis)) {
      const require = createRequire(import.meta.url);
      require('@kusto/language-service-next/bridge.min.js');
      require('@kusto/language-service-next/Kusto.Language.Bridge.min.js');
    }
    const globals = globalThis as unknown as { Kusto: { Language: Language }; Bridge: BridgeLibrary };
    loaded = { language: globals.Kusto.Language, bridge: globals.Bridge };
  }
  return loaded;
}

/** The parser library; about half a second the first time. */
export const language = (): Language => load().language;

const kindNames = new WeakMap<object, string>();

/** Class name of a node, symbol or type without its namespace: `FilterOperator`, `ColumnSymbol`. */
export function kindOf(node: object): string {
  const constructor = node.constructor;
  let name = kindNames.get(constructor);
  if (name === undefined) {
    const full = load().bridge.getTypeName(node);
    name = full.startsWith('Kusto.')
      ? full.replace(/[`[].*$/, '').slice(full.replace(/[`[].*$/, '').lastIndexOf('.') + 1)
      : full;
    kindNames.set(constructor, name);
  }
  return name;
}

/** Elements of a syntax list, separators left out. */
export function elements(list: Syntax | null | undefined): Syntax[] {
  const out: Syntax[] = [];
  for (let i = 0; i < (list?.ChildCount ?? 0); i++) {
    const child = list?.GetChild(i);
    if (child) out.push(kindOf(child) === 'SeparatedElement' ? (child.GetChild(0) as Syntax) : child);
  }
  return out;
}

/** Items of a .NET list. */
export function items<T>(list: NetList<T> | null | undefined): T[] {
  const out: T[] = [];
  for (let i = 0; i < (list?.Count ?? 0); i++) out.push((list as NetList<T>).getItem(i));
  return out;
}
