import type { WireEvent } from '../../schema/probe-wire.ts';

const KEPT = 200;
const NAMES: Partial<Record<WireEvent['k'], string>> = { hb: 'heartbeat', adBreak: 'ad break' };

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;

/** One line of plain words about an event. */
export function describeEvent(event: WireEvent): string {
  switch (event.k) {
    case 'request':
      return event.auto ? 'autoplay asks for playback' : 'the viewer asks for playback';
    case 'ready':
      return `${event.reps?.length ?? 0} renditions after ${event.ms} ms`;
    case 'start':
      return `first frame after ${event.ms} ms · ${event.kbps ?? '?'} kbit/s`;
    case 'stall':
      return `${seconds(event.ms)}${event.open ? ' so far' : ''} · cause: ${event.cause ?? 'unknown'}`;
    case 'freeze':
      return `${seconds(event.ms)}${event.open ? ' so far' : ''} · picture stood, sound ran`;
    case 'seek':
      return `${event.ms} ms to the first frame · ${seconds(event.from ?? 0)} → ${seconds(event.to ?? 0)}`;
    case 'rendition':
      return `${event.from ?? '?'} → ${event.to} kbit/s`;
    case 'error':
      return `${event.cat} ${event.code}${event.fatal ? ' · fatal' : ''} ${event.msg ?? ''}`;
    case 'hb':
      return `${seconds(event.ms.playing ?? 0)} played of ${seconds(event.iv)} · buffer ${seconds(event.bl ?? 0)}`;
    case 'visibility':
    case 'mute':
    case 'rate':
      return event.to;
    case 'segment':
      return `${event.bad ?? ''} · ${event.ty === 'v' ? 'video' : 'audio'} ${event.idx ?? ''}`;
    case 'end':
      return `${event.why} · ${seconds(event.c.playMs)} played, ${seconds(event.c.stallMs)} stalled`;
    default:
      return '';
  }
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
