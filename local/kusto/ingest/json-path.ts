import { KustoError } from '../types.ts';

export type Step = string | number;

/** The steps of `$.a.b`, `$['a b'][0]`, `$`. Wildcards and filters have no meaning in a mapping and are refused. */
export function parsePath(path: string): Step[] {
  const text = path.trim();
  if (!text.startsWith('$')) return [text];
  const steps: Step[] = [];
  const token =
    /\.(?<plain>[^.[\]]+)|\[\s*(?<index>\d+)\s*\]|\[\s*'(?<single>(?:[^'\\]|\\.)*)'\s*\]|\[\s*"(?<double>(?:[^"\\]|\\.)*)"\s*\]/y;
  token.lastIndex = 1;
  while (token.lastIndex < text.length) {
    const at = token.lastIndex;
    const groups = token.exec(text)?.groups;
    if (groups === undefined)
      throw new KustoError('BADREQUEST', `The JSON path '${path}' is not understood at offset ${at}`);
    const name = groups['plain'] ?? (groups['single'] ?? groups['double'])?.replace(/\\(.)/g, '$1');
    steps.push(name ?? Number(groups['index']));
  }
  return steps;
}

/** A function that follows the steps, own properties only; undefined where they lead nowhere. */
export function getter(steps: readonly Step[]): (row: unknown) => unknown {
  const [first] = steps;
  if (steps.length === 1 && typeof first === 'string') {
    return (row) =>
      typeof row === 'object' && row !== null && Object.hasOwn(row, first)
        ? (row as Record<string, unknown>)[first]
        : undefined;
  }
  return (row) => {
    let value = row;
    for (const step of steps) {
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
      value = (value as Record<Step, unknown>)[step];
    }
    return value;
  };
}
