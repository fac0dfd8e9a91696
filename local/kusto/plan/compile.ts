// KQL text → one DuckDB statement.

import { analyzeCached } from '../parser/analysis-cache.ts';
import { analyze } from '../parser/analyze.ts';
import { elements, kindOf, type Syntax } from '../parser/language.ts';
import { toJson } from '../sql/convert.ts';
import {
  KustoError,
  PHYSICAL,
  UNIX_EPOCH_TICKS,
  type Catalog,
  type CompiledQuery,
  type SchemaAnswer,
} from '../types.ts';
import { atSentPlace, DataSchemas, withSchemas } from './data-schema.ts';
import { predicate, scalar } from './expression.ts';
import { foundSchema } from './found-columns.ts';
import { callTable, constant, operator, table } from './query.ts';
import { schemaOf, type Relation } from './relation.ts';
import { Row } from './row.ts';
import { Session } from './session.ts';
import { declareStatement } from './statements.ts';
import { orderBy } from './subquery.ts';
import { Scope, type Translator } from './translator.ts';
import { withoutUnusedColumns } from './unused-columns.ts';

export interface CompileOptions {
  readonly now: Date;
  /** Values of `declare query_parameters`, as KQL literals or, for strings, bare text. */
  readonly parameters?: Record<string, string>;
  /** What the statements gave that earlier attempts asked for (see SchemaNeeded), in their order. */
  readonly answers?: readonly SchemaAnswer[];
}

const MOST_PLANS = 300;
/** Plans of each catalog, least recently used first. A changed schema comes as another catalog. */
const plansByCatalog = new WeakMap<Catalog, Map<string, CompiledQuery>>();

function plansOf(catalog: Catalog): Map<string, CompiledQuery> {
  let plans = plansByCatalog.get(catalog);
  if (!plans) plansByCatalog.set(catalog, (plans = new Map<string, CompiledQuery>()));
  return plans;
}

function translatorFor(session: Session): Translator {
  const t: Translator = {
    session,
    scalar: (node, row, scope) => scalar(t, node, row, scope),
    predicate: (node, row, scope) => predicate(t, node, row, scope),
    constant: (node, scope) => constant(t, node, scope),
    table: (node, scope) => table(t, node, scope),
    operator: (node, input, scope) => operator(t, node, input, scope),
    callTable: (node, scope, input) => callTable(t, node, scope, input),
  };
  return t;
}

/** The statement: shared sub-queries, then the columns in their physical form. */
function finish(session: Session, relation: Relation): CompiledQuery {
  const row = new Row(session, relation);
  const list = relation.columns.map(({ value }, i) => {
    const sql = value.type === 'dynamic' ? toJson(value, row) : value.sql;
    const total = value.type === 'string' && value.notNull !== true ? `coalesce(${sql}, '')` : sql;
    return `CAST(${total} AS ${PHYSICAL[value.type]}) AS o${i}`;
  });
  const shared = session.shared.length > 0 ? `WITH ${session.shared.join(', ')} ` : '';
  const sql = `${shared}SELECT ${list.length > 0 ? list.join(', ') : '1 AS o0'} FROM ${row.from()}${orderBy(relation)}`;
  return {
    sql: withoutUnusedColumns(sql),
    columns: schemaOf(relation),
    ordered: relation.order !== undefined && relation.order.length > 0,
    reads: [...session.reads],
    ...(session.usesNow ? { readsClock: true } : {}),
    ...(Object.keys(session.settings).length > 0 ? { settings: session.settings } : {}),
    ...(relation.visualization ? { visualization: relation.visualization } : {}),
  };
}

function translate(session: Session, query: Syntax): CompiledQuery {
  const t = translatorFor(session);
  const scope = new Scope();
  let result: Relation | undefined;
  for (const statement of elements(query.Statements)) {
    if (kindOf(statement) !== 'ExpressionStatement') {
      declareStatement(t, statement, scope);
      continue;
    }
    if (result) session.refuse('several queries in one request', statement);
    result = resultOf(t, statement.Expression as Syntax, scope);
  }
  if (!result) throw new KustoError('SYN', 'Syntax error: the text holds no query', { line: 1, column: 1 });
  return finish(session, result);
}

/** A query may end in a scalar: it becomes a table of one row. */
function resultOf(t: Translator, node: Syntax, scope: Scope): Relation {
  return t.table(node, scope);
}

/**
 * Translates a query. Throws KustoError: SYN or SEM with line and column when it is wrong, UNSUPPORTED when the engine
 * can't do what it asks, SchemaNeeded when its columns depend on the data. Plans of queries that depend neither on the
 * clock nor on the data are kept.
 */
export function compileQuery(text: string, catalog: Catalog, options: CompileOptions): CompiledQuery {
  if (options.answers && options.answers.length > 0) return compileWithAnswers(text, catalog, options, options.answers);
  const plans = plansOf(catalog);
  const key = JSON.stringify([options.parameters ?? null, text]);
  const known = plans.get(key);
  if (known) {
    plans.delete(key);
    plans.set(key, known);
    return known;
  }
  const plan = compileText(text, catalog, options, new DataSchemas([]));
  if (plan.readsClock !== true) {
    plans.set(key, plan);
    if (plans.size > MOST_PLANS) plans.delete(plans.keys().next().value as string);
  }
  return plan;
}

function compileWithAnswers(
  text: string,
  catalog: Catalog,
  options: CompileOptions,
  answers: readonly SchemaAnswer[],
): CompiledQuery {
  const found = answers.map((answer) => foundSchema(answer, text));
  const schemas = new DataSchemas(found);
  const whole = withSchemas(text, catalog, found);
  try {
    return { ...compileText(whole.text, whole.catalog, options, schemas), readsData: true };
  } catch (error) {
    throw atSentPlace(error, text, whole.text, schemas);
  }
}

function compileText(text: string, catalog: Catalog, options: CompileOptions, schemas: DataSchemas): CompiledQuery {
  const nowTicks = BigInt(options.now.getTime()) * 10_000n + UNIX_EPOCH_TICKS;
  const sessionFor = (times: readonly string[]): Session =>
    new Session(catalog, text, nowTicks, options.parameters ?? {}, times, schemas);
  const { code, times } = analyzeCached(text, catalog);
  try {
    return guarded(sessionFor(times), code.Syntax);
  } catch (error) {
    // With markers in the text the places of an error are not those of the query.
    if (times.length === 0) throw error;
    return guarded(sessionFor([]), analyze(text, catalog).Syntax);
  }
}

/** The parser's objects may lack what we expect after an odd query: that is a refusal, not a crash. */
function guarded(session: Session, query: Syntax): CompiledQuery {
  try {
    return translate(session, query);
  } catch (error) {
    if (error instanceof KustoError) throw error;
    const reason = error instanceof Error ? error.message.slice(0, 200) : 'unknown';
    throw new KustoError('UNSUPPORTED', `Not supported: this query can't be translated (${reason})`, {
      line: 1,
      column: 1,
    });
  }
}
