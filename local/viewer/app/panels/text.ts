// A text panel: the part of Markdown that notes on a dashboard use. Everything becomes elements and text, never markup.
import type { LinkContext } from '../../model/data-links.ts';
import { linkAddress } from '../../model/data-links.ts';
import { interpolate } from '../../query/variables.ts';
import type { Child } from '../dom.ts';
import { h } from '../dom.ts';
import { redrawn, textOption } from './panel-input.ts';

const INLINE = /`([^`]+)`|\*\*([^*]+)\*\*|\*([^*]+)\*|_([^_]+)_|\[([^\]]+)\]\(([^)\s]+)\)/g;

function inline(text: string, links: LinkContext): Child[] {
  const out: Child[] = [];
  let position = 0;
  for (const match of text.matchAll(INLINE)) {
    const [whole, code, bold, star, underscore, label, url] = match;
    out.push(text.slice(position, match.index));
    position = match.index + whole.length;
    if (code !== undefined) out.push(h('code', {}, code));
    else if (bold !== undefined) out.push(h('strong', {}, bold));
    else if (star !== undefined || underscore !== undefined) out.push(h('em', {}, star ?? underscore));
    else {
      const address = linkAddress(url ?? '', links);
      out.push(address === undefined ? label : h('a', { href: address }, label));
    }
  }
  out.push(text.slice(position));
  return out;
}

const cells = (line: string): string[] =>
  line
    .replace(/^\||\|$/g, '')
    .split('|')
    .map((cell) => cell.trim());

function table(lines: readonly string[], links: LinkContext): HTMLElement {
  const [head = '', , ...rows] = lines;
  return h(
    'table',
    { class: 'data-table' },
    h(
      'thead',
      {},
      h(
        'tr',
        {},
        cells(head).map((cell) => h('th', {}, inline(cell, links))),
      ),
    ),
    h(
      'tbody',
      {},
      rows.map((row) =>
        h(
          'tr',
          {},
          cells(row).map((cell) => h('td', {}, inline(cell, links))),
        ),
      ),
    ),
  );
}

function block(text: string, links: LinkContext): HTMLElement {
  const lines = text.split('\n');
  const heading = /^(#{1,4})\s+(.*)$/.exec(text);
  if (heading !== null && lines.length === 1)
    return h(
      heading[1]?.length === 1 ? 'h2' : heading[1]?.length === 2 ? 'h3' : 'h4',
      {},
      inline(heading[2] ?? '', links),
    );
  if (lines.every((line) => /^\s*[-*]\s/.test(line)))
    return h(
      'ul',
      {},
      lines.map((line) => h('li', {}, inline(line.replace(/^\s*[-*]\s/, ''), links))),
    );
  if (lines.every((line) => /^\s*\d+\.\s/.test(line)))
    return h(
      'ol',
      {},
      lines.map((line) => h('li', {}, inline(line.replace(/^\s*\d+\.\s/, ''), links))),
    );
  if (lines.length > 2 && lines[0]?.startsWith('|')) return table(lines, links);
  if (/^[-*_]{3,}$/.test(text)) return h('hr');
  return h('p', {}, inline(text.replaceAll('\n', ' '), links));
}

/** Markdown text as elements. */
export function renderMarkdown(text: string, links: LinkContext): HTMLElement {
  const parts = text.replaceAll('\r', '').split(/```/);
  const blocks = parts.flatMap((part, index) => {
    if (index % 2 === 1) return [h('pre', {}, part.replace(/^\w*\n/, ''))];
    // A heading ends its own paragraph, with or without an empty line after it.
    return part
      .replace(/^(#{1,4} .*)$/gm, '\n$1\n')
      .split(/\n\s*\n/)
      .map((one) => one.trim())
      .filter(Boolean)
      .map((one) => block(one, links));
  });
  return h('div', { class: 'markdown' }, blocks);
}

export const textPanel = redrawn((body, input) => {
  const { panel, links } = input;
  const content = interpolate(textOption(panel, 'content', ''), { variables: links.variables, builtIns: {} });
  const mode = textOption(panel, 'mode', 'markdown');
  if (mode === 'code') body.append(h('pre', { class: 'markdown' }, content));
  else if (mode === 'html')
    body.append(h('div', { class: 'panel-message' }, 'HTML text panels are not drawn by the local viewer.'));
  else body.append(renderMarkdown(content, links));
});
