// What to use instead of something that the engine does not have: by hand where a real substitute exists, else the name that is most alike.

import { AGGREGATES, SCALARS } from '../functions/registry.ts';

const INSTEAD: readonly (readonly [RegExp, string])[] = [
  [/^operator (?:facet|fork)$/, 'one query for each part, or union with withsource'],
  [/^operator reduce$/, 'summarize count() by extract(…) or replace_regex(…)'],
  [/^operator (?:make-graph|graph-)/, 'join, one for each hop'],
  [/^operator assert-schema$/, 'getschema'],
  [/^operator project-by-names$/, 'project with the names themselves'],
  [/^operator (?:execute_and_cache|__partitionby)$/, 'partition'],
  [/^(?:externaldata|function external_table\(\)) as a table$/, '.ingest inline into a table, or datatable'],
  [/^macro-expand as a table$/, 'union'],
  [/^statement (?:restrict|alias)/, 'the tables of this database by their names'],
  [/^function series_fit_2lines(?:_dynamic)?\(\)$/, 'series_fit_line(), of each part of the series'],
  [/^function row_rank\(\)$/, 'row_rank_min() or row_rank_dense()'],
  [/^function (?:parse_version|parse_user_agent|parse_xml)\(\)$/, 'parse, extract() or split()'],
  [/^function (?:current_principal\w*|current_cluster_endpoint|current_node_id)\(\)$/, 'current_database()'],
  [/^function (?:estimate_data_size|extent_id|extent_tags|extentid)\(\)$/, '.show table details'],
  [/^plugin (?:autocluster|basket|diffpatterns)$/, 'summarize count() by … | top …'],
  [
    /^plugin (?:active_users_count|activity_|session_count|sliding_window_counts|new_activity)/,
    'summarize dcount(…) by bin(…)',
  ],
  [/^plugin (?:funnel_|sequence_detect)/, 'scan'],
  [/^make-series of timespan$/, 'make-series of a number: the timespan divided by 1s'],
  [/^make-series (?:of \w+|with a default of type \w+)$/, 'a number'],
  [/^plugin rolling_percentile$/, 'make-series or partition with percentile()'],
  [/^plugin ipv[46]_lookup$/, 'join on a condition with ipv4_is_in_range()'],
  [/^plugin (?:python|r|csharp)$/, 'a stored function'],
  [/^plugin (?:http_|sql_|mysql_|postgresql_|cosmosdb_|external|infer_)/, '.ingest inline or datatable'],
  [/^function geo_/, 'the mathematical functions (sin, cos, radians …)'],
  [/^function (?:new_guid|rand)\(\)$/, 'hash() of something that differs in each row'],
  [/^function (?:ingestion_time\(\) of|cursor_\w+\(\)$|current_cursor\(\)$)/, 'a datetime column of the table'],
];

/** Number of edits that turn one word into the other. */
function edits(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

function alike(name: string): string | undefined {
  let best: { name: string; distance: number } | undefined;
  for (const other of [...SCALARS.keys(), ...AGGREGATES.keys()]) {
    if (other.startsWith('internal_') || Math.abs(other.length - name.length) > name.length / 3) continue;
    const distance = edits(name, other);
    if (distance <= name.length / 3 && distance < (best?.distance ?? Infinity)) best = { name: other, distance };
  }
  return best && `${best.name}()`;
}

/** `; nearest supported: …` for a refused construct (`function f()`, `operator o`, `plugin p`), '' when nothing is near. */
export function nearestTo(what: string): string {
  const known = INSTEAD.find(([pattern]) => pattern.test(what))?.[1];
  const name = /^function (\w+)\(\)$/.exec(what)?.[1];
  const found = known ?? (name === undefined ? undefined : alike(name));
  return found === undefined ? '' : `; nearest supported: ${found}`;
}
