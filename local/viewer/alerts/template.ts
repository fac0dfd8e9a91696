// The part of Go's text/template that alert labels and annotations use.
import type { Labels } from '../query/frames.ts';
import { goNumber } from './evaluate.ts';
import { TEMPLATE_FUNCTIONS } from './template-functions.ts';

export interface TemplateData {
  readonly labels: Labels;
  readonly values: Readonly<Record<string, number>>;
  readonly valueString: string;
}

type TemplateValue = string | number | boolean | Labels | Readonly<Record<string, number>>;
type Node =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'pipe'; readonly source: string }
  | { readonly kind: 'if'; readonly source: string; readonly yes: readonly Node[]; readonly no: readonly Node[] };

class TemplateError extends Error {
  override readonly name = 'TemplateError';
}

const ACTION = /\{\{(-?)\s*([^]*?)\s*(-?)\}\}/g;
const WORD = /\s*(?:"((?:[^"\\]|\\.)*)"|`([^`]*)`|([()|])|([^\s()|]+))/gy;

interface Word {
  readonly text: string;
  readonly isString: boolean;
}

function words(source: string): Word[] {
  return [...source.matchAll(WORD)].map(([, quoted, raw, punctuation, bare]) => {
    if (quoted !== undefined) return { text: JSON.parse(`"${quoted}"`) as string, isString: true };
    if (raw !== undefined) return { text: raw, isString: true };
    return { text: punctuation ?? bare ?? '', isString: false };
  });
}

/** Splits a template into text and actions and nests if / else / end. */
function parse(template: string): Node[] {
  const root: Node[] = [];
  const stack: { list: Node[]; owner: { source: string; yes: Node[]; no: Node[] } | undefined }[] = [
    { list: root, owner: undefined },
  ];
  let position = 0;
  let trimNext = false;
  const top = (): Node[] => (stack.at(-1) as { list: Node[] }).list;
  const addText = (text: string): void => {
    if (text !== '') top().push({ kind: 'text', text });
  };
  for (const match of template.matchAll(ACTION)) {
    const [whole, trimLeft, source = '', trimRight] = match;
    const between = template.slice(position, match.index);
    const left = trimNext ? between.trimStart() : between;
    addText(trimLeft === '-' ? left.trimEnd() : left);
    trimNext = trimRight === '-';
    position = match.index + whole.length;
    if (source.startsWith('if ')) {
      const owner = { source: source.slice(3), yes: [] as Node[], no: [] as Node[] };
      top().push({ kind: 'if', ...owner });
      stack.push({ list: owner.yes, owner });
    } else if (source === 'else') {
      const frame = stack.at(-1);
      if (frame?.owner === undefined) throw new TemplateError('unexpected {{else}}');
      frame.list = frame.owner.no;
    } else if (source === 'end') {
      if (stack.length === 1) throw new TemplateError('unexpected {{end}}');
      stack.pop();
    } else if (/^(range|with|define|block|template|else if)\b/.test(source)) {
      throw new TemplateError(`{{${source}}} is not supported by the local viewer`);
    } else if (!source.startsWith('/*')) top().push({ kind: 'pipe', source });
  }
  const rest = template.slice(position);
  addText(trimNext ? rest.trimStart() : rest);
  if (stack.length > 1) throw new TemplateError('an {{if}} is never closed by {{end}}');
  return root;
}

const NO_VALUE = '[no value]';

function variable(path: string, data: TemplateData): TemplateValue {
  const [name = '', ...fields] = path.split('.');
  if (name === '$value') return data.valueString;
  const [first, second] = fields;
  if (name === '$labels' || (name === '' && first === 'Labels')) {
    const field = name === '' ? second : first;
    return field === undefined ? data.labels : (data.labels[field] ?? NO_VALUE);
  }
  if (name === '$values' || (name === '' && first === 'Values')) {
    const [refId, part] = name === '' ? fields.slice(1) : fields;
    if (refId === undefined) return data.values;
    if (part === 'Labels') return data.labels;
    return data.values[refId] ?? NO_VALUE;
  }
  throw new TemplateError(`'${path}' is not known`);
}

