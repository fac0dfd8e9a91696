// Entry of the browser app: which page, its header, and alerts kept fresh.
import './style.css';
import { showAlerting } from './alerting-view.ts';
import type { AlertsAnswer } from './api.ts';
import { ApiError, getAlerts, getDashboards, getStatus } from './api.ts';
import { showDashboard } from './dashboard-view.ts';
import { h, icon } from './dom.ts';
import { showExplore } from './explore-view.ts';
import type { Header } from './header.ts';
import { createHeader } from './header.ts';

const ALERTS_EVERY_MS = 5000;
const HISTORY_EVERY_MS = 1000;
const HOME = 'framewatch-noc';

async function homeUid(): Promise<string | undefined> {
  const known = (await getDashboards()).flatMap(({ uid }) => (uid === undefined ? [] : [uid]));
  return known.includes(HOME) ? HOME : known[0];
}

async function showDashboardList(root: HTMLElement): Promise<void> {
  const list = await getDashboards();
  const items = list.map(({ uid, title, file, problem, tags }) =>
    uid === undefined
      ? h('li', {}, icon('warning'), file, h('span', { class: 'hint' }, problem))
      : h(
          'li',
          {},
          h('a', { href: `/d/${encodeURIComponent(uid)}` }, icon('apps'), title),
          h(
            'span',
            { class: 'chips' },
            tags.map((tag) => h('span', { class: 'chip' }, tag)),
          ),
        ),
  );
  root.replaceChildren(
    h(
      'div',
      { class: 'page' },
      h('h1', {}, 'Dashboards'),
      items.length === 0
        ? h('p', { class: 'hint' }, 'No dashboards have been generated yet.')
        : h('ul', { class: 'dashboard-list' }, items),
    ),
  );
}

/** Shows how the demo history grows, and says when it is in. */
async function watchHistory(header: Header, onIn: () => void): Promise<void> {
  for (let isWritten = false; ; isWritten = true) {
    try {
      const { status } = await getStatus();
      header.setHistory(status?.history);
      if (status?.history === undefined) return isWritten ? onIn() : undefined;
    } catch (error) {
      // The stack may be on its way out; what it said last would be no longer true.
      if (!(error instanceof ApiError)) throw error;
      header.setHistory(undefined);
    }
    await new Promise((resolve) => setTimeout(resolve, HISTORY_EVERY_MS));
  }
}

async function start(): Promise<void> {
  const root = document.querySelector<HTMLElement>('#app') as HTMLElement;
  const [, section = '', uid] = location.pathname.split('/');
  const header = createHeader(section === 'explore' || section === 'alerting' ? `/${section}` : '/');
  const main = h('main', { class: 'main' });
  root.replaceChildren(header.element, main);
  let onAlerts: (alerts: AlertsAnswer) => void = () => undefined;
  let refresh = (): void => undefined;
  let latest: AlertsAnswer | undefined;
  const poll = async (): Promise<void> => {
    try {
      const alerts = await getAlerts();
      latest = alerts;
      header.setAlerts(alerts);
      onAlerts(alerts);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
    } finally {
      setTimeout(() => void poll(), ALERTS_EVERY_MS);
    }
  };
  void poll();
  void watchHistory(header, () => refresh());
  if (section === 'explore') {
    header.setTitle('Explore');
    showExplore(main);
  } else if (section === 'alerting') {
    header.setTitle('Alerting');
    onAlerts = showAlerting(main);
  } else {
    const wanted =
      section === 'd' && uid !== undefined ? decodeURIComponent(uid) : section === '' ? await homeUid() : undefined;
    if (wanted === undefined) {
      header.setTitle('Dashboards');
      await showDashboardList(main);
    } else {
      const view = await showDashboard(main, wanted);
      const { title, setAlerts } = view;
      header.setTitle(title);
      onAlerts = setAlerts;
      refresh = view.refresh;
      // They may have come while the dashboard was loading.
      if (latest !== undefined) setAlerts(latest);
    }
  }
}

void start();
