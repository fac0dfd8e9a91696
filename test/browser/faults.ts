import { fileURLToPath } from 'node:url';
import { parse, type Node } from 'acorn';
import { full } from 'acorn-walk';
import { build } from 'esbuild';

// The probe with a fault in every function: which of them throws is for the page to choose.

declare global {
  interface Window {
    /** The function that throws; -1: none. How often it has. */
    fault: { target: number; thrown: number };
  }
}

interface Fn extends Node {
  body: Node & { body?: (Node & { block?: Node })[] };
}

const SOURCE = '../../player-probe/src/';

/** Each name is `<file>:<line>`, in the order of the numbers that `window.fault.target` takes. */
export async function faultyProbe(): Promise<{ script: Uint8Array; names: string[] }> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(`${SOURCE}index.ts`, import.meta.url))],
    bundle: true,
    write: false,
    format: 'iife',
    target: 'es2022',
    globalName: 'framewatch',
  });
  const code = outputFiles[0]!.text;
  // esbuild names the file before the code of each; what stands before the first is its own.
  const files = [...code.matchAll(/^ *\/\/ player-probe\/src\/(\S+)$/gm)];
  const names: string[] = [];
  const edits: { at: number; text: string }[] = [];
  full(parse(code, { ecmaVersion: 'latest' }), (node) => {
    if (!/Function/.test(node.type)) return;
    const file = files.findLast(({ index }) => index < node.start);
    // The index is the bundler's own: it names the entry's functions.
    if (!file || file[1] === 'index.ts') return;
    const { body } = node as Fn;
    // What puts the fence up: before it there is nothing that could hold anything back.
    if (body.type === 'ArrowFunctionExpression' || code.startsWith('guard(', body.start)) return;
    const line = code.slice(file.index, node.start).split('\n').length;
    const call = `__fault(${names.push(`${file[1]}:${line} ${code.slice(node.start, node.start + 60).split('\n')[0]}`) - 1});`;
    const [first, second] = (body.type === 'BlockStatement' && body.body) || [];
    // A function that is nothing but a `try` is the fence itself; what it holds back breaks inside of it.
    const fenced = first?.type === 'TryStatement' && !second ? first.block : undefined;
    if (body.type === 'BlockStatement') edits.push({ at: (fenced ?? body).start + 1, text: call });
    // The value of an arrow function may stand in brackets that are not part of it.
    else
      edits.push(
        { at: code.lastIndexOf('=>', body.start) + 2, text: `{${call} return (` },
        { at: node.end, text: ');}' },
      );
  });
  let text = '';
  let done = 0;
  // The walk goes from the inside out: at the same place the inner one closes first.
  for (const edit of edits.sort((a, b) => a.at - b.at)) {
    text += code.slice(done, edit.at) + edit.text;
    done = edit.at;
  }
  text += code.slice(done);
  const head = `window.fault = { target: -1, thrown: 0 };
function __fault(id) { if (id === window.fault.target) { window.fault.thrown++; throw new Error('from within the probe, ' + id); } }
`;
  return { script: Buffer.from(head + text), names };
}
