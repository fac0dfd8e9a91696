// What the viewer knows of each panel type. Anything else a dashboard sets is named in the panel, never passed over in silence.
import type { Panel } from './dashboard.ts';
import { isKnownMatcher } from './field-config.ts';
import { isKnownUnit } from './value-format.ts';

const words = (text: string): readonly string[] => text.split(/\s+/);

const HIDE_FROM = 'hideFrom.viz hideFrom.legend hideFrom.tooltip';
const LEGEND =
  'legend.showLegend legend.displayMode legend.placement legend.calcs legend.sortBy legend.sortDesc legend.isVisible legend.asTable legend.width legend.enableFacetedFilter legend.values legend.limit';
const TOOLTIP =
  'tooltip.mode tooltip.sort tooltip.hideZeros tooltip.maxHeight tooltip.maxWidth tooltip.showColorScale tooltip.yHistogram';
const REDUCE = 'reduceOptions.calcs reduceOptions.fields reduceOptions.values reduceOptions.limit';
const AXIS =
  'axisPlacement axisLabel axisWidth axisSoftMin axisSoftMax axisGridShow axisBorderShow axisColorMode axisCenteredZero scaleDistribution.type scaleDistribution.log';
const STATE = 'showValue rowHeight alignValue mergeValues colWidth perPage';

interface Support {
  readonly options: readonly string[];
  readonly custom: readonly string[];
}

/** Dotted names of options that are honoured, or that change nothing in how a panel reads. */
const SUPPORT: Readonly<Record<string, Support>> = {
  stat: {
    options: words(
      `${REDUCE} colorMode graphMode justifyMode textMode orientation wideLayout showPercentChange percentChangeColorMode text.titleSize text.valueSize text.percentSize`,
    ),
    custom: words(HIDE_FROM),
  },
  gauge: {
    options: words(
      `${REDUCE} orientation showThresholdLabels showThresholdMarkers minVizHeight minVizWidth sizing text.titleSize text.valueSize shape barShape barWidthFactor effects.gradient effects.centerGlow effects.barGlow segmentCount segmentSpacing sparkline endpointMarker textMode neutral`,
    ),
    custom: words(`${HIDE_FROM} neutral`),
  },
  bargauge: {
    options: words(
      `${REDUCE} displayMode orientation showUnfilled valueMode namePlacement minVizHeight minVizWidth maxVizHeight sizing text.titleSize text.valueSize ${LEGEND}`,
    ),
    custom: words(HIDE_FROM),
  },
  timeseries: {
    options: words(`${LEGEND} ${TOOLTIP} timezone orientation annotations.multiLane annotations.clustering`),
    custom: words(
      `${AXIS} ${HIDE_FROM} drawStyle lineInterpolation lineWidth lineStyle.fill lineStyle.dash fillOpacity gradientMode spanNulls insertNulls showPoints showValues pointSize stacking.mode stacking.group barAlignment barWidthFactor barMaxWidth thresholdsStyle.mode fillBelowTo fillColor lineColor pointColor transform`,
    ),
  },
  barchart: {
    options: words(
      `${LEGEND} ${TOOLTIP} orientation xField colorByField stacking showValue barWidth groupWidth barRadius xTickLabelRotation xTickLabelMaxLength xTickLabelSpacing fullHighlight text.titleSize text.valueSize`,
    ),
    custom: words(`${AXIS} ${HIDE_FROM} lineWidth fillOpacity gradientMode thresholdsStyle.mode`),
  },
  table: {
    options: words(
      'showHeader cellHeight sortBy footer.show footer.reducer footer.countRows footer.fields footer.enablePagination frameIndex showTypeIcons enablePagination enableSharedCrosshair disableKeyboardEvents frozenColumns.left maxRowHeight',
    ),
    custom: words(
      `${HIDE_FROM} hidden align cellOptions.type cellOptions.mode cellOptions.applyToRow cellOptions.wrapText cellOptions.valueDisplayMode displayMode width minWidth inspect filterable wrapText wrapHeaderText footer.reducers tooltip.field tooltip.placement`,
    ),
  },
  'state-timeline': {
    options: words(`${LEGEND} ${TOOLTIP} ${STATE} timezone annotations.multiLane annotations.clustering`),
    custom: words(`${HIDE_FROM} fillOpacity lineWidth spanNulls insertNulls axisPlacement`),
  },
  'status-history': {
    options: words(`${LEGEND} ${TOOLTIP} ${STATE}`),
    custom: words(`${HIDE_FROM} fillOpacity lineWidth axisPlacement`),
  },
  heatmap: {
    options: words(
      `${LEGEND} ${TOOLTIP} calculate color.scheme color.mode color.exponent color.fill color.steps color.reverse color.scale color.min color.max cellGap cellValues.unit cellValues.decimals yAxis.unit yAxis.decimals yAxis.axisPlacement yAxis.axisLabel yAxis.reverse yAxis.axisWidth yAxis.min yAxis.max showValue legend.show exemplars.color rowsFrame.layout rowsFrame.value filterValues.le filterValues.ge`,
    ),
    custom: words(`${HIDE_FROM} scaleDistribution.type`),
  },
  piechart: { options: words(`${LEGEND} ${TOOLTIP} ${REDUCE} pieType displayLabels sort`), custom: words(HIDE_FROM) },
  alertlist: {
    options: words(
      'alertName alertInstanceLabelFilter dashboardAlerts groupBy groupMode maxItems sortOrder viewMode folder datasource showInstances showInactiveAlerts stateFilter.firing stateFilter.pending stateFilter.noData stateFilter.normal stateFilter.error stateFilter.recovering',
    ),
    custom: words(''),
  },
  text: { options: words('content mode code.language code.showLineNumbers code.showMiniMap'), custom: words('') },
  row: { options: [], custom: [] },
};

