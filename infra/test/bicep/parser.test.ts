import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SyntaxFault, type Expression } from './ast.ts';
import { parse, tryParse } from './parser.ts';
import { secondOpinion } from './second-parser.ts';
import { readWorkspace } from './workspace.ts';

const valueOf = (text: string): Expression => {
  const [statement] = parse(`var x = ${text}\n`);
  if (statement?.kind !== 'var') throw new Error('no variable');
  return statement.value;
};
/** The shape of an expression, as text with every operation in parentheses. */
function shapeOf(node: Expression): string {
  switch (node.kind) {
    case 'name':
      return node.name;
    case 'number':
      return String(node.value);
    case 'member':
      return `(${shapeOf(node.object)}.${node.name})`;
    case 'index':
      return `(${shapeOf(node.object)}[${shapeOf(node.index)}])`;
    case 'unary':
      return `(${node.operator}${shapeOf(node.operand)})`;
    case 'binary':
      return `(${shapeOf(node.left)} ${node.operator} ${shapeOf(node.right)})`;
    case 'ternary':
      return `(${shapeOf(node.test)} ? ${shapeOf(node.yes)} : ${shapeOf(node.no)})`;
    case 'lambda':
      return `(${node.parameters.join(',')} => ${shapeOf(node.body)})`;
    case 'call':
      return `${node.name}(${node.args.map(shapeOf).join(', ')})`;
    case 'array':
      return `[${node.items.map(shapeOf).join(', ')}]`;
    default:
      return node.kind;
  }
}

describe('expressions bind as Bicep binds them', () => {
  it.each([
    ['a == b.c', '(a == (b.c))'],
    ['!a.b && c', '((!(a.b)) && c)'],
    ['a || b && c', '(a || (b && c))'],
    ['a + b * c - d', '((a + (b * c)) - d)'],
    ['a ?? b.c', '(a ?? (b.c))'],
    ['a ? b.c : d ? e : f', '(a ? (b.c) : (d ? e : f))'],
    ['map(a, x => x.name)', 'map(a, (x => (x.name)))'],
    ['reduce(a, 0, (sum, x) => sum + x)', 'reduce(a, 0, (sum,x => (sum + x)))'],
    ['[\n  a\n  [b]\n  (c)\n]', '[a, [b], c]'],
    ['a!.b[0].c', '(((a.b)[0]).c)'],
    ['a\n  ? b\n  : c', '(a ? b : c)'],
    ['-a.b', '(-(a.b))'],
  ])('%s', (text, shape) => expect(shapeOf(valueOf(text))).toBe(shape));

  it('keeps the parts of a string, blanks and escapes', () => {
    const node = valueOf("' a ${x} \\${no} it\\'s '");
    expect(node).toMatchObject({ kind: 'string', parts: [' a ', { kind: 'name', name: 'x' }, " ${no} it's "] });
  });
});

describe('what is not Bicep is told with its place', () => {
  it.each([
    ["param x string = 'open\n", 1, 23],
    ['var x = [\n  1,,\n', 3, 1],
    ['resource a = {}\n', 1, 12],
    ['var x = { a: 1 b: 2 }\n', 1, 16],
    ['var x = { ...y }\n', 1, 11],
    ['output a string\n', 1, 16],
  ])('%j', (text, line, column) => {
    const { fault } = tryParse(text);
    expect(fault).toBeInstanceOf(SyntaxFault);
    expect(fault?.at).toEqual({ line, column });
  });

  it('never throws anything else, and always ends', () => {
    const piece = fc.constantFrom(
      'param ',
      'var ',
      'x',
      ' = ',
      '{',
      '}',
      '[',
      ']',
      "'",
      '${',
      '\n',
      '(',
      ')',
      ',',
      ':',
      '.',
      '?',
      '=>',
      ' for ',
      ' in ',
      '1',
      '@a()',
      '//',
      '/*',
      '\\',
      '...',
      '#',
      'é',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => void tryParse(pieces.join(''))),
      { numRuns: 500 },
    );
  });
});

describe('two parsers agree', () => {
  const files = [...readWorkspace().files.values()];

  it('there are files', () => expect(files.length).toBeGreaterThan(15));

  it.each(files.map((file) => [file.path, file] as const))('%s', (_path, { text, statements, fault }) => {
    const second = secondOpinion(text);
    expect([fault, second.fault]).toEqual([undefined, undefined]);
    const own = statements.flatMap((each) =>
      ['param', 'var', 'resource', 'module', 'output', 'type'].includes(each.kind) && 'name' in each
        ? [`${each.kind} ${each.name}`]
        : [],
    );
    expect(own).toEqual(second.declared);
  });
});
