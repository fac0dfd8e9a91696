// Tabular expressions of the bound tree → relations.

import { textOf } from '../parser/analyze.ts';
import { elements, kindOf, type Syntax } from '../parser/language.ts';
import type { Constant } from '../sql/value.ts';
import { nameOfCall } from './call.ts';
import { stringOf } from './literal.ts';
import {
  as,
  consume,
  count,
  distinct,
  getschema,
  render,
  serialize,
  sort,
  take,
  top,
  where,
} from './operators/basic.ts';
import { evaluate } from './operators/evaluate.ts';
import { join, lookup } from './operators/join.ts';
import { makeSeries } from './operators/make-series.ts';
import { mvApply } from './operators/mv-apply.ts';
import { mvExpand } from './operators/mv-expand.ts';
import { parse } from './operators/parse.ts';
import { parseKv } from './operators/parse-kv.ts';
import { partition, topHitters } from './operators/partition.ts';
import { extend, project, reshape } from './operators/project.ts';
import { sample, sampleDistinct } from './operators/sample.ts';
import { scan } from './operators/scan.ts';
import { find } from './operators/find.ts';
import { search } from './operators/search.ts';
import { datatable, print, range, tableRelation } from './operators/sources.ts';
import { summarize } from './operators/summarize.ts';
import { topNested } from './operators/top-nested.ts';
import { union } from './operators/union.ts';
import { callPattern } from './patterns.ts';
import { realias } from './realias.ts';
import type { Relation } from './relation.ts';
import { Row } from './row.ts';
import { PART_INPUT, Scope, type Translator } from './translator.ts';
import { callUserTable, isUserFunction } from './user-functions.ts';

type Operator = (t: Translator, node: Syntax, input: Relation, scope: Scope) => Relation;

const invoke: Operator = (t, node, input, scope) => t.callTable(node.Function as Syntax, scope, input);

const OPERATORS: ReadonlyMap<string, Operator> = new Map<string, Operator>([
  ['FilterOperator', where],
  ['SortOperator', sort],
  ['TakeOperator', take],
  ['TopOperator', top],
  ['DistinctOperator', distinct],
  ['CountOperator', count],
  ['SerializeOperator', serialize],
  ['AsOperator', as],
  ['ConsumeOperator', consume],
  ['RenderOperator', render],
  ['GetSchemaOperator', getschema],
  ['ExtendOperator', extend],
  ['ProjectOperator', project],
  ['ProjectAwayOperator', reshape],
  ['ProjectKeepOperator', reshape],
  ['ProjectRenameOperator', reshape],
  ['ProjectReorderOperator', reshape],
  ['SummarizeOperator', summarize],
  ['MakeSeriesOperator', makeSeries],
  ['MvExpandOperator', mvExpand],
  ['MvApplyOperator', mvApply],
  ['JoinOperator', join],
  ['LookupOperator', lookup],
  ['UnionOperator', union],
  ['ParseOperator', parse],
  ['ParseWhereOperator', parse],
  ['ParseKvOperator', parseKv],
  ['InvokeOperator', invoke],
  ['EvaluateOperator', evaluate],
  ['ScanOperator', scan],
  ['PartitionOperator', partition],
  ['TopHittersOperator', topHitters],
  ['SearchOperator', search],
  ['SampleOperator', sample],
  ['SampleDistinctOperator', sampleDistinct],
  ['TopNestedOperator', topNested],
]);

/** The operator after a pipe. */
export function operator(t: Translator, node: Syntax, input: Relation, scope: Scope): Relation {
  const translate = OPERATORS.get(kindOf(node));
  if (!translate) return t.session.refuse(`operator ${textOf(node).split(/\s/)[0] ?? ''}`, node);
  const result = translate(t, node, input, scope);
  if (input.parts && !result.parts)
    t.session.refuse(`operator ${textOf(node).split(/\s/)[0] ?? ''} inside mv-apply or partition`, node);
  const visualization = result.visualization ?? input.visualization;
  const unsure = result.source !== undefined && kindOf(node) !== 'AsOperator' ? { sourceUnsure: true } : {};
  return { ...result, ...unsure, ...(visualization ? { visualization } : {}) };
}

function namedTable(t: Translator, node: Syntax, scope: Scope): Relation {
  const name = node.SimpleName ?? textOf(node);
  const binding = scope.find(name);
  if (binding?.kind === 'table') return binding.make();
  if (binding?.kind === 'function' || (!binding && isUserFunction(t, node, scope)))
    return callUserTable(t, node, scope);
  const table = t.session.catalog.tables.find((item) => item.name === name);
  return table ? tableRelation(t, table) : t.session.refuse(`table ${name}`, node);
}

