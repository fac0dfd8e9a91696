// `set name = value`: what request properties mean inside a query.

import type { Syntax } from '../parser/language.ts';
import type { QuerySettings } from '../types.ts';
import { Row } from './row.ts';
import type { Scope, Translator } from './translator.ts';

/** Properties that change nothing in the answer here: hints for speed and distribution, labels, prohibitions of what is not offered. */
const WITHOUT_EFFECT = new Set([
  'best_effort',
  'deferpartialqueryfailures',
  'request_impersonation_disabled',
  'results_error_reporting_placement',
  'materialized_view_shuffle',
  'query_max_entities_in_union',
  'maxmemoryconsumptionperiterator',
  'max_memory_consumption_per_query_per_node',
  'maxoutputcolumns',
  'push_selection_through_aggregation',
  'query_cursor_disabled',
  'query_datascope',
  'query_distribution_nodes_span',
  'query_fanout_nodes_percent',
  'query_fanout_threads_percent',
  'query_force_row_level_security',
  'query_log_query_parameters',
  'query_results_cache_force_refresh',
  'query_results_cache_max_age',
  'query_results_cache_per_shard',
  'query_weakconsistency_session_id',
  'queryconsistency',
  'querytrace',
  'request_app_name',
  'request_block_row_level_security',
  'request_callout_disabled',
  'request_description',
  'request_external_data_disabled',
  'request_external_table_disabled',
  'request_readonly',
  'request_readonly_hardline',
  'request_remote_entities_disabled',
  'request_sandboxed_execution_disabled',
  'request_user',
]);

/** Read by bin_auto(). */
const FOR_FUNCTIONS = new Set(['query_bin_auto_size', 'query_bin_auto_at']);

const LIMITS = ['truncationmaxrecords', 'truncationmaxsize', 'query_take_max_records'] as const;

/** Takes in one statement; refuses properties that would change the answer in a way that is not offered. */
export function declareSetting(t: Translator, node: Syntax, scope: Scope): void {
  const { session } = t;
  const name = (node.Name?.SimpleName ?? '').toLowerCase();
  const given = (node.ValueClause as Syntax | null)?.Expression;
  if (FOR_FUNCTIONS.has(name)) {
    if (given) session.options.set(name, given);
    return;
  }
  if (WITHOUT_EFFECT.has(name)) return;
  const value = given ? t.scalar(given, new Row(session, undefined), scope).constant : true;
  const limit = LIMITS.find((item) => item === name);
  if (name === 'query_now' && typeof value === 'bigint') session.nowTicks = value;
  else if (name === 'notruncation') setLimits(session, { notruncation: value === true || value === 1n });
  else if (limit && typeof value === 'bigint' && value > 0n) setLimits(session, { [limit]: Number(value) });
  else session.refuse(`set ${name}${given ? ' with this value' : ''}`, node);
}

function setLimits(session: { settings: QuerySettings }, more: QuerySettings): void {
  session.settings = { ...session.settings, ...more };
}