/** Dotted leaf names of an object; arrays and empty objects count as leaves without content. */
function leaves(value: unknown, prefix: string): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [prefix];
  return Object.entries(value).flatMap(([name, inner]) =>
    inner === null || inner === undefined ? [] : leaves(inner, prefix === '' ? name : `${prefix}.${name}`),
  );
}

const DEFAULTS = words(
  'displayName displayNameFromDS description unit decimals min max noValue color.mode color.fixedColor color.seriesBy thresholds.mode thresholds.steps mappings links actions filterable path fieldMinMax writeable',
);

const isListed = (name: string, known: readonly string[]): boolean =>
  known.some((one) => one === name || name.startsWith(`${one}.`));

function overrideProblems(panel: Panel, support: Support): string[] {
  return (panel.fieldConfig?.overrides ?? []).flatMap(({ matcher, properties = [] }) => [
    ...(isKnownMatcher(matcher.id) ? [] : [`override matcher '${matcher.id}'`]),
    ...properties
      .filter(({ id }) => {
        if (!id.startsWith('custom.')) return !DEFAULTS.some((name) => name === id || name.startsWith(`${id}.`));
        const name = id.slice('custom.'.length);
        return !support.custom.some((one) => one === name || one.startsWith(`${name}.`));
      })
      .map(({ id }) => `override '${id}'`),
  ]);
}

/** Everything a panel asks for that the viewer does not do. Empty when it is drawn as Grafana would. */
export function unsupportedIn(panel: Panel): string[] {
  const support = SUPPORT[panel.type];
  if (support === undefined) return [`panel type '${panel.type}'`];
  const { custom, ...defaults } = panel.fieldConfig?.defaults ?? {};
  const unit = panel.fieldConfig?.defaults?.unit ?? '';
  return [
    ...leaves(panel.options ?? {}, '')
      .filter((name) => name !== '' && !isListed(name, support.options))
      .map((name) => `option '${name}'`),
    ...leaves(defaults, '')
      .filter((name) => name !== '' && !isListed(name, DEFAULTS))
      .map((name) => `field option '${name}'`),
    ...leaves(custom ?? {}, '')
      .filter((name) => name !== '' && !isListed(name, support.custom))
      .map((name) => `field option 'custom.${name}'`),
    ...overrideProblems(panel, support),
    ...(isKnownUnit(unit) ? [] : [`unit '${unit}'`]),
    ...(panel.repeat ? [`repeat by '${panel.repeat}'`] : []),
  ];
}
