// The difference between kql/ and a cluster, and whether applying it could lose data. Pure.
import { functionParts, keysOf, normalized, tableColumns, viewParts, type Command } from './commands.ts';
import { wantedPolicy } from './policies.ts';
import { policyKey, type ClusterState } from './state.ts';

export interface Difference {
  readonly command: Command;
  /** `refuse`: data would be lost or a view can't follow; the reason says what to do. */
  readonly action: 'create' | 'change' | 'same' | 'refuse';
  readonly reason: string;
}

const difference = (command: Command, action: Difference['action'], reason = ''): Difference => ({
  command,
  action,
  reason,
});

function tableDifference(command: Command, state: ClusterState): Difference {
  const now = state.tables.get(command.name);
  if (!now) return difference(command, 'create');
  const wanted = tableColumns(command);
  const retyped = [...wanted].filter(([name, type]) => now.columns.has(name) && now.columns.get(name) !== type);
  const gone = [...now.columns.keys()].filter((name) => !wanted.has(name));
  if (retyped.length > 0) {
    const text = retyped
      .map(([name, type]) => `${name} is ${now.columns.get(name) ?? ''} there and ${type} here`)
      .join(', ');
    return difference(command, 'refuse', `re-typing loses data: ${text}. Add a column under a new name instead`);
  }
  if (gone.length > 0)
    return difference(
      command,
      'refuse',
      `columns that only the cluster has: ${gone.join(', ')}. Bring them back to schema/, or drop them by a migration`,
    );
  const added = [...wanted.keys()].filter((name) => !now.columns.has(name));
  return added.length > 0
    ? difference(command, 'change', `new columns: ${added.join(', ')}`)
    : difference(command, 'same');
}

/** A double-quoted literal with backslash escapes. */
const LITERAL = /"((?:[^"\\]|\\.)*)"/g;
const unescape = (text: string): string => text.replaceAll(/\\(.)/g, '$1');

function docstringDifference(command: Command, state: ClusterState): Difference {
  const now = state.tables.get(command.name);
  if (!now) return difference(command, 'create');
  if (command.kind === 'docstring') {
    const wanted = unescape([...command.text.matchAll(LITERAL)][0]?.[1] ?? '');
    return difference(command, wanted === now.docstring ? 'same' : 'change');
  }
  const stale = [...command.text.matchAll(/(\w+): "((?:[^"\\]|\\.)*)"/g)].filter(
    ([, name, text]) => now.columnDocstrings.get(name ?? '') !== unescape(text ?? ''),
  );
  return stale.length === 0
    ? difference(command, 'same')
    : difference(command, 'change', `columns: ${stale.map(([, name]) => name).join(', ')}`);
}

/** Order of keys and blanks aside. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );

interface MappingEntry {
  readonly column?: string;
  readonly Column?: string;
  readonly path?: string;
  readonly Properties?: { readonly Path?: string; readonly path?: string };
}

/** Column → path of a mapping, whichever spelling the cluster answers in. */
const mappingPaths = (json: string): string => {
  const entries = JSON.parse(json) as MappingEntry[];
  return canonical(
    Object.fromEntries(
      entries.map((entry) => [
        entry.Column ?? entry.column ?? '',
        entry.Properties?.Path ?? entry.Properties?.path ?? entry.path ?? '',
      ]),
    ),
  );
};

function mappingDifference(command: Command, state: ClusterState): Difference {
  const now = state.mappings.get(`${command.name}/${command.detail}`);
  if (now === undefined) return difference(command, 'create');
  const wanted = /```\s*([\s\S]*?)\s*```/.exec(command.text)?.[1] ?? '[]';
  return difference(command, mappingPaths(wanted) === mappingPaths(now) ? 'same' : 'change');
}

function policyDifference(command: Command, state: ClusterState): Difference {
  const now = state.policies.get(policyKey(command));
  if (now === undefined || now === '' || now === 'null') return difference(command, 'create');
  const held = JSON.parse(now) as Record<string, unknown>;
  const wrong = Object.entries(wantedPolicy(command)).filter(
    ([name, value]) => canonical(held[name]) !== canonical(value),
  );
  return wrong.length === 0
    ? difference(command, 'same')
    : difference(command, 'change', wrong.map(([name]) => name).join(', '));
}

function viewDifference(command: Command, state: ClusterState): Difference {
  const now = state.views.get(command.name);
  if (now === undefined) return difference(command, 'create');
  const wanted = viewParts(command);
  if (normalized(now) === normalized(wanted.query)) return difference(command, 'same');
  if (keysOf(now) !== wanted.keys)
    return difference(
      command,
      'refuse',
      'the group-by of a view cannot change. Give the view a new version in its name',
    );
  return difference(command, 'change', 'rows that are in the view already keep their old values');
}

function functionDifference(command: Command, state: ClusterState): Difference {
  const now = state.functions.get(command.name);
  if (!now) return difference(command, 'create');
  const wanted = functionParts(command);
  const dense = (text: string): string => text.replaceAll(/\s/g, '').replaceAll("'", '"');
  if (normalized(now.body) !== normalized(wanted.body)) return difference(command, 'change', 'body');
  if (dense(now.parameters) !== dense(wanted.parameters)) return difference(command, 'change', 'parameters');
  const isSame = now.docstring === wanted.docstring && now.folder === wanted.folder;
  return isSame ? difference(command, 'same') : difference(command, 'change', 'docstring or folder');
}

const COMPARE: Readonly<Record<Command['kind'], (command: Command, state: ClusterState) => Difference>> = {
  table: tableDifference,
  docstring: docstringDifference,
  'column-docstrings': docstringDifference,
  mapping: mappingDifference,
  policy: policyDifference,
  view: viewDifference,
  function: functionDifference,
};

/** One difference a command. `state` null: the database is not there yet. */
export const planOf = (commands: readonly Command[], state: ClusterState | null): Difference[] =>
  commands.map((command) => (state === null ? difference(command, 'create') : COMPARE[command.kind](command, state)));
