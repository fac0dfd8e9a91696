// The looks that panels of one kind share.
import type * as cog from '@grafana/grafana-foundation-sdk/cog';
import { PanelBuilder as BarChart } from '@grafana/grafana-foundation-sdk/barchart';
import {
  BigValueColorMode,
  BigValueGraphMode,
  GraphDrawStyle,
  GraphGradientMode,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  LineInterpolation,
  ReduceDataOptionsBuilder,
  SortOrder,
  TableCellHeight,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizOrientation,
  VizTooltipOptionsBuilder,
  GraphThresholdsStyleConfigBuilder,
  BigValueTextMode,
} from '@grafana/grafana-foundation-sdk/common';
import {
  FieldColorBuilder,
  FieldColorModeId,
  RowBuilder,
  defaultPanel,
  type DynamicConfigValue,
  type GridPos,
  type Panel,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder as Stat } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as StateTimeline } from '@grafana/grafana-foundation-sdk/statetimeline';
import { PanelBuilder as Table } from '@grafana/grafana-foundation-sdk/table';
import { PanelBuilder as Text, TextMode } from '@grafana/grafana-foundation-sdk/text';
import { PanelBuilder as TimeSeries } from '@grafana/grafana-foundation-sdk/timeseries';
import { DATA_SOURCE, kql } from './data-source.ts';
import { neutral, thresholds, type Levels } from './targets.ts';

export interface PanelSpec {
  readonly id: number;
  readonly title: string;
  /** What it shows and by which formula. */
  readonly description: string;
  readonly at: GridPos;
  readonly query: string;
  readonly unit?: string;
  readonly decimals?: number;
  readonly levels?: Levels;
}

const color = (mode: FieldColorModeId): FieldColorBuilder => new FieldColorBuilder().mode(mode);

const legend = (calcs: string[]): VizLegendOptionsBuilder =>
  new VizLegendOptionsBuilder()
    .showLegend(true)
    .displayMode(LegendDisplayMode.List)
    .placement(LegendPlacement.Bottom)
    .calcs(calcs);

const tooltip = (): VizTooltipOptionsBuilder =>
  new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending);

/** The newest value, with the course of the range behind it. */
export function tile(spec: PanelSpec): Stat {
  const { id, title, description, at, query, unit = 'short', decimals = 1, levels } = spec;
  return new Stat()
    .id(id)
    .title(title)
    .description(description)
    .gridPos(at)
    .datasource(DATA_SOURCE)
    .interval('1m')
    .withTarget(kql(query, { resultFormat: 'time_series' }))
    .unit(unit)
    .decimals(decimals)
    .noValue('no data')
    .thresholds(levels ? thresholds(levels) : neutral())
    .colorScheme(color(FieldColorModeId.Thresholds))
    .colorMode(BigValueColorMode.Value)
    .graphMode(BigValueGraphMode.Area)
    .textMode(BigValueTextMode.ValueAndName)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false).fields(''));
}

/** One number of a table answer, without a course. */
export function number(spec: PanelSpec): Stat {
  return tile(spec)
    .targets([kql(spec.query, { resultFormat: 'table' })])
    .graphMode(BigValueGraphMode.None)
    .colorMode(BigValueColorMode.Background);
}

/** Lines over time; with levels, dashed lines at them. */
export function lines(spec: PanelSpec): TimeSeries {
  const { id, title, description, at, query, unit = 'short', decimals, levels } = spec;
  const panel = new TimeSeries()
    .id(id)
    .title(title)
    .description(description)
    .gridPos(at)
    .datasource(DATA_SOURCE)
    .interval('5m')
    .withTarget(kql(query, { resultFormat: 'time_series' }))
    .unit(unit)
    .min(0)
    .thresholds(levels ? thresholds(levels) : neutral())
    .colorScheme(color(FieldColorModeId.PaletteClassic))
    .drawStyle(GraphDrawStyle.Line)
    .lineInterpolation(LineInterpolation.Linear)
    .lineWidth(2)
    .fillOpacity(10)
    .gradientMode(GraphGradientMode.Opacity)
    .showPoints(VisibilityMode.Never)
    .spanNulls(false)
    .thresholdsStyle(
      new GraphThresholdsStyleConfigBuilder().mode(
        levels ? GraphThresholdsStyleMode.Dashed : GraphThresholdsStyleMode.Off,
      ),
    )
    .legend(legend(['lastNotNull', 'max']))
    .tooltip(tooltip());
  return decimals === undefined ? panel : panel.decimals(decimals);
}

