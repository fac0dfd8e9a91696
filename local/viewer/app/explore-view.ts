import { resolveFields } from '../model/field-config.ts';
import { rowCount } from '../query/frames.ts';
import type { Frame } from '../query/frames.ts';
import { chooseInterval } from '../query/interval.ts';
import { expandBackendMacros } from '../query/macros.ts';
import { ApiError, getSchema, postQuery } from './api.ts';
import { createCrosshair } from './crosshair.ts';
import { h, icon } from './dom.ts';
import { chartOf } from './explore-chart.ts';
import type { SchemaAnswer } from './explore-schema.ts';
import { schemaTree } from './explore-schema.ts';
import { failureBox } from './failure-box.ts';
import { frameTable } from './inspect.ts';
import type { PageState } from './page-state.ts';
import { rangeNow, readPageState } from './page-state.ts';
import { PANEL_TYPES } from './panels/panel-types.ts';
import type { PanelInstance } from './panels/panel-input.ts';
import { timePicker } from './time-picker.ts';

const EXAMPLES: readonly (readonly [string, string])[] = [
  [
    'Latest events',
    'PlaybackEvents\n| where $__timeFilter(EventTime)\n| top 50 by EventTime desc\n| project EventTime, Kind, SessionId, Cdn, Country, DurationMs',
  ],
  [
    'Events a minute, by kind',
    'PlaybackEvents\n| where $__timeFilter(EventTime)\n| summarize Events = count() by bin(EventTime, 1m), Kind\n| order by EventTime asc',
  ],
  [
    'Longest stalls',
    "PlaybackEvents\n| where $__timeFilter(EventTime) and Kind == 'stall'\n| top 20 by DurationMs desc\n| project EventTime, SessionId, Cdn, Country, DurationMs, Cause",
  ],
  [
    'Sessions by CDN',
    'PlaybackEvents\n| where $__timeFilter(EventTime)\n| summarize Sessions = dcount(SessionId) by Cdn\n| order by Sessions desc',
  ],
];

