import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Recipe {
  name: string;
  language: 'html' | 'ts' | 'tsx';
  code: string;
}

/** The code blocks of the probe's README that are marked `recipe=…`. */
export function recipes(): Recipe[] {
  const text = readFileSync(join(import.meta.dirname, '../../player-probe/README.md'), 'utf8');
  return [...text.matchAll(/^```(html|tsx?) recipe=([\w-]+)\n([\s\S]*?)^```$/gm)].map(([, language, name, code]) => ({
    name: name!,
    language: language as Recipe['language'],
    code: code!,
  }));
}