const atom = (word: Word, data: TemplateData): TemplateValue => {
  if (word.isString) return word.text;
  if (word.text === 'true' || word.text === 'false') return word.text === 'true';
  if (/^-?\d/.test(word.text)) return Number(word.text);
  return variable(word.text, data);
};

const isOpening = (word: Word): boolean => !word.isString && word.text === '(';
const isClosing = (word: Word): boolean => !word.isString && word.text === ')';
const isName = (word: Word): boolean =>
  !word.isString && /^[a-zA-Z]\w*$/.test(word.text) && !/^(true|false)$/.test(word.text);

/** Index after the parenthesis that closes the one before `start`. */
function afterGroup(list: readonly Word[], start: number): number {
  let depth = 1;
  let end = start;
  for (; end < list.length && depth > 0; end += 1) {
    const word = list[end] as Word;
    if (isOpening(word)) depth += 1;
    if (isClosing(word)) depth -= 1;
  }
  return end;
}

const plain = (value: TemplateValue): string | number | boolean =>
  typeof value === 'object' ? JSON.stringify(value) : value;

function call(name: string, values: readonly TemplateValue[]): TemplateValue {
  if (name === 'index') {
    const [holder, key] = values;
    return typeof holder === 'object' ? (holder[String(plain(key ?? ''))] ?? NO_VALUE) : NO_VALUE;
  }
  const known = TEMPLATE_FUNCTIONS[name];
  if (known === undefined) throw new TemplateError(`function '${name}' is not supported`);
  return known(...values.map(plain));
}

/** One command: a value, or a function with its arguments; `piped` is the last argument. */
function command(list: readonly Word[], data: TemplateData, piped: TemplateValue | undefined): TemplateValue {
  const first = list[0];
  const name = first !== undefined && isName(first) ? first.text : undefined;
  const values: TemplateValue[] = [];
  for (let index = name === undefined ? 0 : 1; index < list.length; index += 1) {
    const word = list[index] as Word;
    if (isOpening(word)) {
      const end = afterGroup(list, index + 1);
      values.push(pipeline(list.slice(index + 1, end - 1), data));
      index = end - 1;
    } else values.push(atom(word, data));
  }
  if (piped !== undefined) values.push(piped);
  return name === undefined ? (values[0] ?? '') : call(name, values);
}

function pipeline(list: readonly Word[], data: TemplateData): TemplateValue {
  let result: TemplateValue | undefined;
  let start = 0;
  let depth = 0;
  for (let index = 0; index <= list.length; index += 1) {
    const word = list[index];
    if (word !== undefined && !word.isString && word.text === '(') depth += 1;
    if (word !== undefined && !word.isString && word.text === ')') depth -= 1;
    const isEnd = word === undefined || (!word.isString && word.text === '|' && depth === 0);
    if (!isEnd) continue;
    result = command(list.slice(start, index), data, result);
    start = index + 1;
  }
  return result ?? '';
}

const isTrue = (value: TemplateValue): boolean =>
  !(value === '' || value === 0 || value === false || value === NO_VALUE);

const print = (value: TemplateValue): string => {
  if (typeof value === 'number') return goNumber(value);
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
};

const render = (nodes: readonly Node[], data: TemplateData): string =>
  nodes
    .map((node) => {
      if (node.kind === 'text') return node.text;
      if (node.kind === 'pipe') return print(pipeline(words(node.source), data));
      return render(isTrue(pipeline(words(node.source), data)) ? node.yes : node.no, data);
    })
    .join('');

/** Fills a template. One that fails stays as written, as in Grafana; `problem` then says why. */
export function expandTemplate(
  template: string,
  data: TemplateData,
): { readonly text: string; readonly problem?: string } {
  if (!template.includes('{{')) return { text: template };
  try {
    return { text: render(parse(template), data) };
  } catch (error) {
    return { text: template, problem: error instanceof Error ? error.message : String(error) };
  }
}
