// Everything the parser knows, asked of the engine.
import { knownNames, type KnownFunction } from '../../local/kusto/parser/known-names.ts';
import { commandSupport, type CommandSupport } from './commands.ts';
import { Judge, type FunctionSupport, type Verdict } from './judge.ts';
import { COMMAND_PROBES, LANGUAGE_PROBES, OPERATOR_PROBES } from './probes.ts';

/** A construct with its own query. */
export interface ConstructSupport {
  readonly name: string;
  readonly query: string;
  readonly verdict: Verdict;
}

export interface Support {
  readonly scalars: readonly FunctionSupport[];
  readonly aggregates: readonly FunctionSupport[];
  readonly plugins: readonly FunctionSupport[];
  readonly operators: readonly ConstructSupport[];
  readonly joinKinds: readonly ConstructSupport[];
  readonly language: readonly ConstructSupport[];
  readonly commands: readonly CommandSupport[];
  /** Names of commands that the parser knows and no probe is written for: the engine has no handler for them. */
  readonly otherCommands: readonly string[];
}

/** Functions that stand where a table stands. */
const TABULAR = new Set(['table', 'materialized_view', 'external_table', 'cluster', 'database', 'stored_query_result']);
/** Functions of the graph operators' own language. */
const GRAPH_ONLY = new Set([
  'all',
  'any',
  'map',
  'inner_nodes',
  'node_id',
  'node_degree_in',
  'node_degree_out',
  'labels',
]);

/** Plugins whose calls need more than their signature tells. */
const PLUGIN_CALLS: Readonly<Record<string, string>> = {
  bag_unpack: 'Probe | project J | evaluate bag_unpack(J) : (a:long)',
  pivot: 'Probe | evaluate pivot(S, count(), B) : (B:bool, x:long)',
  narrow: 'Probe | project L, S | evaluate narrow()',
  ipv4_lookup: 'Probe | evaluate ipv4_lookup(Probe, S, S)',
  ipv6_lookup: 'Probe | evaluate ipv6_lookup(Probe, S, S)',
  autocluster: 'Probe | evaluate autocluster()',
  basket: 'Probe | evaluate basket()',
  preview: 'Probe | evaluate preview(1)',
  rows_near: 'Probe | evaluate rows_near(L == 5, 1)',
  rolling_percentile: 'Probe | evaluate rolling_percentile(L, 50, D, 1d, 2)',
  dcount_intersect: 'Probe | evaluate dcount_intersect(J)',
};

function scalarQuery(call: string): string {
  const name = /^\w+/.exec(call)?.[0] ?? '';
  if (TABULAR.has(name)) return `${name}("Probe") | take 1`;
  if (/hll|tdigest/.test(name))
    return `Probe | summarize L = take_any(L), H = hll(L), Q = tdigest(L) | extend x = ${withSketch(call)}`;
  return `${name === 'bin_auto' ? 'set query_bin_auto_size = 2; ' : ''}Probe | serialize x = ${call}`;
}

/** The call over a state that the engine made itself. */
const withSketch = (call: string): string => call.replaceAll(/\b[AJ]\b/g, call.includes('hll') ? 'H' : 'Q');

const aggregateQuery = (call: string): string =>
  /^(?:hll_merge|tdigest_merge|merge_tdigest)\(/.test(call)
    ? `Probe | summarize H = hll(L), Q = tdigest(L) | summarize ${withSketch(call)}`
    : `Probe | summarize ${call}`;

const readable = (one: FunctionSupport): FunctionSupport =>
  one.status === 'refused' && GRAPH_ONLY.has(one.name) ? { ...one, reason: 'belongs to the graph operators' } : one;

async function plugin(judge: Judge, known: KnownFunction): Promise<FunctionSupport> {
  const query = PLUGIN_CALLS[known.name];
  if (query === undefined) return judge.function(known, (call) => `Probe | evaluate ${call}`);
  const verdict = await judge.query(query);
  return {
    name: known.name,
    status: verdict.status === 'supported' ? 'supported' : 'refused',
    example: query.slice(query.indexOf('evaluate')),
    refusedForms: [],
    reason: 'reason' in verdict ? verdict.reason : '',
  };
}

/** Probes all; half a minute of CPU on a slow machine. Throws when the parser knows an operator that has no probe. */
export async function probeAll(): Promise<Support> {
  const known = knownNames();
  const missing = known.operators.filter((name) => !Object.hasOwn(OPERATOR_PROBES, name));
  if (missing.length > 0) throw new Error(`no probe for the parser's operators ${missing.join(', ')}`);
  const judge = await Judge.open();
  try {
    const each = async (
      list: readonly KnownFunction[],
      one: (item: KnownFunction) => Promise<FunctionSupport>,
    ): Promise<FunctionSupport[]> => {
      const out: FunctionSupport[] = [];
      for (const item of list) out.push(await one(item));
      return out;
    };
    const constructs = async (list: readonly (readonly [string, string])[]): Promise<ConstructSupport[]> => {
      const out: ConstructSupport[] = [];
      for (const [name, query] of list) out.push({ name, query, verdict: await judge.query(query) });
      return out;
    };
    const joins = known.joinKinds.map((kind) => [kind, `Probe | join kind=${kind} (Probe) on L`] as const);
    return {
      scalars: (await each(known.scalars, (item) => judge.function(item, scalarQuery))).map(readable),
      aggregates: await each(known.aggregates, (item) => judge.function(item, aggregateQuery)),
      plugins: await each(known.plugins, (item) => plugin(judge, item)),
      operators: await constructs(known.operators.flatMap((name) => OPERATOR_PROBES[name] ?? [])),
      joinKinds: await constructs(joins),
      language: await constructs(LANGUAGE_PROBES),
      commands: await commandSupport(),
      otherCommands: known.commands.filter((name) => !Object.hasOwn(COMMAND_PROBES, name)),
    };
  } finally {
    judge.close();
  }
}
