// The parts of the chart library that panels use; nothing else is bundled.
import { BarChart, CustomChart, HeatmapChart, LineChart, PieChart, ScatterChart } from 'echarts/charts';
import { GridComponent, MarkAreaComponent, MarkLineComponent, TooltipComponent, VisualMapComponent } from 'echarts/components';
import * as echarts from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';

echarts.use([BarChart, CustomChart, HeatmapChart, LineChart, PieChart, ScatterChart, GridComponent, MarkAreaComponent, MarkLineComponent, TooltipComponent, VisualMapComponent, CanvasRenderer]);

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
