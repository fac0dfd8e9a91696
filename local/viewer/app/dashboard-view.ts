import type { Dashboard, Panel } from '../model/dashboard.ts';
import { linkAddress } from '../model/data-links.ts';
import { parseDurationMs } from '../query/interval.ts';
import type { TimeRangeMs } from '../query/macros.ts';
import { interpolate } from '../query/variables.ts';
import type { AnnotationEvent } from '../annotation-query.ts';
import type { AlertsAnswer, PageVariable } from './api.ts';
import { ApiError, getDashboard, postAnnotations, postVariables } from './api.ts';
import type { Crosshair } from './crosshair.ts';
import { createCrosshair } from './crosshair.ts';
import { h, icon } from './dom.ts';
import { failureBox } from './failure-box.ts';
import type { Place, Section } from './grid-layout.ts';
import { layoutOf, sectionsOf } from './grid-layout.ts';
import { PanelFrame } from './panel-frame.ts';
import type { RefreshContext } from './panel-frame.ts';
import type { PageState } from './page-state.ts';
import { rangeNow, readPageState, writePageState } from './page-state.ts';
import { timePicker } from './time-picker.ts';
import { variableBar } from './variable-bar.ts';

const place = (element: HTMLElement, { left, top, width, height }: Place): void => {
  Object.assign(element.style, { left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px` });
};

class DashboardView {
  readonly #dashboard: Dashboard;
  readonly #crosshair: Crosshair;
  readonly #toolbar = h('div', { class: 'toolbar' });
  readonly #grid = h('div', { class: 'grid' });
  readonly #sections: Section[];
  readonly #collapsed: Set<Panel>;
  readonly #frames = new Map<Panel, PanelFrame>();
  readonly #visible = new Set<Panel>();
  readonly #stale = new Set<Panel>();
  readonly #observer: IntersectionObserver;
  #state: PageState;
  #variables: readonly PageVariable[] = [];
  #annotations: readonly AnnotationEvent[] = [];
  #alerts: AlertsAnswer | undefined;
  #range: TimeRangeMs;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #hasVariables = false;

  constructor(root: HTMLElement, dashboard: Dashboard) {
    this.#dashboard = dashboard;
    this.#crosshair = createCrosshair(dashboard.graphTooltip ?? 0);
    this.#state = this.#readState();
    this.#range = rangeNow(this.#state);
    this.#sections = sectionsOf(dashboard);
    this.#collapsed = new Set(
      this.#sections.flatMap((section) => (section.row?.collapsed === true ? [section.row] : [])),
    );
    root.replaceChildren(this.#toolbar, this.#grid);
    this.#observer = new IntersectionObserver((entries) => this.#seen(entries), { rootMargin: '200px' });
    new ResizeObserver(() => this.#arrange()).observe(this.#grid);
    window.addEventListener('popstate', () => {
      this.#state = this.#readState();
      void this.#reload();
    });
    document.addEventListener('keydown', (event) => {
      if (
        event.key === 'Escape' &&
        this.#state.viewPanel !== undefined &&
        document.querySelector('.backdrop, .popover') === null
      )
        this.#change({ viewPanel: undefined });
    });
  }

  #readState(): PageState {
    const { time, refresh } = this.#dashboard;
    return readPageState({
      from: time?.from ?? 'now-6h',
      to: time?.to ?? 'now',
      refresh: typeof refresh === 'string' ? refresh : '',
    });
  }

  async start(): Promise<void> {
    await this.#reload();
  }

  setAlerts(alerts: AlertsAnswer): void {
    this.#alerts = alerts;
    for (const frame of this.#frames.values()) frame.setAlerts(alerts);
  }

  // Variables first: their values are part of every query.
  async #reload(): Promise<void> {
    const state = this.#state;
    this.#range = rangeNow(state);
    const variables = await postVariables(this.#dashboard.uid, this.#range, state.variables);
    // Another change came while this one was on its way; its own answer counts.
    if (state !== this.#state) return;
    this.#variables = variables;
    this.#hasVariables = true;
    this.#drawToolbar();
    this.#arrange();
    this.#refresh();
  }

  #change(change: Partial<PageState>): void {
    this.#state = { ...this.#state, ...change };
    writePageState(this.#state, true);
    void this.#reload();
  }

  #refresh(): void {
    clearTimeout(this.#timer);
    this.#range = rangeNow(this.#state);
    for (const panel of this.#frames.keys()) this.#stale.add(panel);
    void this.#loadAnnotations();
    for (const panel of this.#visible) this.#refreshPanel(panel);
    const every = this.#state.refresh === '' ? undefined : parseDurationMs(this.#state.refresh);
    // A hidden tab does not query; it catches up when it is looked at again.
    const again = (): void => {
      if (document.hidden) document.addEventListener('visibilitychange', again, { once: true });
      else this.#refresh();
    };
    if (every !== undefined && every > 0) this.#timer = setTimeout(again, every);
  }

  async #loadAnnotations(): Promise<void> {
    if ((this.#dashboard.annotations?.list ?? []).every((one) => one.builtIn === 1)) return;
    try {
      const { events, errors } = await postAnnotations(this.#dashboard.uid, this.#range, this.#variables);
      this.#annotations = events;
      this.#toolbar.querySelector('.annotation-problem')?.remove();
      if (errors.length > 0)
        this.#toolbar.append(
          h(
            'span',
            { class: 'annotation-problem panel-warning', title: errors.join('\n') },
            icon('warning', 14),
            'annotations',
          ),
        );
      for (const frame of this.#frames.values()) frame.setAnnotations(events);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
    }
  }

  #refreshPanel(panel: Panel): void {
    if (!this.#stale.delete(panel)) return;
    const context: RefreshContext = {
      range: this.#range,
      variables: this.#variables,
      annotations: this.#annotations,
      alerts: this.#alerts,
      links: { variables: this.#variables, from: this.#state.from, to: this.#state.to },
      crosshair: this.#crosshair,
      onZoom: ({ fromMs, toMs }) => this.#change({ from: String(fromMs), to: String(toMs) }),
    };
    void this.#frames.get(panel)?.refresh(context);
  }

  #seen(entries: readonly IntersectionObserverEntry[]): void {
    for (const entry of entries) {
      const panel = [...this.#frames].find(([, frame]) => frame.element === entry.target)?.[0];
      if (panel === undefined) continue;
      if (entry.isIntersecting) {
        this.#visible.add(panel);
        this.#refreshPanel(panel);
      } else this.#visible.delete(panel);
    }
  }

  #drawToolbar(): void {
    const onVariable = (name: string, value: string | readonly string[]): void =>
      this.#change({ variables: { ...this.#state.variables, [name]: value } });
    const links = (this.#dashboard.links ?? []).flatMap((link) => {
      const address =
        link.url === undefined || link.url === ''
          ? undefined
          : linkAddress(link.url, { variables: this.#variables, from: this.#state.from, to: this.#state.to });
      return address === undefined ? [] : [h('a', { class: 'button', href: address }, link.title ?? address)];
    });
    const back =
      this.#state.viewPanel === undefined
        ? null
        : h('button', { class: 'button', onClick: () => this.#change({ viewPanel: undefined }) }, 'Back to dashboard');
    this.#toolbar.replaceChildren(
      variableBar(this.#variables, onVariable),
      h(
        'div',
        { class: 'toolbar-right' },
        back,
        ...links,
        timePicker(this.#state, {
          onRange: (from, to) => this.#change({ from, to }),
          onRefreshNow: () => this.#refresh(),
          onRefresh: (refresh) => {
            this.#state = { ...this.#state, refresh };
            writePageState(this.#state, false);
            void this.#reload();
          },
        }),
      ),
    );
  }

  #frameOf(panel: Panel): PanelFrame {
    const existing = this.#frames.get(panel);
    if (existing !== undefined) return existing;
    const frame = new PanelFrame(this.#dashboard, panel, (one) =>
      this.#change({ viewPanel: this.#state.viewPanel === undefined ? one.id : undefined }),
    );
    this.#frames.set(panel, frame);
    this.#stale.add(panel);
    return frame;
  }

  #arrange(): void {
    const width = this.#grid.clientWidth;
    // A panel on the grid queries at once, and its query needs the variables.
    if (width === 0 || !this.#hasVariables) return;
    const viewed =
      this.#state.viewPanel === undefined
        ? undefined
        : this.#sections.flatMap((section) => section.panels).find((panel) => panel.id === this.#state.viewPanel);
    const layout = layoutOf(this.#sections, this.#collapsed, width);
    const panels: ReadonlyMap<Panel, Place> =
      viewed === undefined
        ? layout.panels
        : new Map([
            [
              viewed,
              {
                left: 0,
                top: 0,
                width,
                height: Math.max(300, window.innerHeight - this.#grid.getBoundingClientRect().top - 24),
              },
            ],
          ]);
    this.#grid.style.height = `${viewed === undefined ? layout.height : window.innerHeight - 140}px`;
    this.#grid.querySelectorAll(':scope > .row').forEach((row) => row.remove());
    if (viewed === undefined) for (const [row, at] of layout.rows) this.#drawRow(row, at);
    for (const [panel, frame] of this.#frames) {
      if (panels.has(panel)) continue;
      this.#observer.unobserve(frame.element);
      this.#visible.delete(panel);
      frame.dispose();
      this.#frames.delete(panel);
    }
    for (const [panel, at] of panels) {
      const frame = this.#frameOf(panel);
      place(frame.element, at);
      if (frame.element.parentElement === this.#grid) continue;
      this.#grid.append(frame.element);
      this.#observer.observe(frame.element);
    }
  }

  #drawRow(row: Panel, at: Place): void {
    const isCollapsed = this.#collapsed.has(row);
    const toggle = (): void => {
      if (isCollapsed) this.#collapsed.delete(row);
      else this.#collapsed.add(row);
      this.#arrange();
    };
    const title = interpolate(row.title ?? '', { variables: this.#variables, builtIns: {} });
    const count = this.#sections.find((section) => section.row === row)?.panels.length ?? 0;
    const element = h(
      'button',
      { class: 'row', 'aria-expanded': String(!isCollapsed), onClick: toggle },
      icon(isCollapsed ? 'right' : 'chevron', 14),
      title,
      isCollapsed ? h('span', { class: 'hint' }, `(${count} panels)`) : null,
    );
    place(element, at);
    this.#grid.append(element);
  }
}

/** Shows a dashboard in `root`; gives what hands it fresh alerts, and what has it ask for all its data again. */
export async function showDashboard(
  root: HTMLElement,
  uid: string,
): Promise<{ title: string; setAlerts: (alerts: AlertsAnswer) => void; refresh: () => void }> {
  try {
    const dashboard = await getDashboard(uid);
    const view = new DashboardView(root, dashboard);
    await view.start();
    return { title: dashboard.title, setAlerts: (alerts) => view.setAlerts(alerts), refresh: () => void view.start() };
  } catch (error) {
    const failure =
      error instanceof ApiError
        ? error.failure
        : { message: error instanceof Error ? error.message : String(error), code: 'Viewer' };
    root.replaceChildren(h('div', { class: 'page' }, failureBox(failure)));
    return { title: 'Dashboard', setAlerts: () => undefined, refresh: () => undefined };
  }
}
