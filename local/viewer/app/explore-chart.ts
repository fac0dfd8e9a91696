import type { Panel } from '../model/dashboard.ts';
import { adxSeriesToWide } from '../query/adx-series.ts';
import type { Frame } from '../query/frames.ts';
import { timeSeriesSchema, toTimeSeries } from '../query/time-series.ts';

const panelOf = (type: string): Panel => ({
  type,
  options: {
    legend: { showLegend: true, displayMode: 'list', placement: 'bottom' },
    tooltip: { mode: 'multi', sort: 'desc' },
  },
  fieldConfig: { defaults: { custom: { drawStyle: 'line', lineWidth: 1, fillOpacity: 8, showPoints: 'auto' } } },
});

/** The chart that fits an answer, if any: lines over time, make-series output, or bars by the first text column. */
export function chartOf(frame: Frame): { panel: Panel; frames: Frame[] } | undefined {
  if (frame.fields.some((field) => field.name === 'Timestamp' && field.kustoType === 'dynamic'))
    return { panel: panelOf('timeseries'), frames: [adxSeriesToWide(frame)] };
  const time = frame.fields.find((field) => field.type === 'time');
  if (time !== undefined) {
    // Charts need ascending time; the answer may be ordered otherwise.
    const order = [...time.values.keys()].sort((a, b) => Number(time.values[a]) - Number(time.values[b]));
    const sorted = {
      ...frame,
      fields: frame.fields.map((field) => ({ ...field, values: order.map((row) => field.values[row] ?? null) })),
    };
    const series = toTimeSeries(sorted);
    if (timeSeriesSchema(series).type === 'wide') return { panel: panelOf('timeseries'), frames: [series] };
  }
  const hasBars =
    frame.fields.some((field) => field.type === 'string') && frame.fields.some((field) => field.type === 'number');
  return hasBars ? { panel: panelOf('barchart'), frames: [frame] } : undefined;
}
