// Grafana's named colours (dark theme) and its classic palette.

const HUES: Readonly<Record<string, readonly [string, string, string, string, string]>> = {
  // super-light, light, plain, semi-dark, dark
  red: ['#FFA6B0', '#FF7383', '#F2495C', '#E02F44', '#C4162A'],
  orange: ['#FFCB7D', '#FFB357', '#FF9830', '#FF780A', '#FA6400'],
  yellow: ['#FFF899', '#FFEE52', '#FADE2A', '#F2CC0C', '#E0B400'],
  green: ['#C8F2C2', '#96D98D', '#73BF69', '#56A64B', '#37872D'],
  blue: ['#C0D8FF', '#8AB8FF', '#5794F2', '#3274D9', '#1F60C4'],
  purple: ['#DEB6F2', '#CA95E5', '#B877D9', '#A352CC', '#8F3BB8'],
};
const SHADES = ['super-light-', 'light-', '', 'semi-dark-', 'dark-'] as const;

const NAMED: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    Object.entries(HUES).flatMap(([hue, shades]) =>
      SHADES.map((shade, index) => [`${shade}${hue}`, shades[index] as string]),
    ),
  ),
  text: '#ccccdc',
  white: '#ffffff',
  black: '#000000',
  gray: '#8e8e9a',
  transparent: 'transparent',
};

/** A Grafana colour name or CSS colour as a CSS colour. */
export const cssColor = (name: string): string => NAMED[name] ?? name;

const CLASSIC = [
  'green',
  'semi-dark-yellow',
  'light-blue',
  'semi-dark-orange',
  'red',
  'blue',
  'purple',
  '#705DA0',
  'dark-green',
  'yellow',
  '#447EBC',
  '#C15C17',
  '#890F02',
  '#0A437C',
  '#6D1F62',
  '#584477',
  '#B7DBAB',
  '#F4D598',
  '#70DBED',
  '#F9BA8F',
  '#F29191',
  '#82B5D8',
  '#E5A8E2',
  '#AEA2E0',
].map(cssColor);

export const classicColor = (index: number): string => CLASSIC[index % CLASSIC.length] as string;

/** The same name always gets the same colour. */
export function colorByName(name: string): string {
  let hash = 0;
  for (const char of name) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) | 0;
  return classicColor(Math.abs(hash));
}

const GRADIENTS: Readonly<Record<string, readonly string[]>> = {
  'continuous-GrYlRd': ['green', 'yellow', 'red'],
  'continuous-RdYlGr': ['red', 'yellow', 'green'],
  'continuous-BlYlRd': ['dark-blue', 'super-light-yellow', 'dark-red'],
  'continuous-YlRd': ['super-light-yellow', 'dark-red'],
  'continuous-BlPu': ['blue', 'purple'],
  'continuous-YlBl': ['super-light-yellow', 'dark-blue'],
  'continuous-blues': ['#111217', 'dark-blue'],
  'continuous-reds': ['#111217', 'dark-red'],
  'continuous-greens': ['#111217', 'dark-green'],
  'continuous-purples': ['#111217', 'dark-purple'],
};

export const isGradient = (mode: string): boolean => mode in GRADIENTS;
export const gradientStops = (mode: string): string[] => (GRADIENTS[mode] ?? ['green', 'red']).map(cssColor);

const channels = (hex: string): number[] => [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));

/** Colour at `share` (0..1) of a list of hex stops. */
export function mixColors(stops: readonly string[], share: number): string {
  const position = Math.min(1, Math.max(0, share)) * (stops.length - 1);
  const index = Math.min(stops.length - 2, Math.floor(position));
  const [from, to] = [channels(stops[index] ?? '#000000'), channels(stops[index + 1] ?? '#000000')];
  const mixed = from.map((value, channel) => Math.round(value + ((to[channel] ?? 0) - value) * (position - index)));
  return `rgb(${mixed.join(', ')})`;
}

/** `color` with an opacity of 0..1; hex and rgb() only, others come back unchanged. */
export function withAlpha(color: string, alpha: number): string {
  if (/^#[0-9a-f]{6}$/i.test(color)) return `rgba(${channels(color).join(', ')}, ${alpha})`;
  const rgb = /^rgb\(([^)]+)\)$/.exec(color);
  return rgb === null ? color : `rgba(${rgb[1]}, ${alpha})`;
}
