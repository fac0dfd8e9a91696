// What every chart over time shares: layout with a legend, crosshair line, drag to zoom, annotation marks.
import { cssColor } from '../../model/colors.ts';
import { formatTime } from '../../model/value-format.ts';
import type { CrosshairMember } from '../crosshair.ts';
import { h } from '../dom.ts';
import type { Chart, ChartOption } from '../echarts.ts';
import { createChart, plotRect } from '../echarts.ts';
import type { LegendItem } from './legend.ts';
import { legendFor, nextHidden } from './legend.ts';
import type { PanelInput, PanelInstance } from './panel-input.ts';

/** What one drawing of a chart consists of. */
export interface Drawing {
  readonly option: ChartOption;
  readonly legend: readonly LegendItem[];
  /** The x axis is time: crosshair, zoom and annotations apply. */
  readonly isTime: boolean;
}

export type DrawChart = (
  input: PanelInput,
  size: { width: number; height: number },
  hidden: ReadonlySet<string>,
) => Drawing;

const MIN_DRAG_PX = 6;

class ChartHost implements PanelInstance {
  readonly #body: HTMLElement;
  readonly #draw: DrawChart;
  readonly #plot = h('div', { class: 'plot' });
  readonly #overlay = h('div', { class: 'plot-overlay' });
  readonly #line = h('div', { class: 'crosshair', hidden: true });
  readonly #selection = h('div', { class: 'zoom-selection', hidden: true });
  readonly #canvas = h('div', { class: 'plot-canvas' });
  readonly #chart: Chart;
  readonly #member: CrosshairMember;
  #leave: () => void = () => undefined;
  #crosshair: PanelInput['crosshair'] | undefined;
  #input: PanelInput | undefined;
  #hidden: ReadonlySet<string> = new Set();
  #isTime = false;
  #dragFrom: number | undefined;
  readonly #release = (event: MouseEvent): void => this.#endDrag(event);

