import { ALL_VALUE } from '../query/variables.ts';
import type { PageVariable } from './api.ts';
import { h, icon, openPopover } from './dom.ts';

type OnChange = (name: string, value: string | readonly string[]) => void;

const chosen = (variable: PageVariable): readonly string[] =>
  typeof variable.value === 'string' ? [variable.value] : variable.value;
const textOf = (variable: PageVariable, value: string): string =>
  value === ALL_VALUE ? 'All' : (variable.options.find((option) => option.value === value)?.text ?? value);

function chooser(variable: PageVariable, onChange: OnChange, close: () => void): HTMLElement {
  const selected = new Set(chosen(variable));
  const all = [...(variable.includeAll ? [{ text: 'All', value: ALL_VALUE }] : []), ...variable.options];
  const list = h('div', { class: 'choice-list' });
  const filter = h('input', {
    type: 'search',
    placeholder: 'Filter',
    'aria-label': `Filter ${variable.label}`,
    onInput: () => draw(),
  });
  const toggle = (value: string): void => {
    if (!variable.isMulti) {
      close();
      onChange(variable.name, value);
      return;
    }
    if (value === ALL_VALUE) selected.clear();
    else selected.delete(ALL_VALUE);
    if (selected.has(value)) selected.delete(value);
    else selected.add(value);
    if (selected.size === 0 && variable.includeAll) selected.add(ALL_VALUE);
    draw();
  };
  const draw = (): void => {
    const wanted = filter.value.toLowerCase();
    list.replaceChildren(
      ...all
        .filter((option) => option.text.toLowerCase().includes(wanted))
        .map((option) =>
          h(
            'button',
            {
              class: selected.has(option.value) ? 'menu-item is-active' : 'menu-item',
              role: 'option',
              'aria-selected': String(selected.has(option.value)),
              onClick: () => toggle(option.value),
            },
            variable.isMulti
              ? h('span', { class: 'tick' }, selected.has(option.value) ? icon('check', 12) : null)
              : null,
            option.text === '' ? '(empty)' : option.text,
          ),
        ),
    );
  };
  draw();
  const apply = (): void => {
    close();
    if (selected.size > 0) onChange(variable.name, [...selected]);
  };
  return h(
    'div',
    { class: 'choice', role: 'listbox' },
    all.length > 8 ? filter : null,
    list,
    variable.isMulti ? h('button', { class: 'button primary', onClick: apply }, 'Apply') : null,
  );
}

function control(variable: PageVariable, onChange: OnChange): HTMLElement {
  if (variable.type === 'textbox') {
    const input = h('input', {
      type: 'text',
      value: String(variable.value),
      'aria-label': variable.label,
      onChange: () => onChange(variable.name, input.value),
    });
    return input;
  }
  const values = chosen(variable).map((value) => textOf(variable, value));
  const text = values.length > 2 ? `${values.slice(0, 2).join(' + ')} +${values.length - 2}` : values.join(' + ');
  const button = h(
    'button',
    { class: 'button variable-value', 'data-testid': `variable-${variable.name}` },
    text === '' ? '(none)' : text,
    icon('chevron', 12),
  );
  button.addEventListener('click', () => {
    let close = (): void => undefined;
    close = openPopover(
      button,
      chooser(variable, onChange, () => close()),
    );
  });
  return button;
}

/** One labelled control a visible variable. */
export function variableBar(variables: readonly PageVariable[], onChange: OnChange): HTMLElement {
  return h(
    'div',
    { class: 'variable-bar' },
    variables
      .filter((variable) => !variable.isHidden)
      .map((variable) =>
        h(
          'div',
          {
            class: variable.error === undefined ? 'variable' : 'variable has-problem',
            title: variable.error ?? variable.description,
          },
          h('label', {}, variable.label),
          control(variable, onChange),
          variable.error === undefined ? null : icon('warning', 14),
        ),
      ),
  );
}