/** Rows of a table answer. */
export function table(spec: PanelSpec): Table {
  const { id, title, description, at, query, unit = 'none' } = spec;
  return new Table()
    .id(id)
    .title(title)
    .description(description)
    .gridPos(at)
    .datasource(DATA_SOURCE)
    .withTarget(kql(query, { resultFormat: 'table' }))
    .unit(unit)
    .thresholds(neutral())
    .showHeader(true)
    .cellHeight(TableCellHeight.Sm)
    .noValue('–');
}

/** Overrides of one column of a table. */
export interface ColumnLook {
  readonly name?: string;
  readonly unit?: string;
  readonly decimals?: number;
  readonly width?: number;
  /** Cell painted by these levels. */
  readonly levels?: Levels;
  /** Opens this address; `${__value.raw}` and `${__data.fields.X}` are filled in. */
  readonly link?: { readonly title: string; readonly url: string };
}

export function look({ name, unit, decimals, width, levels, link }: ColumnLook): DynamicConfigValue[] {
  return [
    ...(name === undefined ? [] : [{ id: 'displayName', value: name }]),
    ...(unit === undefined ? [] : [{ id: 'unit', value: unit }]),
    ...(decimals === undefined ? [] : [{ id: 'decimals', value: decimals }]),
    ...(width === undefined ? [] : [{ id: 'custom.width', value: width }]),
    ...(levels === undefined
      ? []
      : [
          { id: 'thresholds', value: thresholds(levels).build() },
          { id: 'custom.cellOptions', value: { type: 'color-text' } },
        ]),
    ...(link === undefined ? [] : [{ id: 'links', value: [{ ...link, targetBlank: false }] }]),
  ];
}

/** Bars, one a row of a table answer. */
export function bars(spec: PanelSpec): BarChart {
  const { id, title, description, at, query, unit = 'short' } = spec;
  return new BarChart()
    .id(id)
    .title(title)
    .description(description)
    .gridPos(at)
    .datasource(DATA_SOURCE)
    .withTarget(kql(query, { resultFormat: 'table' }))
    .unit(unit)
    .thresholds(neutral())
    .colorScheme(color(FieldColorModeId.Thresholds))
    .orientation(VizOrientation.Vertical)
    .showValue(VisibilityMode.Auto)
    .fillOpacity(70)
    .legend(
      new VizLegendOptionsBuilder()
        .showLegend(false)
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .calcs([]),
    )
    .tooltip(tooltip());
}

/** One band a series; numbers are named by value mappings. */
export function states(
  spec: PanelSpec,
  names: readonly (readonly [value: string, text: string, color: string])[],
): StateTimeline {
  const { id, title, description, at, query } = spec;
  return new StateTimeline()
    .id(id)
    .title(title)
    .description(description)
    .gridPos(at)
    .datasource(DATA_SOURCE)
    .interval('5m')
    .withTarget(kql(query, { resultFormat: 'time_series' }))
    .unit('none')
    .thresholds(neutral())
    .colorScheme(color(FieldColorModeId.Thresholds))
    .mappings([
      {
        type: 'value',
        options: Object.fromEntries(names.map(([value, text, shade], index) => [value, { text, color: shade, index }])),
      },
    ] as Parameters<StateTimeline['mappings']>[0])
    .showValue(VisibilityMode.Never)
    .mergeValues(true)
    .rowHeight(0.8)
    .fillOpacity(80)
    .lineWidth(0)
    .legend(legend([]))
    .tooltip(tooltip());
}

/** A heading over the panels below it. */
export const heading = (id: number, title: string, y: number): RowBuilder =>
  new RowBuilder(title).id(id).collapsed(false).gridPos({ x: 0, y, w: 24, h: 1 });

/** Markdown. */
export const note = (id: number, title: string, description: string, at: GridPos, content: string): Text =>
  new Text().id(id).title(title).description(description).gridPos(at).mode(TextMode.Markdown).content(content);

/** Firing and pending alerts of this project's folder. The SDK has no builder for the panel. */
export function alerts(
  id: number,
  title: string,
  description: string,
  at: GridPos,
  folder: string,
): cog.Builder<Panel> {
  const options = {
    viewMode: 'list',
    groupMode: 'default',
    groupBy: [],
    maxItems: 20,
    sortOrder: 3,
    dashboardAlerts: false,
    alertName: '',
    alertInstanceLabelFilter: '',
    folder: { title: folder },
    stateFilter: { firing: true, pending: true, noData: true, normal: false, error: true, recovering: true },
    showInstances: true,
  };
  return { build: () => ({ ...defaultPanel(), id, type: 'alertlist', title, description, gridPos: at, options }) };
}