class ExploreView {
  readonly #editor = h('textarea', {
    class: 'editor',
    spellcheck: 'false',
    'aria-label': 'KQL query',
    'data-testid': 'kql-editor',
    rows: '9',
  });
  readonly #gutter = h('pre', { class: 'gutter', 'aria-hidden': 'true' });
  readonly #result = h('div', { class: 'explore-result' });
  readonly #facts = h('span', { class: 'hint' });
  readonly #picker = h('div');
  #state: PageState = readPageState({ from: 'now-1h', to: 'now', refresh: '' });
  #view: 'table' | 'chart' = 'table';
  #frame: Frame | undefined;
  #running: AbortController | undefined;
  #chart: PanelInstance | undefined;

  constructor(root: HTMLElement) {
    this.#editor.value = new URLSearchParams(location.search).get('csl') ?? EXAMPLES[0]?.[1] ?? '';
    this.#editor.addEventListener('input', () => this.#number());
    this.#editor.addEventListener('scroll', () => this.#gutter.scrollTo({ top: this.#editor.scrollTop }));
    this.#editor.addEventListener('keydown', (event) => this.#key(event));
    const run = h(
      'button',
      { class: 'button primary', 'data-testid': 'run-query', onClick: () => void this.#run() },
      icon('play', 14),
      'Run',
      h('kbd', {}, 'Ctrl+Enter'),
    );
    const examples = EXAMPLES.map(([label, csl]) =>
      h('button', { class: 'button', onClick: () => this.#set(csl) }, label),
    );
    const views = h(
      'div',
      { class: 'button-group' },
      this.#viewButton('table', 'Table'),
      this.#viewButton('chart', 'Chart'),
    );
    const tree = h('aside', { class: 'explore-schema' }, h('p', { class: 'hint' }, 'Loading the schema'));
    this.#drawPicker();
    root.replaceChildren(
      h(
        'div',
        { class: 'page explore' },
        tree,
        h(
          'div',
          { class: 'explore-main' },
          h(
            'div',
            { class: 'explore-bar' },
            h('span', { class: 'hint' }, 'Examples'),
            examples,
            h('span', { class: 'spacer' }),
            this.#picker,
          ),
          h('div', { class: 'editor-box' }, this.#gutter, this.#editor),
          h('div', { class: 'explore-bar' }, run, views, this.#facts),
          this.#result,
        ),
      ),
    );
    this.#number();
    void this.#schema(tree);
    void this.#run();
  }

  #viewButton(view: 'table' | 'chart', label: string): HTMLElement {
    const button = h(
      'button',
      {
        class: 'button',
        'aria-pressed': String(this.#view === view),
        'data-testid': `view-${view}`,
        onClick: () => {
          this.#view = view;
          button.parentElement
            ?.querySelectorAll('button')
            .forEach((one) => one.setAttribute('aria-pressed', String(one === button)));
          this.#draw();
        },
      },
      label,
    );
    return button;
  }

  #drawPicker(): void {
    const change = (from: string, to: string): void => {
      this.#state = { ...this.#state, from, to };
      this.#drawPicker();
      void this.#run();
    };
    this.#picker.replaceChildren(
      timePicker(this.#state, { onRange: change, onRefreshNow: () => void this.#run(), onRefresh: () => undefined }),
    );
    this.#picker.querySelector('select')?.remove();
  }

  async #schema(tree: HTMLElement): Promise<void> {
    try {
      const { Databases = {} } = (await getSchema()) as SchemaAnswer;
      const [name, database] = Object.entries(Databases)[0] ?? [];
      tree.replaceChildren(
        h('h2', {}, name ?? 'No database'),
        database === undefined
          ? h('p', { class: 'hint' }, 'The schema is empty.')
          : schemaTree(database, (text) => this.#insert(text)),
      );
    } catch (error) {
      tree.replaceChildren(
        h('p', { class: 'hint' }, `No schema: ${error instanceof Error ? error.message : String(error)}`),
      );
    }
  }

  #set(csl: string): void {
    this.#editor.value = csl;
    this.#number();
    void this.#run();
  }

  #insert(text: string): void {
    this.#editor.setRangeText(text, this.#editor.selectionStart, this.#editor.selectionEnd, 'end');
    this.#editor.focus();
    this.#number();
  }

  #key(event: KeyboardEvent): void {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey || event.shiftKey)) {
      event.preventDefault();
      void this.#run();
    }
    if (event.key === 'Tab' && !event.shiftKey) {
      event.preventDefault();
      this.#insert('  ');
    }
  }

  #number(failedLine?: number): void {
    const lines = this.#editor.value.split('\n');
    this.#gutter.replaceChildren(
      ...lines.map((_, index) => h('span', { class: index + 1 === failedLine ? 'is-failed' : '' }, `${index + 1}\n`)),
    );
    this.#editor.rows = Math.min(24, Math.max(7, lines.length + 1));
  }

  async #run(): Promise<void> {
    this.#running?.abort();
    const running = new AbortController();
    this.#running = running;
    const range = rangeNow(this.#state);
    const csl = expandBackendMacros(this.#editor.value, {
      ...range,
      intervalMs: chooseInterval(range.toMs - range.fromMs, 600),
    });
    const address = new URLSearchParams({ from: this.#state.from, to: this.#state.to, csl: this.#editor.value });
    history.replaceState(null, '', `/explore?${address.toString()}`);
    const started = performance.now();
    this.#facts.textContent = 'Running';
    try {
      const frame = await postQuery(csl, running.signal);
      if (running.signal.aborted) return;
      this.#frame = frame;
      this.#number();
      this.#facts.textContent = `${rowCount(frame)} rows, ${frame.fields.length} columns, ${Math.round(performance.now() - started)} ms`;
      this.#draw();
    } catch (error) {
      if (running.signal.aborted) return;
      const failure = error instanceof ApiError ? error.failure : { message: String(error), code: 'Viewer' };
      this.#facts.textContent = '';
      this.#frame = undefined;
      this.#number(failure.line);
      this.#clearChart();
      this.#result.replaceChildren(failureBox(failure, csl));
    }
  }

  #clearChart(): void {
    this.#chart?.dispose();
    this.#chart = undefined;
  }

  #draw(): void {
    this.#clearChart();
    const frame = this.#frame;
    if (frame === undefined) return;
    const chart = this.#view === 'chart' && rowCount(frame) > 0 ? chartOf(frame) : undefined;
    const type = chart === undefined ? undefined : PANEL_TYPES[chart.panel.type];
    if (chart === undefined || type === undefined) {
      const note =
        this.#view === 'chart'
          ? h(
              'p',
              { class: 'hint' },
              'No chart fits this answer: a datetime or text column and a numeric one are needed.',
            )
          : null;
      this.#result.replaceChildren(...[note, frameTable(frame)].filter((one) => one !== null));
      return;
    }
    const body = h('div', { class: 'panel-body explore-chart' });
    this.#result.replaceChildren(body);
    this.#chart = type(body);
    const times = chart.frames[0]?.fields.find((field) => field.type === 'time')?.values.map(Number) ?? [];
    const range = times.length > 1 ? { fromMs: Math.min(...times), toMs: Math.max(...times) } : rangeNow(this.#state);
    this.#chart.update({
      dashboard: { uid: '', title: '' },
      panel: chart.panel,
      frames: resolveFields(chart.panel, chart.frames),
      range,
      annotations: [],
      alerts: undefined,
      links: { variables: [], from: this.#state.from, to: this.#state.to },
      crosshair: createCrosshair(0),
      onZoom: ({ fromMs, toMs }) => {
        this.#state = { ...this.#state, from: String(fromMs), to: String(toMs) };
        this.#drawPicker();
        void this.#run();
      },
    });
  }
}

export const showExplore = (root: HTMLElement): void => void new ExploreView(root);
