// The parts of the chart library that panels use; nothing else is bundled.
import { BarChart, CustomChart, HeatmapChart, LineChart, PieChart, ScatterChart } from 'echarts/charts';
import {
  GridComponent,
  MarkAreaComponent,
  MarkLineComponent,
  TooltipComponent,
  VisualMapComponent,
} from 'echarts/components';
import * as echarts from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';

echarts.use([
  BarChart,
  CustomChart,
  HeatmapChart,
  LineChart,
  PieChart,
  ScatterChart,
  GridComponent,
  MarkAreaComponent,
  MarkLineComponent,
  TooltipComponent,
  VisualMapComponent,
  CanvasRenderer,
]);

export type Chart = echarts.ECharts;
export type ChartOption = Parameters<Chart['setOption']>[0];

export const createChart = (element: HTMLElement): Chart => echarts.init(element, undefined, { renderer: 'canvas' });
export const linearGradient = (top: string, bottom: string): unknown =>
  new echarts.graphic.LinearGradient(0, 0, 0, 1, [
    { offset: 0, color: top },
    { offset: 1, color: bottom },
  ]);

export const TEXT = '#ccccdc';
export const MUTED = 'rgba(204, 204, 220, 0.65)';
export const GRID_LINE = 'rgba(204, 204, 220, 0.09)';
export const FONT = 'Inter, "Helvetica Neue", Arial, sans-serif';

interface Inner {
  readonly getModel: () => {
    readonly getComponent: (
      name: string,
    ) => { readonly coordinateSystem?: { readonly getRect: () => { y: number; height: number } } } | undefined;
  };
}

/** Where the plot itself lies, without axis labels. The library keeps it inside; no public call tells it when labels take their room. */
export const plotRect = (chart: Chart): { y: number; height: number } | undefined =>
  (chart as unknown as Inner).getModel().getComponent('grid')?.coordinateSystem?.getRect();
