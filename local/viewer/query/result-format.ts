import { adxSeriesToWide } from './adx-series.ts';
import type { Frame } from './frames.ts';
import type { KustoTable } from './kusto-table.ts';
import { FrameError, tableToFrames } from './kusto-table.ts';
import { toTimeSeries } from './time-series.ts';

/** The plugin's result formats that this viewer knows. */
export const RESULT_FORMATS = ['table', 'time_series', 'time_series_adx_series'] as const;

/** A Kusto answer in the shape that a target's `resultFormat` asks for. Throws FrameError. */
export function toResultFormat(table: KustoTable, format: string, refId: string, executedQuery: string): Frame[] {
  const frames = tableToFrames(table, refId, executedQuery);
  if (format === 'table') return frames;
  if (format === 'time_series') return frames.map(toTimeSeries);
  if (format === 'time_series_adx_series') return frames.map(adxSeriesToWide);
  throw new FrameError(`result format '${format}' is not supported (known: ${RESULT_FORMATS.join(', ')})`);
}
