import type { ViewEntity } from '../catalog/entities.ts';
import type { Engine } from './engine.ts';
import { applyNewRows } from './view-refresh.ts';

/** Age and cost of one view's last refresh. */
interface ViewState {
  /** Newest commit of the source that the view contains. */
  watermark: number;
  refreshedAt: Date | null;
  lastError: string | null;
  failedAt: Date | null;
  waiting: Promise<void> | null;
}

/**
 * Keeps materialized views up to date: before a query that reads one, and from time to time in the background.
 * A refresh is one transaction of the writer, watermark included, so a crash repeats it or has it whole.
 */
export class ViewRefresher {
  readonly #engine: Engine;
  readonly #states = new Map<number, ViewState>();
  #backgroundBusy = false;
  #pauseUntil = 0;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  async load(): Promise<void> {
    const rows = await this.#engine.writer.exclusive(async ({ connection }) => {
      const reader = await connection.runAndReadAll('SELECT view_id, batch FROM fw.watermarks');
      return reader.getRows();
    });
    for (const [id, batch] of rows) this.created(Number(id), Number(batch));
  }

  /** Tells of a new view that contains its source up to `watermark`. */
  created(viewId: number, watermark: number): void {
    this.#states.set(viewId, { watermark, refreshedAt: null, lastError: null, failedAt: null, waiting: null });
  }

  state(view: ViewEntity): Readonly<ViewState> {
    return (
      this.#states.get(view.id) ?? { watermark: 0, refreshedAt: null, lastError: null, failedAt: null, waiting: null }
    );
  }

  /** All views among `names`, and the views they stand on, contain every row acknowledged before this call. */
  async bringUpToDate(database: string, names: readonly string[]): Promise<void> {
    for (const name of names) {
      const view = this.#engine.catalog.view(database, name);
      if (view !== undefined) await this.#refresh(database, view);
    }
  }

  /** Background refresh; rests ten times as long as it worked, so that a backfill is not slowed down. */
  async refreshIdle(): Promise<void> {
    if (this.#backgroundBusy || Date.now() < this.#pauseUntil) return;
    this.#backgroundBusy = true;
    const startedAt = Date.now();
    try {
      for (const { name } of this.#engine.catalog.databases()) {
        for (const view of this.#engine.catalog.views(name)) await this.#refresh(name, view).catch(() => {});
      }
    } finally {
      this.#backgroundBusy = false;
      this.#pauseUntil = Date.now() + 10 * (Date.now() - startedAt);
    }
  }

  async #refresh(database: string, view: ViewEntity): Promise<void> {
    if (!view.isEnabled) return;
    const inner = this.#engine.catalog.view(database, view.source);
    if (inner !== undefined) await this.#refresh(database, inner);
    const source = inner ?? this.#engine.catalog.requireTable(database, view.source);
    const state = this.#states.get(view.id);
    if (state === undefined || this.#engine.writer.lastBatch(source.id) <= state.watermark) return;
    // A refresh that waits for its turn will see the rows this caller cares for; one that has begun may not.
    state.waiting ??= this.#engine.writer.exclusive(async (tx) => {
      state.waiting = null;
      const upTo = this.#engine.writer.lastBatch(source.id);
      if (upTo <= state.watermark) return;
      const current = this.#engine.catalog.view(database, view.name);
      if (current?.id !== view.id) return;
      try {
        await applyNewRows(this.#engine, tx, database, current, source, { after: state.watermark, upTo });
        await tx.connection.run('DELETE FROM fw.watermarks WHERE view_id = $1', [BigInt(view.id)]);
        await tx.connection.run('INSERT INTO fw.watermarks VALUES ($1, $2, $3)', [
          BigInt(view.id),
          BigInt(upTo),
          tx.at,
        ]);
      } catch (error) {
        state.lastError = error instanceof Error ? error.message : String(error);
        state.failedAt = new Date();
        throw error;
      }
      tx.touched(current);
      tx.afterCommit(() => {
        state.watermark = upTo;
        state.refreshedAt = new Date();
        state.lastError = null;
      });
    });
    await state.waiting;
  }
}
