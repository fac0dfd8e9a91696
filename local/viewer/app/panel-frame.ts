// A panel's surroundings: title, description, notices, menu, loading and error states; inside it the panel type draws.
import type { Dashboard, Panel } from '../model/dashboard.ts';
import type { LinkContext } from '../model/data-links.ts';
import { linkAddress } from '../model/data-links.ts';
import { resolveFields } from '../model/field-config.ts';
import { unsupportedIn } from '../model/panel-support.ts';
import { transformFrames } from '../model/transformations.ts';
import type { TimeRangeMs } from '../query/macros.ts';
import { interpolate } from '../query/variables.ts';
import type { AnnotationEvent } from '../annotation-query.ts';
import type { PanelAnswer, QueryFailure } from '../panel-query.ts';
import type { AlertsAnswer, PageVariable } from './api.ts';
import { ApiError, postPanel } from './api.ts';
import type { Crosshair } from './crosshair.ts';
import { h, icon, openPopover } from './dom.ts';
import { failureBox } from './failure-box.ts';
import { hoverCard } from './hover-card.ts';
import { showData, showQueries } from './inspect.ts';
import { PANEL_TYPES } from './panels/panel-types.ts';
import type { PanelInput, PanelInstance } from './panels/panel-input.ts';
import { renderMarkdown } from './panels/text.ts';

/** What all panels of a page share for one refresh. */
export interface RefreshContext {
  readonly range: TimeRangeMs;
  readonly variables: readonly PageVariable[];
  readonly annotations: readonly AnnotationEvent[];
  readonly alerts: AlertsAnswer | undefined;
  readonly links: LinkContext;
  readonly crosshair: Crosshair;
  readonly onZoom: (range: TimeRangeMs) => void;
}

const needsData = (panel: Panel): boolean => panel.type !== 'text' && panel.type !== 'alertlist';

export class PanelFrame {
  readonly element: HTMLElement;
  readonly #dashboard: Dashboard;
  readonly #panel: Panel;
  readonly #body = h('div', { class: 'panel-body' });
  readonly #title = h('h2', { class: 'panel-title' });
  readonly #notices = h('span', { class: 'panel-notices' });
  readonly #progress = h('div', { class: 'panel-progress', hidden: true });
  readonly #strip: HTMLElement | null;
  #instance: PanelInstance | undefined;
  #answer: PanelAnswer | undefined;
  #context: RefreshContext | undefined;
  #running: AbortController | undefined;

