import type { AlertsAnswer } from './api.ts';
import { getDashboards } from './api.ts';
import type { HistoryProgress } from '../history-progress.ts';
import { h, icon, openPopover, svg } from './dom.ts';
import { ownLabels } from './panels/alertlist.ts';

const logo = (): SVGElement =>
  svg(
    'svg',
    { viewBox: '0 0 32 32', width: 24, height: 24, 'aria-hidden': 'true' },
    svg('rect', { width: 32, height: 32, rx: 7, fill: '#1f2a44' }),
    svg('path', {
      d: 'M5 20l5-8 5 5 5-11 6 14',
      fill: 'none',
      stroke: '#6e9fff',
      'stroke-width': 3,
      'stroke-linejoin': 'round',
      'stroke-linecap': 'round',
    }),
  );

export interface Header {
  readonly element: HTMLElement;
  readonly setTitle: (title: string) => void;
  readonly setAlerts: (alerts: AlertsAnswer) => void;
  /** Without a progress the history is in. */
  readonly setHistory: (progress: HistoryProgress | undefined) => void;
}

async function dashboardMenu(anchor: HTMLElement): Promise<void> {
  const list = await getDashboards();
  const items = list.map(({ uid, title, problem, file }) =>
    uid === undefined
      ? h('span', { class: 'menu-item', title: problem }, icon('warning', 14), file)
      : h('a', { class: 'menu-item', href: `/d/${encodeURIComponent(uid)}` }, icon('apps', 14), title),
  );
  openPopover(
    anchor,
    h('div', { class: 'menu' }, items.length === 0 ? h('span', { class: 'menu-item' }, 'No dashboards') : items),
  );
}

const describe = (labels: Readonly<Record<string, string>>): string =>
  ownLabels(labels)
    .map(([, value]) => value)
    .join(' / ');

function banner(alerts: AlertsAnswer): HTMLElement | null {
  const firing = alerts.rules.flatMap((status) =>
    status.instances
      .filter((one) => one.state === 'Alerting' || one.state === 'Recovering')
      .map((instance) => ({ status, instance })),
  );
  if (firing.length === 0) return null;
  const named = firing
    .slice(0, 3)
    .map(({ status, instance }) =>
      h(
        'a',
        { href: `/alerting?rule=${encodeURIComponent(status.rule.uid)}` },
        h('strong', {}, status.rule.title),
        ' ',
        instance.annotations['summary'] ?? describe(instance.labels),
      ),
    );
  return h(
    'div',
    { class: 'alert-banner', role: 'status', 'data-testid': 'alert-banner' },
    icon('bell'),
    h('strong', { class: 'alert-banner-count' }, `${firing.length} firing`),
    named,
    firing.length > 3 ? h('a', { href: '/alerting' }, `and ${firing.length - 3} more`) : null,
  );
}

const whole = (fraction: number): number => Math.floor(fraction * 100);

const lengthOf = (seconds: number): string =>
  seconds < 90 ? `${Math.ceil(seconds)} s` : `${Math.round(seconds / 60)} min`;

/** Why a fresh stack has little to show. */
function historyBanner({ fraction, at, etaSeconds }: HistoryProgress): HTMLElement {
  const left = etaSeconds === undefined || etaSeconds < 1 ? '' : `, about ${lengthOf(etaSeconds)} left`;
  const day = at === undefined ? '' : new Date(at).toLocaleDateString('en-GB', { day: 'numeric', month: 'short' });
  return h(
    'div',
    { class: 'history-banner', 'data-testid': 'history-banner' },
    h('progress', { max: 1, value: fraction, 'aria-label': 'Demo history' }),
    h('strong', {}, `Writing demo history: ${whole(fraction)} %${left}`),
    h('span', {}, `Oldest day first${day === '' ? '' : `, ${day} by now`}; the time in view fills when it gets here.`),
  );
}

/** The bar at the top of every page. */
export function createHeader(active: string): Header {
  const title = h('span', { class: 'header-title' });
  const count = h('span', { class: 'firing-count', 'data-testid': 'firing-count', hidden: true });
  const bannerPlace = h('div');
  const historyPlace = h('div');
  const link = (href: string, name: string, label: string): HTMLElement =>
    h(
      'a',
      { class: active === href ? 'nav-link is-active' : 'nav-link', href, title: label },
      icon(name),
      h('span', { class: 'nav-label' }, label),
    );
  const dashboards = h(
    'button',
    {
      class: active === '/' ? 'nav-link is-active' : 'nav-link',
      title: 'Dashboards',
      onClick: () => void dashboardMenu(dashboards),
    },
    icon('apps'),
    h('span', { class: 'nav-label' }, 'Dashboards'),
    icon('chevron', 12),
  );
  const alerting = link('/alerting', 'bell', 'Alerting');
  alerting.append(count);
  const bar = h(
    'div',
    { class: 'header-bar' },
    h('a', { class: 'brand', href: '/' }, logo(), 'Framewatch'),
    title,
    h('nav', {}, dashboards, link('/explore', 'compass', 'Explore'), alerting, link('/demo/', 'play', 'Demo player')),
  );
  const element = h('header', { class: 'header' }, bar, historyPlace, bannerPlace);
  // What sticks below it has to know how high it is.
  new ResizeObserver(() =>
    document.documentElement.style.setProperty('--header-height', `${element.offsetHeight}px`),
  ).observe(element);
  return {
    element,
    setTitle: (text) => {
      title.textContent = text;
      document.title = text === '' ? 'Framewatch' : `${text} - Framewatch`;
    },
    setAlerts: (alerts) => {
      count.hidden = alerts.firing === 0;
      count.textContent = String(alerts.firing);
      const shown = banner(alerts);
      bannerPlace.replaceChildren(...(shown === null ? [] : [shown]));
    },
    setHistory: (progress) => {
      document.body.classList.toggle('is-filling', progress !== undefined);
      historyPlace.replaceChildren(...(progress === undefined ? [] : [historyBanner(progress)]));
    },
  };
}
