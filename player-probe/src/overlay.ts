import type { LeanEvent } from '../../schema/probe-wire-v2.ts';
import type { Probe, ProbeOptions } from './core.ts';
import { COLOURS, curve, SPAN, strip, type Point } from './overlay-chart.ts';

// What an engineer wants beside a player: the session's state and figures, its last minute, its last events.

export interface OverlayOptions {
  /** Shows the overlay, or keeps it away; when absent it shows on pages whose address has `?framewatch=debug`. */
  overlay?: boolean;
}

const DRAW_MS = 250;
const WIDTH = 296;
const EDGE = 8;
const MAX_EVENTS = 6;

const STYLE = `:host{all:initial;position:fixed;z-index:99999;pointer-events:none}
section{width:${WIDTH}px;padding:6px 12px;border-radius:10px;background:#0b1018e6;color:#e6edf6;font:12px/1.5 system-ui;font-variant-numeric:tabular-nums}
header,dl{display:flex;flex-wrap:wrap;justify-content:space-between}
dt,p{color:#8b9bb0;font-size:11px}
dl,dd,p{margin:0}
button{all:unset;pointer-events:auto;cursor:pointer;padding:0 8px}
button:focus-visible{background:#fff3}
dl{padding:4px 0 8px}
div{width:25%}
svg{display:block;width:100%;background:#ffffff0d}
li{display:block;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}`;

const COMMON = /^([nthwd]|k|pt|bl|kbps|cdn|c)$/;

const inSeconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;

/** Buffered media ahead of the playhead, s: to the end of the last range that begins before it. */
function bufferOf({ buffered, currentTime }: HTMLVideoElement): number {
  for (let i = buffered.length; i--;)
    if (buffered.start(i) <= currentTime + 0.1) return Math.max(0, buffered.end(i) - currentTime);
  return 0;
}

const safe = (text: string) => text.replace(/[&<]/g, (sign) => `&#${sign.charCodeAt(0)};`);

/** An event in one line: its kind and its own fields, without those that every event has; of a list its length. */
const lineOf = (event: LeanEvent) =>
  event.k +
  JSON.stringify(event, (name, value: unknown) =>
    COMMON.test(name) ? undefined : Array.isArray(value) ? value.length : value,
  )
    .replace(/["}]/g, '')
    .replace(/[{,:]/g, ' ');

/** The element that the player plays in, whichever player it is; undefined as long as it has none. */
function videoOf(player: object): HTMLVideoElement | undefined {
  if (player instanceof HTMLVideoElement) return player;
  const any = player as { media?: unknown; getVideoElement?: () => unknown; getMediaElement?: () => unknown };
  return (any.getVideoElement?.() ?? any.getMediaElement?.() ?? any.media) as HTMLVideoElement | undefined;
}

function open(player: object) {
  const host = document.createElement('div');
  const root = host.attachShadow({ mode: 'open' });
  root.innerHTML = `<style>${STYLE}</style><section aria-label=Framewatch><header><b></b><button aria-label=Close>×</button></header><main></main></section>`;
  const part = (name: string) => root.querySelector<HTMLElement>(name)!;
  const points: Point[] = [];
  const events: LeanEvent[] = [];
  let kbps = 0;
  let startMs = 0;

  /** In the corner of the picture; within what is full screen, or it would be hidden. */
  const place = (video: HTMLVideoElement) => {
    const parent = document.fullscreenElement ?? document.body;
    if (host.parentNode !== parent && parent !== video) parent.append(host);
    const { right, top } = video.getBoundingClientRect();
    host.style.cssText = `left:${Math.max(0, Math.min(right, innerWidth) - WIDTH - 4 * EDGE)}px;top:${Math.max(0, top) + EDGE}px`;
  };
  const draw = ({ session, header }: Probe) => {
    const video = videoOf(player)!;
    place(video);
    const { state, totals: c } = session!;
    const buffer = bufferOf(video);
    if (points.push({ state, kbps, buffer }) > SPAN) points.shift();
    part('b').textContent = `● ${state}`;
    part('b').style.color = COLOURS[state]!;
    const figures = {
      Startup: startMs ? inSeconds(startMs) : '–',
      Stalls: `${c.stalls ?? 0} · ${inSeconds(c.stallMs ?? 0)}`,
      Frozen: `${c.freezes ?? 0} · ${inSeconds(c.freezeMs ?? 0)}`,
      Seeks: c.seeks ?? 0,
      Picture: `${video.videoHeight}p`,
      Dropped: `${((100 * (c.drop ?? 0)) / (c.tot ?? 1)).toFixed(1)} %`,
      Errors: c.err ?? 0,
      Session: header!.sid.slice(0, 8),
    };
    part('main').innerHTML =
      `<dl>${Object.entries(figures)
        .map(([name, value]) => `<div><dt>${name}<dd>${value}</div>`)
        .join('')}</dl>` +
      `${strip(points)}<p>Bitrate ${kbps} kbit/s${curve(points, 'kbps', '#60a5fa')}<p>Buffer ${buffer.toFixed(1)} s${curve(points, 'buffer', '#2dd4bf')}<p>` +
      events.map((event) => `<li>${inSeconds(event.t)} ${safe(lineOf(event))}`).join('');
  };
  let timer = 0;
  const close = () => {
    clearInterval(timer);
    host.remove();
  };
  part('button').onclick = close;
  part('section').onkeydown = ({ key }) => key === 'Escape' && close();
  return {
    close,
    tell: (event: LeanEvent) => {
      kbps = event.kbps ?? kbps;
      if (event.k === 'start') startMs = event.ms;
      if (event.k !== 'hb' && events.push(event) > MAX_EVENTS) events.shift();
    },
    run: (probe: Probe) => {
      timer = window.setInterval(() => {
        try {
          draw(probe);
        } catch {
          host.remove(); // No element or no session, or none any more.
        }
      }, DRAW_MS);
    },
  };
}

/** `attach` of any player with an overlay on its picture, when the page's address or the options ask for one. */
export const withOverlay =
  <P extends object, O extends ProbeOptions>(attach: (player: P, options: O) => Probe) =>
  (player: P, options: O & OverlayOptions): Probe => {
    const asked = /[?&]framewatch=debug/.test(location.search);
    if (!(options.overlay ?? asked)) return attach(player, options);
    const overlay = open(player);
    const probe = attach(player, {
      ...options,
      onEvent: (event, header) => {
        overlay.tell(event);
        options.onEvent?.(event, header);
      },
    });
    const { detach } = probe;
    probe.detach = () => {
      overlay.close();
      detach();
    };
    overlay.run(probe);
    return probe;
  };
