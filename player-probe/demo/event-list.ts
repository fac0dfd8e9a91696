import type { WireEvent } from '../../schema/probe-wire.ts';

const KEPT = 200;
const NAMES: Partial<Record<WireEvent['k'], string>> = { hb: 'heartbeat', adBreak: 'ad break' };

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;

type Words = { [K in WireEvent['k']]?: (event: Extract<WireEvent, { k: K }>) => string };

const soFar = (event: { ms: number; open?: boolean }) => `${seconds(event.ms)}${event.open ? ' so far' : ''}`;

const WORDS: Words = {
  request: ({ auto }) => (auto ? 'autoplay asks for playback' : 'the viewer asks for playback'),
  ready: ({ reps, ms }) => `${reps?.length ?? 0} renditions after ${ms} ms`,
  start: ({ ms, kbps }) => `first frame after ${ms} ms · ${kbps ?? '?'} kbit/s`,
  stall: (event) => `${soFar(event)} · cause: ${event.cause ?? 'unknown'}`,
  freeze: (event) => `${soFar(event)} · picture stood, sound ran`,
  seek: ({ ms, from = 0, to = 0 }) => `${ms} ms to the first frame · ${seconds(from)} → ${seconds(to)}`,
  rendition: ({ from, to }) => `${from ?? '?'} → ${to} kbit/s`,
  cdn: ({ from, to }) => `${from ?? '?'} → ${to}`,
  error: ({ cat, code, fatal, msg = '' }) => `${cat} ${code}${fatal ? ' · fatal' : ''} ${msg}`,
  hb: ({ ms, iv, bl = 0 }) => `${seconds(ms.playing ?? 0)} played of ${seconds(iv)} · buffer ${seconds(bl)}`,
  visibility: ({ to }) => to,
  end: ({ why, c }) => `${why} · ${seconds(c.playMs)} played, ${seconds(c.stallMs)} stalled`,
};

/** One line of plain words about an event. */
export function describeEvent(event: WireEvent): string {
  const words = WORDS[event.k] as ((event: WireEvent) => string) | undefined;
  return words?.(event) ?? '';
}

/** Newest on top. */
export function showEvent(list: HTMLElement, event: WireEvent): void {
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
