import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

// Azure's type definitions as committed in azure/*.json. One shape a line; keys: `name` optional, `name!` required, `name-` read-only, `*` any other.
// Types: string, int, bool, any, null, 'literal', Shape, T[], A|B; limits in braces: string{3,24,p1} = length 3 to 24 and pattern p1, int{1,5}, T[]{1,4}.

export type AzureType =
  | { readonly kind: 'any' | 'bool' | 'null' }
  | { readonly kind: 'string'; readonly low?: number; readonly high?: number; readonly pattern?: RegExp }
  | { readonly kind: 'int'; readonly low?: number; readonly high?: number }
  | { readonly kind: 'literal'; readonly value: string }
  | { readonly kind: 'list'; readonly item: AzureType; readonly low?: number; readonly high?: number }
  | { readonly kind: 'union'; readonly members: readonly AzureType[] }
  | { readonly kind: 'shape'; readonly shape: () => AzureShape };

export interface AzureProperty {
  readonly type: AzureType;
  readonly isRequired: boolean;
  readonly isReadOnly: boolean;
}
export interface AzureShape {
  readonly name: string;
  readonly properties: ReadonlyMap<string, AzureProperty>;
  readonly rest: AzureType | undefined;
  /** The property whose value says which of the cases applies. */
  readonly on: string | undefined;
  readonly cases: ReadonlyMap<string, AzureType>;
}

interface SliceFile {
  readonly patterns: Readonly<Record<string, string>>;
  readonly shapes: Readonly<Record<string, Readonly<Record<string, string | Readonly<Record<string, string>>>>>>;
}

type Limits = { low?: number; high?: number; pattern?: RegExp };

class Reader {
  readonly #text: string;
  readonly #file: SliceFile;
  #at = 0;
  readonly #shapeOf: (name: string) => AzureShape;

  constructor(text: string, file: SliceFile, shapeOf: (name: string) => AzureShape) {
    this.#text = text;
    this.#file = file;
    this.#shapeOf = shapeOf;
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found) this.#at = pattern.lastIndex;
    return found;
  }

  #limits(): Limits {
    const found = this.#match(/\{(\d*),(-?\d*)(?:,(\w+))?\}/y);
    if (!found) return {};
    const [, low = '', high = '', name] = found;
    const pattern = name === undefined ? undefined : this.#file.patterns[name];
    return {
      ...(low === '' ? {} : { low: Number(low) }),
      ...(high === '' ? {} : { high: Number(high) }),
      ...(pattern === undefined ? {} : { pattern: new RegExp(pattern, 'u') }),
    };
  }

  #term(): AzureType {
    const literal = this.#match(/'([^']*)'/y);
    if (literal) return { kind: 'literal', value: literal[1] ?? '' };
    if (this.#match(/\(/y)) {
      const inner = this.type();
      this.#match(/\)/y);
      return inner;
    }
    const word = this.#match(/[\w/.@-]+/y)?.[0] ?? '';
    if (word === 'string') return { kind: 'string', ...this.#limits() };
    if (word === 'int') {
      const { low, high } = this.#limits();
      return { kind: 'int', ...(low === undefined ? {} : { low }), ...(high === undefined ? {} : { high }) };
    }
    if (word === 'bool' || word === 'any' || word === 'null') return { kind: word };
    if (!(word in this.#file.shapes)) throw new Error(`no shape ${word} for ${this.#text}`);
    return { kind: 'shape', shape: () => this.#shapeOf(word) };
  }

  type(): AzureType {
    const members: AzureType[] = [];
    do {
      let term = this.#term();
      while (this.#match(/\[\]/y)) term = { kind: 'list', item: term, ...this.#limits() };
      members.push(term);
    } while (this.#match(/\|/y));
    const [only] = members;
    return members.length === 1 && only ? only : { kind: 'union', members };
  }
}

function shapesOf(file: SliceFile): (name: string) => AzureShape {
  const made = new Map<string, AzureShape>();
  const shapeOf = (name: string): AzureShape => {
    const known = made.get(name);
    if (known) return known;
    const typeOf = (text: string): AzureType => new Reader(text, file, shapeOf).type();
    const raw = file.shapes[name] ?? {};
    const { $on, $cases, '*': rest, ...others } = raw;
    const properties = Object.entries(others).map(([key, text]): [string, AzureProperty] => [
      key.replace(/!?-?$/, ''),
      {
        type: typeOf(typeof text === 'string' ? text : 'any'),
        isRequired: /!-?$/.test(key),
        isReadOnly: key.endsWith('-'),
      },
    ]);
    const cases = typeof $cases === 'object' ? Object.entries($cases) : [];
    const shape: AzureShape = {
      name,
      properties: new Map(properties),
      rest: typeof rest === 'string' ? typeOf(rest) : undefined,
      on: typeof $on === 'string' ? $on : undefined,
      cases: new Map(cases.map(([value, text]) => [value, typeOf(text)])),
    };
    made.set(name, shape);
    return shape;
  };
  return shapeOf;
}

/** Resource types that are known, by `type@version` in lower case. */
export interface TypeStore {
  readonly resources: ReadonlyMap<string, { readonly name: string; readonly shape: AzureShape }>;
  /** Versions at hand of a type. */
  versionsOf(type: string): readonly string[];
}

/** Reads the committed slice. */
export function readTypes(): TypeStore {
  const folder = join(import.meta.dirname, 'azure');
  const resources = new Map<string, { name: string; shape: AzureShape }>();
  for (const name of globSync('*.json', { cwd: folder })) {
    const file = JSON.parse(readFileSync(join(folder, name), 'utf8')) as SliceFile;
    const shapeOf = shapesOf(file);
    for (const type of Object.keys(file.shapes).filter((each) => each.includes('@')))
      resources.set(type.toLowerCase(), { name: type, shape: shapeOf(type) });
  }
  return {
    resources,
    versionsOf: (type) =>
      [...resources.keys()]
        .filter((key) => key.startsWith(`${type.toLowerCase()}@`))
        .map((key) => key.split('@')[1] ?? ''),
  };
}
