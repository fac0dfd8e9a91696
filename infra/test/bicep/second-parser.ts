import { createRequire } from 'node:module';
import { Language, Parser, type Node } from 'web-tree-sitter';
import { SyntaxFault } from './ast.ts';

// A second opinion on syntax: the grammar of tree-sitter-bicep, written by others.
// It is not used for meaning, because it binds `a == b.c` as `(a == b).c` and takes items on two lines as one.

const require = createRequire(import.meta.url);
await Parser.init();
const language = await Language.load(require.resolve('tree-sitter-bicep/tree-sitter-bicep.wasm'));

function firstError(node: Node): Node | undefined {
  if (node.isError || node.isMissing) return node;
  for (const child of node.children) {
    const found = child?.hasError || child?.isMissing ? firstError(child) : undefined;
    if (found) return found;
  }
  return undefined;
}

interface Opinion {
  readonly fault: SyntaxFault | undefined;
  readonly declared: readonly string[];
}

const opinions = new Map<string, Opinion>();

/** What the second parser says of a file: its first error, and the names it declares. */
export function secondOpinion(text: string): Opinion {
  const known = opinions.get(text) ?? parse(text);
  opinions.set(text, known);
  return known;
}

function parse(text: string): Opinion {
  const parser = new Parser();
  parser.setLanguage(language);
  const tree = parser.parse(text);
  if (!tree) throw new Error('the second parser gave nothing');
  const { rootNode } = tree;
  const bad = rootNode.hasError ? (firstError(rootNode) ?? rootNode) : undefined;
  const declared = rootNode.namedChildren.flatMap((child) => {
    const kind = /^(parameter|variable|resource|module|output|type)_declaration$/.exec(child?.type ?? '')?.[1];
    const name = child?.namedChildren.find((each) => each?.type === 'identifier')?.text;
    return kind === undefined || name === undefined
      ? []
      : [`${kind.replace('parameter', 'param').replace('variable', 'var')} ${name}`];
  });
  const fault =
    bad &&
    new SyntaxFault(
      { line: bad.startPosition.row + 1, column: bad.startPosition.column + 1 },
      'what the grammar of tree-sitter-bicep takes',
      JSON.stringify(bad.text.slice(0, 40)),
    );
  tree.delete();
  parser.delete();
  return { fault, declared };
}
