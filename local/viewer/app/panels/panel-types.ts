import { alertlistPanel } from './alertlist.ts';
import { barchartPanel } from './barchart.ts';
import { bargaugePanel } from './bargauge.ts';
import { gaugePanel } from './gauge.ts';
import { heatmapPanel } from './heatmap.ts';
import type { PanelType } from './panel-input.ts';
import { piechartPanel } from './piechart.ts';
import { stateTimelinePanel, statusHistoryPanel } from './state-timeline.ts';
import { statPanel } from './stat.ts';
import { tablePanel } from './table.ts';
import { textPanel } from './text.ts';
import { timeseriesPanel } from './timeseries.ts';

/** How each panel type is drawn. Rows are part of the grid, not panels. */
export const PANEL_TYPES: Readonly<Record<string, PanelType>> = {
  stat: statPanel,
  gauge: gaugePanel,
  bargauge: bargaugePanel,
  timeseries: timeseriesPanel,
  barchart: barchartPanel,
  table: tablePanel,
  'state-timeline': stateTimelinePanel,
  'status-history': statusHistoryPanel,
  heatmap: heatmapPanel,
  piechart: piechartPanel,
  alertlist: alertlistPanel,
  text: textPanel,
};
