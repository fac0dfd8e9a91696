import { cssColor, classicColor } from '../../model/colors.ts';
import { mapValue } from '../../model/display.ts';
import type { DisplayField } from '../../model/field-config.ts';
import { FONT, TEXT } from '../echarts.ts';
import type { Drawing } from './chart-host.ts';
import { chartPanel } from './chart-host.ts';
import type { PanelInput } from './panel-input.ts';
import { listOption, textOption } from './panel-input.ts';
import { reducedValues } from './reduced-values.ts';
import { TOOLTIP_STYLE, tooltipBox } from './tooltip.ts';

function draw(input: PanelInput, _size: unknown, hidden: ReadonlySet<string>): Drawing {
  const labels = listOption(input.panel, 'displayLabels');
  const sign = textOption(input.panel, 'sort', 'desc') === 'asc' ? 1 : -1;
  const sort = textOption(input.panel, 'sort', 'desc');
  const values = reducedValues(input).filter((one) => Number.isFinite(one.shown.number));
  const ordered = sort === 'none' ? values : [...values].sort((a, b) => sign * (a.shown.number - b.shown.number));
  const total = ordered.reduce((sum, one) => sum + (hidden.has(one.title) ? 0 : one.shown.number), 0);
  const slices = ordered.map((one, index) => {
    const mode = one.field.config.color?.mode ?? 'palette-classic';
    const mapped = mapValue(one.field.config.mappings, one.title)?.color;
    const color =
      mapped !== undefined
        ? cssColor(mapped)
        : mode.startsWith('palette')
          ? classicColor(index)
          : (one.shown.color ?? classicColor(index));
    // The legend names a slice by its title and computes over its one value.
    const field: DisplayField = { ...one.field, displayName: one.title, values: [one.shown.number] };
    return { ...one, color, field };
  });
  const share = (value: number): string => `${total === 0 ? 0 : Math.round((value / total) * 1000) / 10}%`;
  const shown = slices.filter((slice) => !hidden.has(slice.title));
  const option = {
    series: [
      {
        type: 'pie',
        animation: false,
        radius: textOption(input.panel, 'pieType', 'pie') === 'donut' ? ['52%', '88%'] : [0, '88%'],
        itemStyle: { borderColor: '#181b1f', borderWidth: 1 },
        emphasis: { scale: false },
        label: {
          show: labels.length > 0,
          position: 'inside',
          color: TEXT,
          fontFamily: FONT,
          fontSize: 11,
          formatter: ({ dataIndex }: { dataIndex: number }) => {
            const slice = shown[dataIndex];
            if (slice === undefined) return '';
            return [
              labels.includes('name') ? slice.title : '',
              labels.includes('value') ? slice.shown.text : '',
              labels.includes('percent') ? share(slice.shown.number) : '',
            ]
              .filter(Boolean)
              .join('\n');
          },
        },
        labelLine: { show: false },
        data: shown.map((slice) => ({
          name: slice.title,
          value: slice.shown.number,
          itemStyle: { color: slice.color },
        })),
      },
    ],
    tooltip: {
      trigger: 'item',
      ...TOOLTIP_STYLE,
      formatter: ({ dataIndex }: { dataIndex: number }) => {
        const slice = shown[dataIndex];
        return tooltipBox(
          slice?.title ?? '',
          slice === undefined
            ? []
            : [{ color: slice.color, name: share(slice.shown.number), text: slice.shown.text, sortValue: 0 }],
          'none',
        );
      },
    },
  };
  return { option, legend: slices.map(({ field, color }) => ({ field, color })), isTime: false };
}

export const piechartPanel = chartPanel(draw);
