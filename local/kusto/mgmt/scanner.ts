import { closingOf, skipLiteral } from '../catalog/split.ts';
import { KustoError, typeNamed, type Column, type KustoType } from '../types.ts';

/** Reads a management command from left to right. */
export class Scanner {
  readonly text: string;
  #at = 0;

  constructor(text: string) {
    this.text = text;
  }

  get offset(): number {
    return this.#at;
  }

  fail(expected: string): KustoError {
    const before = this.text.slice(0, this.#at).split('\n');
    const found = this.text.slice(this.#at, this.#at + 20).split('\n')[0] ?? '';
    return new KustoError(
      'SYN',
      `Syntax error: expected ${expected}${found === '' ? ' but the command ends' : ` near '${found}'`}`,
      {
        line: before.length,
        column: (before.at(-1)?.length ?? 0) + 1,
      },
    );
  }

  /** Skips blanks and comments. */
  skip(): void {
    for (;;) {
      while (/\s/.test(this.text[this.#at] ?? '')) this.#at += 1;
      if (!this.text.startsWith('//', this.#at)) return;
      this.#at = skipLiteral(this.text, this.#at);
    }
  }

  get isDone(): boolean {
    this.skip();
    return this.#at >= this.text.length;
  }

  /** The next word in lower case, without moving. */
  peekWord(): string {
    this.skip();
    return /^\.?[A-Za-z_][\w-]*/.exec(this.text.slice(this.#at, this.#at + 100))?.[0].toLowerCase() ?? '';
  }

  peek(symbol: string): boolean {
    this.skip();
    return this.text.startsWith(symbol, this.#at);
  }

  /** Takes `words` (blank between them, any case) when they come next. */
  word(words: string): boolean {
    const start = this.#at;
    for (const word of words.split(' ')) {
      if (this.peekWord() !== word) {
        this.#at = start;
        return false;
      }
      this.#at += word.length;
    }
    return true;
  }

  symbol(symbol: string): boolean {
    if (!this.peek(symbol)) return false;
    this.#at += symbol.length;
    return true;
  }

  expect(symbol: string): void {
    if (!this.symbol(symbol)) throw this.fail(`'${symbol}'`);
  }

  /** `Name`, `['any name']`, `["any name"]`, `'name'`. */
  name(): string {
    this.skip();
    const bracket = /^\[\s*(?=['"])/.exec(this.text.slice(this.#at, this.#at + 50));
    if (bracket !== null) {
      this.#at += bracket[0].length;
      const name = this.#oneString();
      this.expect(']');
      return name;
    }
    if (/['"]/.test(this.text[this.#at] ?? '')) return this.#oneString();
    const plain = /^[A-Za-z0-9_@$*][\w@$*-]*/.exec(this.text.slice(this.#at, this.#at + 1100))?.[0];
    if (plain === undefined) throw this.fail('a name');
    this.#at += plain.length;
    return plain;
  }

  /** One or several names; parentheses are optional when there is one. */
  names(): string[] {
    if (!this.symbol('(')) {
      const list = [this.name()];
      while (this.symbol(',')) list.push(this.name());
      return list;
    }
    const list: string[] = [];
    while (!this.symbol(')')) {
      list.push(this.name());
      this.symbol(',');
    }
    return list;
  }

  get isString(): boolean {
    this.skip();
    return /^(?:h?@?['"]|```|~~~)/i.test(this.text.slice(this.#at, this.#at + 3));
  }

  /** A string literal in any of KQL's spellings; adjacent ones are joined. */
  string(): string {
    if (!this.isString) throw this.fail('a string');
    let value = '';
    while (this.isString) value += this.#oneString();
    return value;
  }

  #oneString(): string {
    if (/h/i.test(this.text[this.#at] ?? '')) this.#at += 1;
    const start = this.#at;
    this.#at = skipLiteral(this.text, start);
    const raw = this.text.slice(start, this.#at);
    if (raw.startsWith('```') || raw.startsWith('~~~')) return raw.slice(3, -3);
    if (raw.startsWith('@')) return raw.slice(2, -1).replaceAll(`${raw[1]}${raw[1]}`, raw[1] ?? '');
    if (raw.length < 2 || raw.at(-1) !== raw[0]) throw this.fail('a closed string');
    return raw.slice(1, -1).replace(/\\(u[\da-fA-F]{4}|x[\da-fA-F]{2}|.)/gs, (_, escape: string) => {
      const simple: Record<string, string> = {
        n: '\n',
        r: '\r',
        t: '\t',
        0: '\0',
        a: '\u0007',
        b: '\b',
        f: '\f',
        v: '\v',
      };
      return escape.length > 1
        ? String.fromCodePoint(Number.parseInt(escape.slice(1), 16))
        : (simple[escape] ?? escape);
    });
  }

  /** A bracketed part with its brackets, as written. */
  balanced(open: string): string {
    this.skip();
    if (this.text[this.#at] !== open) throw this.fail(`'${open}'`);
    const end = closingOf(this.text, this.#at);
    if (end < 0) throw this.fail(`the bracket that closes '${open}'`);
    const part = this.text.slice(this.#at, end + 1);
    this.#at = end + 1;
    return part;
  }

  /** `with (name = value, …)`; names in lower case, values as text. Empty when no `with` comes. */
  properties(): Map<string, string> {
    const properties = new Map<string, string>();
    if (!this.word('with')) return properties;
    this.expect('(');
    while (!this.symbol(')')) {
      const name = this.name().toLowerCase();
      this.expect('=');
      properties.set(name, this.isString ? this.string() : this.#bareValue());
      this.symbol(',');
    }
    return properties;
  }

  #bareValue(): string {
    this.skip();
    if (/[[{(]/.test(this.text[this.#at] ?? '')) return this.balanced(this.text[this.#at] ?? '');
    const call = /^(?:dynamic|datetime|timespan|time)\s*\(/.exec(this.text.slice(this.#at, this.#at + 30));
    if (call !== null) {
      this.#at += call[0].length - 1;
      return this.balanced('(').slice(1, -1);
    }
    const value = /^[^\s,)]+/.exec(this.text.slice(this.#at))?.[0];
    if (value === undefined) throw this.fail('a value');
    this.#at += value.length;
    return value;
  }

  /** `(Name:type, …)`. */
  columns(): Column[] {
    this.expect('(');
    const columns: Column[] = [];
    while (!this.symbol(')')) {
      const name = this.name();
      this.expect(':');
      columns.push({ name, type: this.type() });
      if (!this.symbol(',') && !this.peek(')')) throw this.fail("',' or ')'");
    }
    return columns;
  }

  type(): KustoType {
    const name = this.name()
      .toLowerCase()
      .replace(/^system\./, '');
    const type = typeNamed(name);
    if (type === undefined) throw new KustoError('SYN', `Syntax error: '${name}' is no column type`);
    return type;
  }

  /** What is left, trimmed. */
  rest(): string {
    this.skip();
    const rest = this.text.slice(this.#at).trim();
    this.#at = this.text.length;
    return rest;
  }

  end(): void {
    this.symbol(';');
    if (!this.isDone) throw this.fail('the end of the command');
  }
}