function materialized(t: Translator, node: Syntax, scope: Scope): Relation {
  const table = t.table(node.Expression as Syntax, scope);
  const id = t.session.id('m');
  const plain = realias(table, t.session);
  t.session.shared.push(`${id} AS MATERIALIZED (SELECT * FROM ${plain.from})`);
  return { ...plain, from: id };
}

function functionTable(t: Translator, node: Syntax, scope: Scope, input?: Relation): Relation {
  const name = (node.Name as Syntax).SimpleName ?? '';
  if (isUserFunction(t, node, scope)) return callUserTable(t, node, scope, input);
  if (name === 'materialized_view' || name === 'table') {
    const argument = elements((node.ArgumentList as Syntax).Expressions)[0] as Syntax;
    const wanted = stringOf(argument);
    const table = t.session.catalog.tables.find((item) => item.name === wanted);
    return table ? tableRelation(t, table) : t.session.fail(`no table or view ${wanted}`, node);
  }
  return t.session.refuse(`function ${name}() as a table`, node);
}

/** `database('own name').Table` or `.Function(…)`. */
function ofDatabase(t: Translator, node: Syntax, scope: Scope): Relation {
  const owner = node.Expression as Syntax;
  const selector = node.Selector as Syntax;
  const called = kindOf(owner) === 'FunctionCallExpression' ? (owner.Name?.SimpleName ?? '') : '';
  if (called !== 'database')
    return t.session.refuse(`${textOf(node).slice(0, 40)} as a table; only the database of the request is there`, node);
  const argument = elements((owner.ArgumentList as Syntax).Expressions)[0];
  const wanted = argument ? stringOf(argument) : t.session.catalog.database;
  if (wanted !== t.session.catalog.database)
    return t.session.refuse(`database ${wanted}; only ${t.session.catalog.database} is there`, node);
  // What `let` declares is not of the database.
  const none = new Scope();
  if (kindOf(selector) === 'NameReference') return namedTable(t, selector, none);
  if (kindOf(selector) === 'FunctionCallExpression' && isUserFunction(t, selector, none) && !isLocal(selector, scope))
    return t.callTable(selector, scope);
  return t.session.refuse(`${textOf(node).slice(0, 40)} as a table`, node);
}

const isLocal = (node: Syntax, scope: Scope): boolean => scope.find(node.Name?.SimpleName ?? '') !== undefined;

type Source = (t: Translator, node: Syntax, scope: Scope) => Relation;

const inner: Source = (t, node, scope) => t.table(node.Expression as Syntax, scope);

const SOURCES: ReadonlyMap<string, Source> = new Map<string, Source>([
  ['PipeExpression', (t, node, scope) => t.operator(node.Operator as Syntax, inner(t, node, scope), scope)],
  ['ParenthesizedExpression', inner],
  ['ToTableExpression', inner],
  ['DataScopeExpression', inner],
  ['NameReference', namedTable],
  ['RangeOperator', range],
  ['PrintOperator', print],
  ['DataTableExpression', datatable],
  ['MaterializeExpression', materialized],
  ['UnionOperator', (t, node, scope) => union(t, node, undefined, scope)],
  ['SearchOperator', (t, node, scope) => search(t, node, undefined, scope)],
  ['FindOperator', find],
  ['FunctionCallExpression', (t, node, scope) => callPattern(t, node, scope) ?? t.callTable(node, scope)],
  ['PathExpression', (t, node, scope) => callPattern(t, node, scope) ?? ofDatabase(t, node, scope)],
]);

/** A tabular expression. */
export function table(t: Translator, node: Syntax, scope: Scope): Relation {
  const kind = kindOf(node);
  const source = SOURCES.get(kind);
  if (source) return source(t, node, scope);
  // The first operator of a sub-query in mv-apply or partition has no source written before it.
  const part = OPERATORS.has(kind) ? scope.find(PART_INPUT) : undefined;
  if (part?.kind === 'table') return t.operator(node, part.make(), scope);
  if (kind === 'EvaluateOperator') return t.session.refuse(`plugin ${nameOfCall(node.FunctionCall as Syntax)}`, node);
  const what = kind === 'ExternalDataExpression' ? 'externaldata' : (textOf(node).split(/\s/)[0] ?? kind);
  return t.session.refuse(`${what} as a table`, node);
}

/** The tabular result of a call. */
export const callTable = functionTable;

/** A scalar that must be known now: sizes, flags, names. */
export function constant(t: Translator, node: Syntax, scope: Scope): Constant {
  const value = t.scalar(node, new Row(t.session, undefined), scope);
  return value.constant === undefined
    ? t.session.refuse(`${textOf(node).slice(0, 40)}, a constant is needed here`, node)
    : value.constant;
}
