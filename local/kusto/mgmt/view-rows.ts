import type { ViewEntity } from '../catalog/entities.ts';
import { ticksOfMs } from '../store/clock.ts';
import { KustoError } from '../types.ts';
import type { CommandContext } from './command.ts';
import { parseKqlTimespan } from './timespan.ts';

/** Of `.show materialized-views` and of what the commands that change a view answer. */
export const VIEW_COLUMNS = {
  Name: 'string',
  SourceTable: 'string',
  Query: 'string',
  MaterializedTo: 'datetime',
  LastRun: 'datetime',
  LastRunResult: 'string',
  IsHealthy: 'bool',
  IsEnabled: 'bool',
  Folder: 'string',
  DocString: 'string',
  AutoUpdateSchema: 'bool',
  EffectiveDateTime: 'datetime',
  Lookback: 'timespan',
  LookbackColumn: 'string',
} as const;

/** A view in those columns. */
export function viewRow({ engine, database }: CommandContext, view: ViewEntity): unknown[] {
  const { refreshedAt, lastError, watermark } = engine.views.state(view);
  const source = engine.catalog.table(database, view.source) ?? engine.catalog.view(database, view.source);
  const isFresh = source === undefined || engine.writer.lastBatch(source.id) <= watermark;
  const runAt = refreshedAt === null ? null : ticksOfMs(refreshedAt.getTime());
  return [
    view.name,
    view.source,
    view.query,
    isFresh ? ticksOfMs(Date.now()) : runAt,
    runAt,
    lastError ?? 'Completed',
    lastError === null,
    view.isEnabled,
    view.folder,
    view.docstring,
    false,
    null,
    view.lookback === null ? null : parseKqlTimespan(view.lookback),
    '',
  ];
}

export const requireView = ({ engine, database }: CommandContext, name: string): ViewEntity => {
  const view = engine.catalog.view(database, name);
  if (view === undefined)
    throw new KustoError('NOTFOUND', `Entity ID '${name}' of kind 'MaterializedView' was not found.`);
  return view;
};
