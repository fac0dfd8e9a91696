/** A colour for each state of a session. */
export const COLOURS: Record<string, string> = {
  start: '#60a5fa',
  play: '#2dd4bf',
  stall: '#f4516c',
  freeze: '#fb923c',
  seek: '#a78bfa',
  pause: '#64748b',
};

/** One look at the session. */
export interface Point {
  state: string;
  /** kbit/s on the screen. */
  kbps: number;
  /** s of media ahead of the playhead. */
  buffer: number;
}

/** Looks that a chart shows, the newest at its right edge. */
export const SPAN = 240;
const TOP = 30;

const svg = (height: number, inside: string) =>
  `<svg viewBox="0 0 ${SPAN} ${height}" preserveAspectRatio=none style=height:${height}px>${inside}</svg>`;

/** Strip of the states, as SVG. */
export const strip = (points: Point[]): string =>
  svg(
    8,
    Object.entries(COLOURS)
      .map(([state, colour]) => {
        const runs = points.map((point, i) => (point.state === state ? `M${SPAN - points.length + i} 4h1` : ''));
        return `<path d="${runs.join('')}" stroke=${colour} stroke-width=8 />`;
      })
      .join(''),
  );

/** Bitrate or buffer in steps, from 0 to the most there was, as SVG. */
export function curve(points: Point[], of: 'kbps' | 'buffer', colour: string): string {
  const most = Math.max(1, ...points.map((point) => point[of]));
  const steps = points.map((point) => `V${(TOP + 1 - (point[of] / most) * TOP).toFixed(1)}h1`);
  return svg(
    TOP + 2,
    `<path d="M${SPAN - points.length} ${TOP + 1}${steps.join('')}V${TOP + 1}" stroke=${colour} fill=${colour}33 vector-effect=non-scaling-stroke />`,
  );
}
