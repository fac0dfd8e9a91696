// Elements without a framework. Strings always become text nodes, never markup.

export type Child = Node | string | number | null | undefined | false;
type Handler = (event: Event) => void;
type Props = Readonly<
  Record<string, string | number | boolean | Handler | Readonly<Record<string, string>> | undefined>
>;

function setProp(element: Element, name: string, value: Props[string]): void {
  if (value === undefined || value === false) return;
  if (typeof value === 'function') element.addEventListener(name.slice(2).toLowerCase(), value);
  else if (name === 'style' && typeof value === 'object') {
    for (const [property, text] of Object.entries(value)) (element as HTMLElement).style.setProperty(property, text);
  } else element.setAttribute(name, value === true ? '' : `${value as string | number}`);
}

/** `h('div', { class: 'x', onClick }, 'text', child)`. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Props = {},
  ...children: readonly (Child | readonly Child[])[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) setProp(element, name, value);
  append(element, children);
  return element;
}

const SVG = 'http://www.w3.org/2000/svg';

export function svg(tag: string, props: Props = {}, ...children: readonly (Child | readonly Child[])[]): SVGElement {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(props)) setProp(element, name, value);
  append(element, children);
  return element;
}

function append(parent: Element, children: readonly (Child | readonly Child[])[]): void {
  for (const child of children.flat()) {
    if (child === null || child === undefined || child === false) continue;
    parent.append(child instanceof Node ? child : String(child));
  }
}

const ICONS: Readonly<Record<string, string>> = {
  clock: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zm0 4v5l3.5 2',
  refresh: 'M20 11a8 8 0 1 0-2.3 6.3M20 4v7h-7',
  chevron: 'M6 9l6 6 6-6',
  right: 'M9 6l6 6-6 6',
  info: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zm0 8v6m0-9.5v.5',
  warning: 'M12 4L2.5 20h19zM12 10v4m0 3v.5',
  bell: 'M6 17V11a6 6 0 1 1 12 0v6l2 2H4zm4 4h4',
  heart: 'M12 20S4 14.5 4 9a4 4 0 0 1 8-1 4 4 0 0 1 8 1c0 5.500-8 11-8 11z',
  play: 'M7 5l12 7-12 7z',
  apps: 'M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM13 13h7v7h-7z',
  compass: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zm3.500 5.500l-2 5-5 2 2-5z',
  menu: 'M12 5v.5M12 11.750v.5M12 18.500v.5',
  expand: 'M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5',
  zoomOut: 'M10.500 4a6.500 6.500 0 1 0 0 13 6.500 6.500 0 0 0 0-13zM15.500 15.500L20 20M8 10.500h5',
  close: 'M6 6l12 12M18 6L6 18',
  check: 'M5 12l5 5 9-10',
  table: 'M4 5h16v14H4zM4 10h16M10 10v9',
  search: 'M10.500 4a6.500 6.500 0 1 0 0 13 6.500 6.500 0 0 0 0-13zM15.500 15.500L20 20',
};

/** A 16 px line icon. */
export function icon(name: string, size = 16): SVGElement {
  return svg(
    'svg',
    { viewBox: '0 0 24 24', width: size, height: size, class: `icon icon-${name}`, 'aria-hidden': 'true' },
    svg('path', { d: ICONS[name] ?? '' }),
  );
}

/** Opens `content` under `anchor` and closes it on a click elsewhere or Escape. Gives the closer. */
export function openPopover(anchor: HTMLElement, content: HTMLElement, align: 'left' | 'right' = 'left'): () => void {
  document.querySelectorAll('.popover').forEach((one) => one.remove());
  const box = h('div', { class: 'popover', role: 'dialog' }, content);
  document.body.append(box);
  const at = anchor.getBoundingClientRect();
  const left = align === 'left' ? at.left : at.right - box.offsetWidth;
  box.style.left = `${Math.max(8, Math.min(left, window.innerWidth - box.offsetWidth - 8))}px`;
  box.style.top = `${Math.min(at.bottom + 4, Math.max(8, window.innerHeight - box.offsetHeight - 8))}px`;
  const close = (): void => {
    box.remove();
    document.removeEventListener('mousedown', outside, true);
    document.removeEventListener('keydown', escape, true);
  };
  const outside = (event: Event): void => {
    if (!box.contains(event.target as Node) && !anchor.contains(event.target as Node)) close();
  };
  const escape = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') close();
  };
  document.addEventListener('mousedown', outside, true);
  document.addEventListener('keydown', escape, true);
  return close;
}

/** A dialog over the page. */
export function openDialog(title: string, content: HTMLElement, actions: readonly HTMLElement[] = []): void {
  const close = (): void => {
    backdrop.remove();
    document.removeEventListener('keydown', escape, true);
  };
  const escape = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') close();
  };
  const closeButton = h('button', { class: 'icon-button', 'aria-label': 'Close', onClick: close }, icon('close'));
  const dialog = h(
    'div',
    { class: 'dialog', role: 'dialog', 'aria-label': title },
    h('div', { class: 'dialog-head' }, h('h2', {}, title), ...actions, closeButton),
    h('div', { class: 'dialog-body' }, content),
  );
  const backdrop = h(
    'div',
    { class: 'backdrop', onMousedown: (event) => event.target === backdrop && close() },
    dialog,
  );
  document.addEventListener('keydown', escape, true);
  document.body.append(backdrop);
}
