// `npm run infra:types -- <folder>`: cuts the definitions of the resource types our Bicep uses out of Azure's own,
// https://github.com/Azure/bicep-types-az (MIT), folder `generated`, into one readable JSON file for each provider and version.
// The same files lie, deflated, as resources in the assembly Azure.Bicep.Types.Az, which the Bicep CLI and the npm package @azure/mcp carry.
// What is cut off: descriptions, everything below read-only properties, and types we do not use. Notation: store.ts.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readWorkspace } from '../bicep/workspace.ts';
import { resourcesOf } from '../checks/resource-types.ts';

interface Ref {
  readonly $ref: string;
}
interface RawProperty {
  readonly type: Ref;
  readonly flags: number;
}
interface RawType {
  readonly $type: string;
  readonly name?: string;
  readonly value?: string;
  readonly body?: Ref;
  readonly properties?: Readonly<Record<string, RawProperty>>;
  readonly baseProperties?: Readonly<Record<string, RawProperty>>;
  readonly additionalProperties?: Ref;
  readonly discriminator?: string;
  readonly elements?: readonly Ref[] | Readonly<Record<string, Ref>>;
  readonly itemType?: Ref;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minValue?: number;
  readonly maxValue?: number;
  readonly pattern?: string;
}

type Shape = Record<string, string | Record<string, string>>;

const REQUIRED = 1;
const READ_ONLY = 2;
const types = join(import.meta.dirname, 'azure');

/** Range in braces: `{3,24}`; nothing when there is none. */
function rangeOf(low: number | undefined, high: number | undefined, pattern = ''): string {
  if (low === undefined && high === undefined && pattern === '') return '';
  return `{${low ?? ''},${high ?? ''}${pattern}}`;
}

/** One provider file being written. */
class Slice {
  readonly shapes: Record<string, Shape> = {};
  readonly patterns: Record<string, string> = {};
  readonly #raw: readonly RawType[];
  readonly #names = new Map<number, string>();

  constructor(raw: readonly RawType[]) {
    this.#raw = raw;
  }

  #pattern(pattern: string | undefined): string {
    if (pattern === undefined || pattern === '^.*$') return '';
    const known = Object.entries(this.patterns).find(([, text]) => text === pattern)?.[0];
    const name = known ?? `p${Object.keys(this.patterns).length + 1}`;
    this.patterns[name] = pattern;
    return `,${name}`;
  }

  #nameOf(index: number, wanted: string): string {
    const known = this.#names.get(index);
    if (known !== undefined) return known;
    const taken = new Set(this.#names.values());
    let name = wanted.replace(/[^\w/.@-]/g, '_');
    for (let count = 2; taken.has(name); count++) name = `${wanted}_${count}`;
    this.#names.set(index, name);
    return name;
  }

  #properties(properties: Readonly<Record<string, RawProperty>>): Shape {
    return Object.fromEntries(
      Object.entries(properties).map(([name, { type, flags }]) => {
        const isReadOnly = (flags & READ_ONLY) !== 0;
        return [`${name}${flags & REQUIRED ? '!' : ''}${isReadOnly ? '-' : ''}`, this.expression(type, isReadOnly)];
      }),
    );
  }

  #shape(index: number, raw: RawType, as?: string): string {
    const isKnown = this.#names.has(index);
    const name = this.#nameOf(index, as ?? raw.name ?? 'Shape');
    if (isKnown) return name;
    const shape: Shape = {};
    this.shapes[name] = shape;
    if (raw.$type === 'DiscriminatedObjectType') {
      shape['$on'] = raw.discriminator ?? '';
      shape['$cases'] = Object.fromEntries(
        Object.entries(raw.elements ?? {}).map(([value, ref]) => [value, this.expression(ref, false)]),
      );
    }
    Object.assign(shape, this.#properties(raw.baseProperties ?? raw.properties ?? {}));
    if (raw.additionalProperties) shape['*'] = this.expression(raw.additionalProperties, false);
    return name;
  }

  /** What is below a read-only property is of no use to who writes Bicep, unless it is a plain value. */
  expression({ $ref }: Ref, isReadOnly: boolean, as?: string): string {
    const index = Number($ref.slice(2));
    const raw = this.#raw[index];
    switch (raw?.$type) {
      case 'StringType':
        return `string${rangeOf(raw.minLength, raw.maxLength, this.#pattern(raw.pattern))}`;
      case 'StringLiteralType':
        return `'${raw.value}'`;
      case 'IntegerType':
        return `int${rangeOf(raw.minValue, raw.maxValue)}`;
      case 'BooleanType':
        return 'bool';
      case 'NullType':
        return 'null';
      case 'UnionType':
        return (raw.elements as readonly Ref[]).map((each) => this.expression(each, isReadOnly)).join('|');
      case 'ArrayType': {
        if (isReadOnly || !raw.itemType) return 'any';
        const item = this.expression(raw.itemType, false);
        return `${item.includes('|') ? `(${item})` : item}[]${rangeOf(raw.minLength, raw.maxLength)}`;
      }
      case 'ObjectType':
      case 'DiscriminatedObjectType':
        return isReadOnly ? 'any' : this.#shape(index, raw, as);
      default:
        return 'any';
    }
  }

  add(ref: string, name: string): void {
    const body = this.#raw[Number(ref.split('#/')[1])]?.body;
    if (!body) throw new Error(`${name} is no resource type`);
    this.expression(body, false, name);
  }
}

/** Resource types with versions that the Bicep files name. */
const usedTypes = (): string[] =>
  [...readWorkspace().files.values()].flatMap((file) =>
    [...resourcesOf(file)].map(({ type, apiVersion }) => `${type}@${apiVersion}`),
  );

function main(folder: string, also: readonly string[]): void {
  const index = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) as { resources: Record<string, Ref> };
  const known = new Map(
    Object.entries(index.resources).map(([name, { $ref }]) => [name.toLowerCase(), { name, $ref }]),
  );
  const slices = new Map<string, Slice>();
  for (const wanted of new Set([...usedTypes(), ...also])) {
    const found = known.get(wanted.toLowerCase());
    const [path = ''] = found?.$ref.split('#') ?? [];
    let raw: RawType[];
    try {
      raw = JSON.parse(readFileSync(join(folder, path), 'utf8')) as RawType[];
    } catch {
      console.log(`${wanted}: not in ${folder}; transcribe it into azure/transcribed.json`);
      continue;
    }
    const file = path.split('/').slice(-3, -1).join('@');
    const slice = slices.get(file) ?? new Slice(raw);
    slices.set(file, slice);
    slice.add(found?.$ref ?? '', found?.name ?? '');
  }
  for (const [file, { shapes, patterns }] of slices) {
    const lines = Object.entries(shapes).map(
      ([name, shape]) => `    ${JSON.stringify(name)}: ${JSON.stringify(shape)}`,
    );
    const text = `{\n  "source": "Azure/bicep-types-az, generated/**/${file.replace('@', '/')}/types.json, MIT licence",\n  "patterns": ${JSON.stringify(patterns)},\n  "shapes": {\n${lines.join(',\n')}\n  }\n}\n`;
    writeFileSync(join(types, `${file}.json`), text);
    console.log(`${file}: ${lines.length} shapes, ${Math.round(text.length / 1024)} KiB`);
  }
}

const [folder, ...also] = process.argv.slice(2);
if (folder === undefined)
  throw new Error('which folder? npm run infra:types -- <checkout of bicep-types-az>/generated [type@version …]');
main(folder, also);
