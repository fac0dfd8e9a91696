import { attach, type DashPlayer, type Probe } from '../src/complete.ts';
import { withOverlay } from '../src/overlay.ts';
import { showEvent } from './event-list.ts';
import { watchRows } from './kusto-rows.ts';
import { drawTimeline } from './timeline.ts';

// The demo page. What a site does itself are the two lines in `start`: create the player, attach the probe.

interface Player extends DashPlayer {
  initialize: (video: HTMLVideoElement, source: string, autoplay: boolean) => void;
  attachSource: (source: string) => void;
  updateSettings: (settings: object) => void;
}
declare const dashjs: { MediaPlayer: () => { create: () => Player } };

const THROTTLED_KBPS = 25;
const BUFFER_S = 6;
/** The probe's short names of what the viewer sees, in words. */
const WORDS = {
  start: 'starting',
  play: 'playing',
  stall: 'stalled',
  freeze: 'frozen',
  seek: 'seeking',
  pause: 'paused',
  ad: 'advertisement',
  end: 'ended',
} as const;

function element(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found;
}

const { endpoint = '', key = '' } = document.querySelector<HTMLElement>('meta[name=framewatch]')!.dataset;
const visitor = crypto.getRandomValues(new Uint32Array(2)).join('-');
const clip = `clip/${visitor}/clip.mpd`;
const video = element('video') as HTMLVideoElement;

function start(): { player: Player; probe: Probe } {
  const player = dashjs.MediaPlayer().create();
  player.updateSettings({
    streaming: {
      buffer: {
        bufferTimeDefault: BUFFER_S,
        bufferTimeAtTopQuality: BUFFER_S,
        bufferTimeAtTopQualityLongForm: BUFFER_S,
      },
    },
  });
  const probe = withOverlay(attach)(player, {
    endpoint,
    key,
    contentId: 'demo-clip',
    title: 'Framewatch demo clip',
    app: 'demo',
    onEvent: (event) => showEvent(element('events'), event),
  });
  player.initialize(video, clip, true);
  return { player, probe };
}

async function throttle(kbps: number | null): Promise<void> {
  const answer = await fetch('api/throttle', { method: 'POST', body: JSON.stringify({ visitor, kbps }) });
  if (!answer.ok) return;
  element('line').textContent = kbps === null ? 'Line: full speed' : `Line: ${kbps} kbit/s`;
  element('throttle').toggleAttribute('disabled', kbps !== null);
  element('restore').toggleAttribute('disabled', kbps === null);
}

function showFigures(probe: Probe): void {
  const { session, header } = probe;
  if (!session || !header) return;
  const { state, totals } = session;
  element('state').textContent = WORDS[state];
  element('state').dataset['state'] = WORDS[state];
  element('session').textContent = header.sid;
  element('stalls').textContent = `${(totals.stalls ?? 0) + (totals.freezes ?? 0)}`;
  element('interrupted').textContent = `${(((totals.stallMs ?? 0) + (totals.freezeMs ?? 0)) / 1000).toFixed(1)} s`;
  element('dropped').textContent = totals.tot ? `${((100 * (totals.drop ?? 0)) / totals.tot).toFixed(1)} %` : '–';
  element('rendition').textContent = video.videoHeight ? `${video.videoHeight}p` : '–';
  const ranges = video.buffered;
  const ahead = ranges.length ? ranges.end(ranges.length - 1) - video.currentTime : 0;
  element('buffer').textContent = `${Math.max(0, ahead).toFixed(1)} s`;
}

const { player, probe } = start();
element('throttle').addEventListener('click', () => void throttle(THROTTLED_KBPS));
element('restore').addEventListener('click', () => void throttle(null));
element('again').addEventListener('click', () => player.attachSource(clip));
const draw = drawTimeline(element('timeline') as HTMLCanvasElement);
setInterval(() => {
  showFigures(probe);
  draw(probe.session ? WORDS[probe.session.state] : 'idle');
}, 250);
watchRows({
  sessionId: () => probe.header?.sid ?? '',
  query: element('query'),
  hint: element('rows-hint'),
  head: element('rows-head'),
  body: element('rows'),
});