  constructor(body: HTMLElement, draw: DrawChart) {
    this.#body = body;
    this.#draw = draw;
    this.#plot.append(this.#canvas, this.#overlay, this.#line, this.#selection);
    body.replaceChildren(this.#plot);
    this.#chart = createChart(this.#canvas);
    this.#member = { show: (timeMs) => this.#showLine(timeMs) };
    const zr = this.#chart.getZr();
    zr.on('mousemove', (event: { offsetX: number; offsetY: number }) => this.#mouseMove(event.offsetX, event.offsetY));
    zr.on('mousedown', (event: { offsetX: number; offsetY: number; event: unknown }) => {
      if (this.#isTime && this.#chart.containPixel('grid', [event.offsetX, event.offsetY]))
        this.#dragFrom = event.offsetX;
    });
    zr.on('globalout', () => this.#crosshair?.move(this.#member, undefined));
    window.addEventListener('mouseup', this.#release);
  }

  update = (input: PanelInput): void => {
    this.#input = input;
    if (this.#crosshair !== input.crosshair) {
      this.#leave();
      this.#crosshair = input.crosshair;
      this.#leave = input.crosshair.join(this.#member);
    }
    this.#render();
  };

  resize = (): void => {
    if (this.#input !== undefined) this.#render();
  };

  dispose = (): void => {
    this.#leave();
    window.removeEventListener('mouseup', this.#release);
    this.#chart.dispose();
    this.#body.replaceChildren();
  };

  #render(): void {
    const input = this.#input as PanelInput;
    this.#body.querySelectorAll(':scope > .legend').forEach((one) => one.remove());
    const first = this.#draw(input, { width: this.#plot.clientWidth, height: this.#plot.clientHeight }, this.#hidden);
    const names = first.legend.map((item) => item.field.displayName);
    const { legend, placement } = legendFor(input, first.legend, this.#hidden, (name, toggle) => {
      this.#hidden = nextHidden(this.#hidden, names, name, toggle);
      this.#render();
    });
    this.#body.classList.toggle('has-right-legend', legend !== undefined && placement === 'right');
    if (legend !== undefined) this.#body.append(legend);
    this.#isTime = first.isTime;
    this.#chart.resize();
    // The legend took room, and tick counts depend on the room.
    const { option } = this.#draw(
      input,
      { width: this.#plot.clientWidth, height: this.#plot.clientHeight },
      this.#hidden,
    );
    this.#chart.setOption(option, { notMerge: true });
    this.#annotations(input);
  }

  #pixelOf(timeMs: number): number | undefined {
    const pixel = this.#chart.convertToPixel({ xAxisIndex: 0 }, timeMs);
    return Number.isFinite(pixel) ? pixel : undefined;
  }

  #plotBox(): { top: number; height: number } {
    const rect = plotRect(this.#chart);
    return rect === undefined ? { top: 0, height: this.#plot.clientHeight } : { top: rect.y, height: rect.height };
  }

  #showLine(timeMs: number | undefined): void {
    const range = this.#input?.range;
    const isInside =
      timeMs !== undefined && range !== undefined && timeMs >= range.fromMs && timeMs <= range.toMs && this.#isTime;
    const left = isInside ? this.#pixelOf(timeMs) : undefined;
    this.#line.hidden = left === undefined;
    if (left === undefined) return;
    const { top, height } = this.#plotBox();
    Object.assign(this.#line.style, { left: `${left}px`, top: `${top}px`, height: `${height}px` });
  }

  #mouseMove(x: number, y: number): void {
    if (!this.#isTime) return;
    if (this.#dragFrom !== undefined) {
      const { top, height } = this.#plotBox();
      this.#selection.hidden = Math.abs(x - this.#dragFrom) < MIN_DRAG_PX;
      Object.assign(this.#selection.style, {
        left: `${Math.min(x, this.#dragFrom)}px`,
        width: `${Math.abs(x - this.#dragFrom)}px`,
        top: `${top}px`,
        height: `${height}px`,
      });
      return;
    }
    const isInside = this.#chart.containPixel('grid', [x, y]);
    this.#crosshair?.move(this.#member, isInside ? this.#timeAt(x) : undefined);
  }

  #timeAt(x: number): number {
    return this.#chart.convertFromPixel({ xAxisIndex: 0 }, x);
  }

  #endDrag(event: MouseEvent): void {
    const from = this.#dragFrom;
    this.#dragFrom = undefined;
    this.#selection.hidden = true;
    if (from === undefined || this.#input === undefined) return;
    const to = event.clientX - this.#canvas.getBoundingClientRect().left;
    if (Math.abs(to - from) < MIN_DRAG_PX) return;
    const [a, b] = [this.#timeAt(Math.min(from, to)), this.#timeAt(Math.max(from, to))];
    const { fromMs, toMs } = this.#input.range;
    this.#input.onZoom({ fromMs: Math.round(Math.max(a, fromMs)), toMs: Math.round(Math.min(b, toMs)) });
  }

  #annotations(input: PanelInput): void {
    this.#overlay.replaceChildren();
    if (!this.#isTime) return;
    const { top, height } = this.#plotBox();
    for (const event of input.annotations) {
      const end = event.timeEndMs ?? event.timeMs;
      if (end < input.range.fromMs || event.timeMs > input.range.toMs) continue;
      const left = this.#pixelOf(Math.max(event.timeMs, input.range.fromMs));
      const right = this.#pixelOf(Math.min(end, input.range.toMs));
      if (left === undefined || right === undefined) continue;
      const text = [
        event.source,
        event.title,
        event.text,
        formatTime(event.timeMs),
        ...(event.timeEndMs === undefined ? [] : [`to ${formatTime(end)}`]),
        event.tags.join(', '),
      ]
        .filter(Boolean)
        .join('\n');
      const place = {
        left: `${left}px`,
        top: `${top}px`,
        height: `${height}px`,
        width: `${Math.max(right - left, 0)}px`,
        '--annotation': cssColor(event.color),
      };
      this.#overlay.append(
        h(
          'div',
          { class: event.timeEndMs === undefined ? 'annotation' : 'annotation is-region', style: place },
          h('span', { class: 'annotation-mark', title: text }),
        ),
      );
    }
  }
}

/** A panel type drawn by the chart library. */
export const chartPanel =
  (draw: DrawChart) =>
  (body: HTMLElement): PanelInstance =>
    new ChartHost(body, draw);
