import { h, icon } from './dom.ts';

const EDGE_PX = 8;
const GAP_PX = 6;

/** A button with a card that shows while the pointer or the focus is on it, above or below, wherever there is room. */
export function hoverCard(label: string, content: () => Node): HTMLElement {
  const button = h(
    'button',
    { class: 'icon-button panel-info', 'aria-label': label, 'data-testid': 'panel-description' },
    icon('info', 14),
  );
  const card = h('div', { class: 'hover-card', role: 'tooltip' });
  const show = (): void => {
    card.replaceChildren(content());
    document.body.append(card);
    const at = button.getBoundingClientRect();
    card.style.left = `${Math.max(EDGE_PX, Math.min(at.left, window.innerWidth - card.offsetWidth - EDGE_PX))}px`;
    const below = at.bottom + GAP_PX;
    const fits = below + card.offsetHeight <= window.innerHeight;
    card.style.top = `${fits ? below : Math.max(EDGE_PX, at.top - card.offsetHeight - GAP_PX)}px`;
  };
  for (const event of ['mouseenter', 'focus']) button.addEventListener(event, show);
  for (const event of ['mouseleave', 'blur']) button.addEventListener(event, () => card.remove());
  return button;
}
