import { AsyncLocalStorage } from 'node:async_hooks';
import type { CatalogState } from '../catalog/catalog.ts';
import type { Change, EntityKind } from '../catalog/entities.ts';

/** The management command that is being run, for whoever writes down what it changed. */
export const commandInProgress = new AsyncLocalStorage<{ readonly text: string; readonly user: string }>();

/** One change of the schema. */
export interface JournalEntry {
  /** `CREATE-TABLE`, `ALTER-FUNCTION`, `RENAME-TABLE`, … */
  readonly event: string;
  readonly at: Date;
  readonly database: string;
  readonly entity: string;
  readonly updatedEntity: string;
  /** Version of the schema that it made. */
  readonly version: number;
  /** JSON of the entity before and after; empty when there was or is none. */
  readonly before: string;
  readonly after: string;
  readonly command: string;
  readonly user: string;
}

const KINDS: Readonly<Record<EntityKind, string>> = {
  database: 'DATABASE',
  table: 'TABLE',
  view: 'MATERIALIZED-VIEW',
  function: 'FUNCTION',
  mapping: 'INGESTION-MAPPING',
  policy: 'POLICY',
};
const KEPT = 1000;

type Command = { readonly text: string; readonly user: string } | undefined;

/** The newest changes of the schema, for `.show journal`. Kept in memory: those of an earlier process are gone. */
export class Journal {
  readonly #entries: JournalEntry[] = [];

  /** Newest last. */
  get entries(): readonly JournalEntry[] {
    return this.#entries;
  }

  /** Call it before the changes are applied to the catalog. */
  add(catalog: CatalogState, changes: readonly Change[], command: Command): void {
    const moved = movesOf(catalog, changes);
    for (const change of changes) {
      const before = catalog.entity(change);
      const { database, key, value } = change;
      const newName = value === null ? moved.get(key) : undefined;
      // The other half of a renaming.
      if (value !== null && before === undefined && [...moved.values()].includes(key)) continue;
      this.#entries.push({
        event: `${verbOf(change, before !== undefined, newName)}-${KINDS[change.kind]}`,
        at: new Date(),
        database,
        entity: key,
        updatedEntity: newName ?? (value === null ? '' : key),
        version: catalog.version + 1,
        before: before === undefined ? '' : JSON.stringify(before),
        after: value === null ? '' : JSON.stringify(value),
        command: command?.text ?? '',
        user: command?.user ?? '',
      });
    }
    if (this.#entries.length > KEPT) this.#entries.splice(0, this.#entries.length - KEPT);
  }
}

function verbOf({ value }: Change, existed: boolean, newName: string | undefined): string {
  if (value === null) return newName === undefined ? 'DROP' : 'RENAME';
  return existed ? 'ALTER' : 'CREATE';
}

/** Old and new names of tables and views that keep their id under another name. */
function movesOf(catalog: CatalogState, changes: readonly Change[]): Map<string, string> {
  const names = new Map<number, string>();
  for (const { key, value } of changes) if (value !== null && 'id' in value) names.set(value.id, key);
  const moves = new Map<string, string>();
  for (const change of changes) {
    const before = change.value === null ? catalog.entity(change) : undefined;
    const to = before !== undefined && 'id' in before ? names.get(before.id) : undefined;
    if (to !== undefined) moves.set(change.key, to);
  }
  return moves;
}
