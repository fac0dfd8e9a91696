import type { LeanEvent } from '../../schema/probe-wire-v2.ts';

const KEPT = 200;
const NAMES: Partial<Record<LeanEvent['k'], string>> = { hb: 'heartbeat', adBreak: 'ad break' };

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;

type Words = { [K in LeanEvent['k']]?: (event: Extract<LeanEvent, { k: K }>) => string };

const soFar = (event: { ms: number; open?: boolean }) => `${seconds(event.ms)}${event.open ? ' so far' : ''}`;

const WORDS: Words = {
  request: ({ auto }) => (auto ? 'autoplay asks for playback' : 'the viewer asks for playback'),
  ready: ({ reps, t }) => `${reps?.length ?? 0} renditions after ${t} ms`,
  start: ({ ms, kbps }) => `first frame after ${ms} ms · ${kbps ?? '?'} kbit/s`,
  stall: (event) => `${soFar(event)} · cause: ${event.cause ?? 'unknown'}`,
  freeze: (event) => `${soFar(event)} · picture stood, sound ran`,
  seek: ({ ms, from = 0, to = 0 }) => `${ms} ms to the first frame · ${seconds(from)} → ${seconds(to)}`,
  rendition: ({ from, to }) => `${from ?? '?'} → ${to} kbit/s`,
  segment: ({ bad = 'loaded', ty = '', idx, ms }) =>
    [bad, ty, idx && `no. ${idx}`, ms && `after ${seconds(ms)}`].filter(Boolean).join(' '),
  cdn: ({ from, to, why = '' }) => (to ? `${from ?? '?'} → ${to} · ${why}` : why),
  error: ({ code, fatal, msg = '' }) => `${code}${fatal ? ' · fatal' : ''} ${msg}`,
  hb: ({ i, bl = 0 }) => `${seconds(i.playMs ?? 0)} played · buffer ${seconds(bl)}`,
  visibility: ({ to }) => String(to),
  end: ({ why, c }) => `${why} · ${seconds(c.playMs ?? 0)} played, ${seconds(c.stallMs ?? 0)} stalled`,
};

/** One line of plain words about an event. */
export function describeEvent(event: LeanEvent): string {
  const words = WORDS[event.k] as ((event: LeanEvent) => string) | undefined;
  return words?.(event) ?? '';
}

/** Newest on top. */
export function showEvent(list: HTMLElement, event: LeanEvent): void {
  const item = document.createElement('li');
  item.dataset['kind'] = event.k;
  const time = document.createElement('time');
  time.textContent = seconds(event.t);
  const name = document.createElement('b');
  name.textContent = NAMES[event.k] ?? event.k;
  const words = document.createElement('span');
  words.textContent = describeEvent(event);
  words.title = JSON.stringify(event);
  item.append(time, name, words);
  list.prepend(item);
  while (list.children.length > KEPT) list.lastElementChild?.remove();
  if (event.k === 'start') document.getElementById('startup')!.textContent = `${event.ms} ms`;
}