  constructor(dashboard: Dashboard, panel: Panel, onView: (panel: Panel) => void) {
    this.#dashboard = dashboard;
    this.#panel = panel;
    const unsupported = unsupportedIn(panel);
    this.#strip =
      unsupported.length === 0
        ? null
        : h(
            'div',
            { class: 'panel-strip', role: 'note' },
            icon('warning', 13),
            `Not as in Grafana, unknown here: ${unsupported.join(', ')}`,
          );
    const menu = h(
      'button',
      {
        class: 'icon-button panel-menu',
        'aria-label': `Menu of ${panel.title ?? 'panel'}`,
        onClick: () => this.#openMenu(menu, onView),
      },
      icon('menu'),
    );
    const description = this.#description();
    const head = h(
      'header',
      { class: 'panel-head' },
      this.#title,
      description,
      this.#notices,
      needsData(panel) ? menu : null,
    );
    this.element = h(
      'section',
      {
        class: panel.transparent === true ? 'panel is-transparent' : 'panel',
        'data-panel-id': panel.id ?? -1,
        'data-panel-type': panel.type,
      },
      this.#progress,
      head,
      this.#body,
      this.#strip,
    );
    if ((panel.title ?? '') === '' && description === null && this.#strip === null)
      this.element.classList.add('has-no-title');
    new ResizeObserver(() => this.#redraw(() => this.#instance?.resize())).observe(this.#body);
  }

  #description(): HTMLElement | null {
    const text = this.#panel.description;
    if (text === undefined || text === '') return null;
    return hoverCard('Description', () =>
      renderMarkdown(
        interpolate(text, { variables: this.#context?.variables ?? [], builtIns: {} }),
        this.#context?.links ?? { variables: [], from: '', to: '' },
      ),
    );
  }

  #openMenu(anchor: HTMLElement, onView: (panel: Panel) => void): void {
    const queries = this.#answer?.targets ?? [];
    let close = (): void => undefined;
    const item = (name: string, label: string, action: () => void): HTMLElement =>
      h(
        'button',
        {
          class: 'menu-item',
          onClick: () => {
            close();
            action();
          },
        },
        icon(name, 14),
        label,
      );
    const explore = (): void => {
      const { from = 'now-6h', to = 'now' } = this.#context?.links ?? {};
      location.href = `/explore?from=${encodeURIComponent(from)}&to=${encodeURIComponent(to)}&csl=${encodeURIComponent(queries[0]?.csl ?? '')}`;
    };
    const links = (this.#panel.links ?? []).flatMap((link) => {
      const address =
        this.#context === undefined || link.url === undefined ? undefined : linkAddress(link.url, this.#context.links);
      return address === undefined
        ? []
        : [h('a', { class: 'menu-item', href: address }, icon('right', 14), link.title ?? address)];
    });
    const items = h(
      'div',
      { class: 'menu' },
      item('expand', 'View', () => onView(this.#panel)),
      item('search', 'Show query', () => showQueries(this.#title.textContent ?? '', queries)),
      item('compass', 'Explore', explore),
      item('table', 'Show data', () => showData(this.#title.textContent ?? '', this.#answer?.frames ?? [])),
      links,
    );
    close = openPopover(anchor, items, 'right');
  }

  /** Queries and draws. A newer refresh replaces one that still runs. */
  async refresh(context: RefreshContext): Promise<void> {
    this.#context = context;
    const title = interpolate(this.#panel.title ?? '', { variables: context.variables, builtIns: {} });
    this.#title.textContent = this.#title.title = title;
    if (!needsData(this.#panel) || PANEL_TYPES[this.#panel.type] === undefined) {
      this.#show({ range: context.range, intervalMs: 0, frames: [], targets: [] });
      return;
    }
    this.#running?.abort();
    const running = new AbortController();
    this.#running = running;
    this.#progress.hidden = false;
    try {
      const maxDataPoints = Math.max(100, Math.round(this.#body.clientWidth || 500));
      const answer = await postPanel(
        {
          dashboardUid: this.#dashboard.uid,
          panelId: this.#panel.id ?? -1,
          range: context.range,
          maxDataPoints,
          variables: context.variables,
        },
        running.signal,
      );
      if (!running.signal.aborted) this.#show(answer);
    } catch (error) {
      if (!running.signal.aborted)
        this.#fail(error instanceof ApiError ? error.failure : { message: String(error), code: 'Viewer' });
    } finally {
      if (this.#running === running) this.#progress.hidden = true;
    }
  }

  /** Draws again with new alerts, without a query. */
  setAlerts(alerts: AlertsAnswer): void {
    if (this.#context === undefined) return;
    this.#context = { ...this.#context, alerts };
    if (this.#panel.type === 'alertlist' && this.#answer !== undefined) this.#show(this.#answer);
  }

  /** Draws again with new annotations, without a query. */
  setAnnotations(annotations: readonly AnnotationEvent[]): void {
    if (this.#context === undefined) return;
    this.#context = { ...this.#context, annotations };
    if (this.#answer !== undefined && this.#answer.frames.length > 0) this.#show(this.#answer);
  }

  #show(answer: PanelAnswer): void {
    this.#answer = answer;
    const failed = answer.targets.filter((target) => target.error !== undefined);
    const first = failed[0];
    if (first?.error !== undefined && answer.frames.length === 0) {
      this.#fail(first.error, first.csl);
      return;
    }
    const notices = [
      ...failed.map((target) => `${target.refId}: ${target.error?.message ?? ''}`),
      ...answer.frames.flatMap((frame) => frame.notices.map((notice) => notice.text)),
    ];
    this.#notices.replaceChildren(
      ...(notices.length === 0
        ? []
        : [h('span', { class: 'panel-warning', title: notices.join('\n'), role: 'note' }, icon('warning', 14))]),
    );
    const type = PANEL_TYPES[this.#panel.type];
    if (type === undefined) {
      this.#message(
        `Panel type '${this.#panel.type}' is not drawn by the local viewer. In Grafana it is.`,
        'is-unsupported',
      );
      return;
    }
    if (needsData(this.#panel) && answer.frames.length === 0) {
      this.#message(this.#panel.fieldConfig?.defaults?.noValue ?? 'No data', 'is-empty');
      return;
    }
    this.#redraw(() => {
      if (this.#instance === undefined) {
        this.#body.replaceChildren();
        this.#instance = type(this.#body);
      }
      this.#instance.update(this.#input(answer));
    });
    this.element.dataset['state'] = 'done';
  }

  #input(answer: PanelAnswer): PanelInput {
    const { alerts, annotations, links, crosshair, onZoom } = this.#context as RefreshContext;
    const frames = resolveFields(this.#panel, transformFrames(answer.frames, this.#panel.transformations ?? []));
    return {
      dashboard: this.#dashboard,
      panel: this.#panel,
      frames,
      range: answer.range,
      annotations,
      alerts,
      links,
      crosshair,
      onZoom,
    };
  }

  // A panel type that throws (an option it refuses) says so in its own panel and leaves the others alone.
  #redraw(draw: () => void): void {
    try {
      draw();
    } catch (error) {
      this.#fail({ message: error instanceof Error ? error.message : String(error), code: 'Panel' });
    }
  }

  #clear(): void {
    this.#instance?.dispose();
    this.#instance = undefined;
    this.#body.className = 'panel-body';
  }

  #message(text: string, kind: string): void {
    this.#clear();
    this.#body.replaceChildren(h('div', { class: `panel-message ${kind}` }, text));
    this.element.dataset['state'] = kind.slice(3);
  }

  #fail(failure: QueryFailure, csl?: string): void {
    this.#clear();
    this.#notices.replaceChildren(
      h('span', { class: 'panel-error-mark', title: failure.message }, icon('warning', 14)),
    );
    this.#body.replaceChildren(failureBox(failure, csl));
    this.element.dataset['state'] = 'error';
  }

  dispose(): void {
    this.#running?.abort();
    this.#clear();
    this.element.remove();
  }
}
