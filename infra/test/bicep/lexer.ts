import { SyntaxFault, type Position } from './ast.ts';

// Text → tokens. Line ends are tokens: Bicep separates statements, properties and items by them.

export interface Token {
  readonly kind: 'name' | 'number' | 'string' | 'symbol' | 'newline' | 'end';
  readonly text: string;
  readonly at: Position;
  /** Of a string: its text and, between, the tokens of each `${…}`. */
  readonly parts?: readonly (string | readonly Token[])[];
}

const SYMBOLS = ['...', '=>', '==', '!=', '=~', '!~', '>=', '<=', '&&', '||', '??', '::', '.?', '[?'];
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', "'": "'", '\\': '\\', $: '$' };

class Lexer {
  readonly #text: string;
  #at = 0;
  #line = 1;
  #lineStart = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get position(): Position {
    return { line: this.#line, column: this.#at - this.#lineStart + 1 };
  }

  #advance(count: number): string {
    const taken = this.#text.slice(this.#at, this.#at + count);
    for (const char of taken) {
      this.#at++;
      if (char === '\n') {
        this.#line++;
        this.#lineStart = this.#at;
      }
    }
    return taken;
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    return found === undefined ? undefined : this.#advance(found.length);
  }

  /** Blanks, comments and `#disable-next-line`. */
  #skip(): void {
    while (this.#match(/[ \t]+|\/\/[^\n]*|\/\*[\s\S]*?\*\/|#[^\n]*/y) !== undefined);
  }

  #escape(): string {
    const at = this.position;
    const code = this.#match(/u\{[0-9a-fA-F]+\}/y);
    if (code !== undefined) return String.fromCodePoint(Number.parseInt(code.slice(2, -1), 16));
    const char = this.#advance(1);
    const known = ESCAPES[char];
    if (known === undefined) throw new SyntaxFault(at, String.raw`an escape such as \n, \' or \$`, `\\${char}`);
    return known;
  }

  #string(at: Position): Token {
    const parts: (string | readonly Token[])[] = [];
    let text = '';
    for (;;) {
      const plain = this.#match(/[^'\\$\n]+/y);
      if (plain !== undefined) text += plain;
      else if (this.#match(/'/y) !== undefined) break;
      else if (this.#match(/\$\{/y) !== undefined) {
        parts.push(text, this.tokens('}'));
        text = '';
      } else if (this.#match(/\\/y) !== undefined) text += this.#escape();
      else if (this.#match(/\$/y) !== undefined) text += '$';
      else
        throw new SyntaxFault(
          this.position,
          "the end of the string, '",
          this.#at < this.#text.length ? 'a line end' : 'the end of the file',
        );
    }
    parts.push(text);
    return { kind: 'string', text: parts.length === 1 ? text : '', at, parts };
  }

  #next(): Token {
    this.#skip();
    const at = this.position;
    if (this.#at >= this.#text.length) return { kind: 'end', text: 'the end of the file', at };
    if (this.#match(/\r?\n/y) !== undefined) return { kind: 'newline', text: 'a line end', at };
    const raw = this.#match(/'''[\s\S]*?'''/y);
    if (raw !== undefined) {
      const text = raw.slice(3, -3).replace(/^\r?\n/, '');
      return { kind: 'string', text, at, parts: [text] };
    }
    if (this.#match(/'/y) !== undefined) return this.#string(at);
    const name = this.#match(/[A-Za-z_][A-Za-z0-9_]*/y);
    if (name !== undefined) return { kind: 'name', text: name, at };
    const number = this.#match(/[0-9]+/y);
    if (number !== undefined) return { kind: 'number', text: number, at };
    const symbol = SYMBOLS.find((each) => this.#text.startsWith(each, this.#at)) ?? this.#text[this.#at] ?? '';
    if (!SYMBOLS.includes(symbol) && !/[(){}[\]:,.=?!<>+\-*/%|@]/.test(symbol))
      throw new SyntaxFault(at, 'a Bicep symbol', symbol);
    return { kind: 'symbol', text: this.#advance(symbol.length), at };
  }

  /** Tokens up to the end, or up to the brace that closes an interpolation. */
  tokens(until?: '}'): Token[] {
    const list: Token[] = [];
    for (let depth = 0; ;) {
      const token = this.#next();
      if (token.kind === 'symbol' && token.text === '{') depth++;
      if (token.kind === 'symbol' && token.text === '}' && depth-- === 0 && until !== undefined) {
        list.push({ kind: 'end', text: 'the end of the interpolation', at: token.at });
        return list;
      }
      list.push(token);
      if (token.kind === 'end') {
        if (until !== undefined) throw new SyntaxFault(token.at, until, token.text);
        return list;
      }
    }
  }
}

/** @throws SyntaxFault at the first character that is not Bicep */
export const tokensOf = (text: string): Token[] => new Lexer(text).tokens();
